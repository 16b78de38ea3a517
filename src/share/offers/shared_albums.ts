import { participants } from '../../immich/albums.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import type { CriteriaSchema, Named } from '../selection/criterion.ts';
import { listVisible, NOBODY_ID } from '../selection/names.ts';
import { reasonsToSelect } from '../selection/job_rows.ts';
import type { Amount } from './amount.ts';
import { withAmounts } from './things.ts';

/** An album that users share with one another, with what at least one of its members would get. */
export interface SharedAlbum extends Named, Amount {
  readonly kind: 'album';
  /** Names, the owner's among them. */
  readonly members: readonly string[];
}

/**
 * The albums that users share with one another, those with the most photos first. Reads only.
 *
 * @param jobs those of pairs of members; others mean nothing here
 * @param hasMap whether our own tables are there, in whatever version
 */
export async function listSharedAlbums(
  sql: Sql,
  schema: CriteriaSchema,
  jobs: readonly Job[],
  hasMap: boolean,
): Promise<SharedAlbum[]> {
  const albums = await listVisible(sql, schema, 'album', NOBODY_ID);
  const members = await sql<{ id: string; names: string[] }[]>`
    SELECT part.album_id AS id, array_agg(u.name ORDER BY u.name, u.id) AS names
    FROM (${participants(sql, schema.catalog)}) AS part
    JOIN "user" u ON u.id = part.user_id AND u."deletedAt" IS NULL
    WHERE part.album_id = ANY (${albums.map(({ id }) => id)}::uuid[])
    GROUP BY 1`;
  const namesOf = new Map(members.map(({ id, names }) => [id, names]));
  // One whose other members are gone is shared with nobody.
  const shared = albums.map((album) => ({ ...album, members: namesOf.get(album.id) ?? [] }))
    .filter((album) => album.members.length > 1);
  return withAmounts('album', shared, await countByAlbum(sql, jobs, hasMap));
}

/** A photo that several members get from an album counts once. */
async function countByAlbum(
  sql: Sql,
  jobs: readonly Job[],
  hasMap: boolean,
): Promise<(Amount & { readonly thing: string })[]> {
  const pairs = jobs.filter(({ pair }) => pair !== undefined);
  if (pairs.length === 0) return [];
  return await sql<(Amount & { readonly thing: string })[]>`
    SELECT shared.thing, count(*)::int AS photos, coalesce(sum(e."fileSizeInByte"), 0)::float8 AS bytes
    FROM asset a
    CROSS JOIN LATERAL (
      SELECT DISTINCT reason.thing
      FROM (${reasonsToSelect(sql, pairs, hasMap)}) AS reason
    ) AS shared
    LEFT JOIN asset_exif e ON e."assetId" = a.id
    WHERE a."ownerId" = ANY (${[...new Set(pairs.map(({ sourceUserId }) => sourceUserId))]}::uuid[])
    GROUP BY 1`;
}
