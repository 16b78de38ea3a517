import { named } from '../../config/words.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';

/** An album, a person, a tag or a path that is the reason for what is shared, as it was noted (phases/reasons.ts). */
export interface Because {
  /** One of CriterionName, or `all` for a job without any. */
  readonly criterion: string;
  /** An id or a path; empty for favourites. */
  readonly thing: string;
  /** After "is": `in the shared album "Family"`. */
  readonly words: string;
  readonly since: Date;
}

/** The same, for all that one user has from another. */
export interface SharedBy extends Because {
  readonly photos: number;
  /** What Immich calls it now; null = it is there no more, or has no name. */
  readonly name: string | null;
}

interface NamedReason {
  readonly criterion: string;
  readonly thing: string;
  readonly name: string | null;
  readonly since: Date;
}

/** What the reasons are for what a job's two users share, those with the most photos first; `since`: the first of them. Reads only. */
export async function readSharedBy(
  sql: Sql,
  schema: Pick<ImmichSchema, 'people'>,
  { sourceUserId, targetUserId }: Pick<Job, 'sourceUserId' | 'targetUserId'>,
): Promise<SharedBy[]> {
  const isMeant = sql`(m.source_user_id = ${sourceUserId} AND m.target_user_id = ${targetUserId})`;
  return (await countReasons(sql, schema, isMeant)).map(sharedBy);
}

type CountedReason = NamedReason & {
  readonly photos: number;
  readonly sourceUserId: string;
  readonly targetUserId: string;
};

/** Of all mappings `m` for which `isMeant` holds, in one statement. */
async function countReasons(
  sql: Sql,
  schema: Pick<ImmichSchema, 'people'>,
  isMeant: Fragment,
): Promise<CountedReason[]> {
  return await sql<CountedReason[]>`
    WITH counted AS MATERIALIZED (
      SELECT
        m.source_user_id, m.target_user_id, known.criterion, known.thing, count(*)::int AS photos, min(known.since) AS since
      FROM immich_sidecar.asset_map m
      JOIN immich_sidecar_albums.reason known ON known.mirror_asset_id = m.mirror_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id -- of a share that was stopped there is none
      WHERE ${isMeant}
      GROUP BY 1, 2, 3, 4
    )
    SELECT
      counted.source_user_id AS "sourceUserId",
      counted.target_user_id AS "targetUserId",
      counted.criterion, counted.thing, counted.photos, counted.since,
      ${nameOf(sql, schema)} AS name
    FROM counted
    ORDER BY counted.photos DESC, counted.criterion, counted.thing`;
}

function sharedBy({ sourceUserId: _, targetUserId: __, ...reason }: CountedReason): SharedBy {
  return { ...reason, words: wordsOf(reason) };
}

/** What one user has from another. */
export interface PairSharing {
  readonly sourceUserId: string;
  readonly targetUserId: string;
  /** Names of the two users. */
  readonly from: string;
  readonly to: string;
  /** The reasons with the most photos first. */
  readonly by: readonly SharedBy[];
}

/** The same for all pairs of users between whom anything is shared for a reason that has a name, and for those of jobs. Reads only. */
export async function readAllSharing(
  sql: Sql,
  schema: Pick<ImmichSchema, 'people'>,
  jobs: readonly Pick<Job, 'sourceUserId' | 'targetUserId'>[],
): Promise<PairSharing[]> {
  const keyOf = ({ sourceUserId, targetUserId }: Pick<Job, 'sourceUserId' | 'targetUserId'>) =>
    `${sourceUserId} ${targetUserId}`;
  const pairs = Map.groupBy(await countReasons(sql, schema, sql`true`), keyOf);
  for (const job of jobs) pairs.set(keyOf(job), pairs.get(keyOf(job)) ?? []);
  const users = await sql<{ id: string; name: string }[]>`SELECT id, name FROM "user"`;
  const nameOfUser = new Map(users.map(({ id, name }) => [id, name]));
  return [...pairs].toSorted(([one], [other]) => one < other ? -1 : 1).flatMap(([key, reasons]) => {
    const [sourceUserId = '', targetUserId = ''] = key.split(' ');
    const [from, to] = [nameOfUser.get(sourceUserId), nameOfUser.get(targetUserId)];
    if (from === undefined || to === undefined) return [];
    return [{ sourceUserId, targetUserId, from, to, by: reasons.map(sharedBy) }];
  }).toSorted((one, other) => one.from.localeCompare(other.from) || one.to.localeCompare(other.to));
}

/** Why these mirrors are there, by their ids. Reads only. */
export async function readBecause(
  sql: Sql,
  schema: Pick<ImmichSchema, 'people'>,
  mirrorAssetIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Because[]>> {
  const rows = await sql<(NamedReason & { readonly mirrorAssetId: string })[]>`
    SELECT
      counted.mirror_asset_id AS "mirrorAssetId",
      counted.criterion,
      counted.thing,
      counted.since,
      ${nameOf(sql, schema)} AS name
    FROM immich_sidecar_albums.reason counted
    WHERE counted.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
    ORDER BY counted.since, counted.criterion, counted.thing`;
  return new Map(
    [...Map.groupBy(rows, ({ mirrorAssetId }) => mirrorAssetId)].map(([id, group]) => [
      id,
      group.map(({ criterion, thing, since, name }) => ({
        criterion,
        thing,
        words: wordsOf({ criterion, thing, since, name }),
        since,
      })),
    ]),
  );
}

/** What Immich calls the thing of the row `counted` now. */
function nameOf(sql: Sql, { people: { personKey } }: Pick<ImmichSchema, 'people'>): Fragment {
  const id =
    sql`CASE WHEN counted.criterion IN ('albums', 'shared-albums', 'people', 'tags') THEN counted.thing::uuid END`;
  return sql`
    CASE
      WHEN counted.criterion IN ('albums', 'shared-albums')
        THEN (SELECT al."albumName" FROM album al WHERE al.id = ${id})
      WHEN counted.criterion = 'people'
        THEN (SELECT min(p.name) FROM person p WHERE p.${sql(personKey)} = ${id} AND p.name <> '')
      WHEN counted.criterion = 'tags'
        THEN (SELECT t.value FROM tag t WHERE t.id = ${id})
    END`;
}

function wordsOf({ criterion, thing, name }: NamedReason): string {
  const called = named(name ?? thing);
  switch (criterion) {
    case 'albums':
      return `in the album ${called}`;
    case 'shared-albums':
      return `in the shared album ${called}`;
    case 'people':
      return `a picture of ${called}`;
    case 'tags':
      return `tagged ${called}`;
    case 'paths':
      return `below ${called}`;
    case 'favorites':
      return 'a favourite';
    default:
      return 'one of all that is shared';
  }
}
