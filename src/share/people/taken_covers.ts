import { dirname } from 'node:path/posix';
import { isNativelyShared } from '../../immich/native_shares.ts';
import type { PeopleModel } from '../../immich/people.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { JournalEntry } from '../mirrors/journal.ts';

/** Somebody of a target's own whose cover was cut from a photo that they do not see any more, and is gone. */
export interface Uncovered {
  readonly personId: string;
  readonly ownerId: string;
}

/** Faces that go, or all those on mirrors that do. */
export type GoingFaces = { readonly mirrorIds: readonly string[] } | { readonly faceIds: readonly string[] };

/** A person whose cover was cut from a mirror, also one of the target's own. */
interface TakenCover {
  readonly faceId: string;
  readonly mirrorId: string;
  readonly personId: string;
  readonly ownerId: string;
  readonly path: string;
  /** The person is no mirror, which gets another cover by itself. */
  readonly isOwn: boolean;
}

/**
 * Takes the covers away that were cut from these mirrors or faces; with `onlyOwn` only those of people of the targets' own. Immich itself would let such a person keep the thumbnail, without a face, for as long as they are there. Returns the files, each with the mirror or, of people of
 * their own, the person that it belongs to, and these people. People who take part in a native share are left to phases/native_shares.ts: their rows are not ours. Call it in a transaction that is READ
 * COMMITTED.
 */
export async function takeCovers(
  tx: Sql,
  schema: Pick<ImmichSchema, 'has'> & { readonly people: PeopleModel },
  going: GoingFaces,
  { onlyOwn = false }: { readonly onlyOwn?: boolean } = {},
): Promise<{ readonly files: readonly JournalEntry[]; readonly uncovered: readonly Uncovered[] }> {
  const covers = (await readCovers(tx, schema, going)).filter(({ isOwn }) => isOwn || !onlyOwn);
  if (covers.length === 0) return { files: [], uncovered: [] };
  const { personKey } = schema.people;
  await tx`
    UPDATE person p
    SET "faceAssetId" = NULL, "thumbnailPath" = ''
    FROM jsonb_to_recordset(${tx.json(covers as never)}) AS taken ("personId" uuid, "ownerId" uuid, "faceId" uuid)
    WHERE p.${tx(personKey)} = taken."personId"
      AND p."ownerId" = taken."ownerId"
      AND p."faceAssetId" = taken."faceId"`;
  const files = covers.flatMap(({ mirrorId, personId, ownerId, path }) => {
    const keep = thumbnailsOf(path, ownerId);
    return keep === undefined ? [] : [{ mirrorId: onlyOwn ? personId : mirrorId, path, keep }];
  });
  return { files, uncovered: covers.filter(({ isOwn }) => isOwn) };
}

/** Whether anybody's cover was cut from one of these. */
export async function areCovers(sql: Sql, going: GoingFaces): Promise<boolean> {
  const rows = await sql`
    SELECT 1
    FROM asset_face f
    JOIN person p ON p."faceAssetId" = f.id
    WHERE ${isGoing(sql, going)}
    LIMIT 1`;
  return rows.length > 0;
}

/** Whether the face `f` goes. */
function isGoing(sql: Sql, going: GoingFaces): Fragment {
  return 'mirrorIds' in going
    ? sql`f."assetId" = ANY (${going.mirrorIds as string[]}::uuid[])`
    : sql`f.id = ANY (${going.faceIds as string[]}::uuid[])`;
}

async function readCovers(
  tx: Sql,
  schema: Parameters<typeof takeCovers>[1],
  going: GoingFaces,
): Promise<TakenCover[]> {
  const { personKey } = schema.people;
  const hasNative = schema.has('person_user') && schema.has('person', personKey);
  if (hasNative) {
    const people = await tx<{ id: string; ownerId: string }[]>`
      SELECT p.${tx(personKey)} AS id, p."ownerId"
      FROM person p
      JOIN asset_face f ON f.id = p."faceAssetId"
      WHERE ${isGoing(tx, going)}`;
    for (const [ownerId, ofOwner] of Map.groupBy(people, (person) => person.ownerId)) {
      await schema.people.lock(tx, ofOwner.map(({ id }) => id), ownerId);
    }
  }
  return await tx<TakenCover[]>`
    SELECT
      f.id AS "faceId", f."assetId" AS "mirrorId", p.${
    tx(personKey)
  } AS "personId", p."ownerId", p."thumbnailPath" AS path,
      NOT EXISTS (
        SELECT FROM immich_sidecar.person_map pm
        WHERE pm.mirror_person_id = p.${tx(personKey)} AND pm.target_user_id = p."ownerId" AND pm.is_ours
      ) AS "isOwn"
    FROM person p
    JOIN asset_face f ON f.id = p."faceAssetId"
    WHERE ${isGoing(tx, going)}
      AND NOT ${hasNative ? isNativelyShared(tx, schema, tx`p."ownerId"`, tx`p.${tx(personKey)}`) : tx`false`}
    FOR UPDATE OF p`;
}

/** Immich's folder of thumbnails, if this one lies where Immich keeps those of the owner's people. */
function thumbnailsOf(path: string, ownerId: string): string | undefined {
  const keep = dirname(dirname(dirname(dirname(path))));
  return keep.endsWith('/thumbs') && path.startsWith(`${keep}/${ownerId}/`) ? keep : undefined;
}
