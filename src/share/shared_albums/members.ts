import type { Sql } from '../../postgres/connect.ts';

/** A user who takes part in shared albums, as directories and jobs call them. */
export interface Member {
  readonly userId: string;
  readonly label: string;
  /** A name, and no path. */
  readonly directory: string;
  /** It is not remembered yet. */
  readonly isNew: boolean;
}

/** Bytes of a name that are kept: with the id, a dot and what ExifTool may add it stays below the 255 of file systems. */
const LONGEST_NAME = 80;

/**
 * What these users are called, for good: as it was remembered, else after their names now. Reads only.
 *
 * @param hasOwnTables whether our own tables are there and up to date
 */
export async function findMembers(
  sql: Sql,
  userIds: readonly string[],
  hasOwnTables: boolean,
): Promise<ReadonlyMap<string, Member>> {
  const known = hasOwnTables
    ? await sql<Omit<Member, 'isNew'>[]>`
      SELECT user_id AS "userId", label, directory FROM immich_sidecar_albums.member`
    : [];
  const users = await sql<{ id: string; name: string; email: string }[]>`
    SELECT id, name, email
    FROM "user"
    WHERE id = ANY (${userIds as string[]}::uuid[])
    ORDER BY id`;
  const members = new Map(known.map((member): [string, Member] => [member.userId, { ...member, isNew: false }]));
  for (const { id, name, email } of users.filter(({ id }) => !members.has(id))) {
    const taken = [...members.values()];
    members.set(id, newMember(id, name.trim() || email.replace(/@.*/, ''), taken));
  }
  return members;
}

/** Pure. */
export function newMember(userId: string, name: string, taken: readonly Pick<Member, 'label' | 'directory'>[]): Member {
  const short = userId.slice(0, 8);
  const label = name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim() || short;
  const isTaken = taken.some((one) => one.label === label);
  const directory = `${plainName(label)}-${short}`;
  return {
    userId,
    label: isTaken ? `${label} (${short})` : label,
    directory: taken.some((one) => one.directory === directory) ? `${plainName(label)}-${userId}` : directory,
    isNew: true,
  };
}

/** A name as a part of a path: letters and digits of any script, nothing hidden. */
function plainName(name: string): string {
  const words = name.normalize('NFC').toLowerCase().replace(/[^\p{L}\p{N}\p{M}._-]+/gu, '-').replace(
    /^[-.]+|[-.]+$/g,
    '',
  );
  let short = words;
  while (new TextEncoder().encode(short).length > LONGEST_NAME) short = [...short].slice(0, -1).join('');
  return short === '' ? 'user' : short;
}

/** Remembers new members. */
export async function writeMembers(tx: Sql, members: readonly Member[]): Promise<void> {
  await tx`
    INSERT INTO immich_sidecar_albums.member (user_id, label, directory)
    SELECT "userId", label, directory
    FROM jsonb_to_recordset(${tx.json(members as never)}) AS input ("userId" uuid, label text, directory text)
    ON CONFLICT (user_id) DO NOTHING`;
}
