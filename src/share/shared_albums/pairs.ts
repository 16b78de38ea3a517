import { PAIR_PREFIX } from '../../config/shared_albums.ts';
import type { SharedMount } from '../../config/config.ts';
import { participants } from '../../immich/albums.ts';
import { keyOf } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { liesOnMount } from '../selection/criteria/mount.ts';
import type { CriteriaSchema } from '../selection/criterion.ts';

/** Somebody who has a photo in a shared album, and another member of it. */
export interface Pair {
  readonly sourceUserId: string;
  readonly targetUserId: string;
}

/** A pair, and one of the directories to which something of it belongs. */
export interface PlacedPair extends Pair {
  /** The place of the directory in the configuration, from 0. */
  readonly directory: number;
}

/** Ids of albums and users; undefined: all. */
export interface Chosen {
  readonly albums: readonly string[] | undefined;
  readonly exceptAlbums: readonly string[];
  readonly members: readonly string[] | undefined;
  readonly exceptMembers: readonly string[];
}

/** The pairs that there are, and how they were found. */
export interface PairsFound {
  readonly pairs: readonly PlacedPair[];
  readonly chosen: Chosen;
  readonly mounts: readonly (SharedMount | undefined)[];
}

/**
 * All pairs with something to share, in any of the albums. One statement, whose cost grows with what is in shared albums. Reads only.
 *
 * @param hasOwnTables whether they tell what is a mirror, which has to be nobody's reason to share
 */
export async function findPairs(
  sql: Sql,
  { catalog }: CriteriaSchema,
  { albums, exceptAlbums, members, exceptMembers }: Chosen,
  mounts: readonly (SharedMount | undefined)[],
  hasOwnTables: boolean,
): Promise<PlacedPair[]> {
  const [albumKey, assetKey] = [keyOf(catalog, 'album_asset', 'album'), keyOf(catalog, 'album_asset', 'asset')];
  return await sql<PlacedPair[]>`
    WITH part AS MATERIALIZED (
      ${participants(sql, catalog)}
    ),
    shared AS (
      SELECT album_id
      FROM part
      WHERE ${albums === undefined ? sql`true` : sql`album_id = ANY (${albums as string[]}::uuid[])`}
        AND album_id <> ALL (${exceptAlbums as string[]}::uuid[])
      GROUP BY album_id
      HAVING count(*) > 1
    ),
    held AS MATERIALIZED (
      SELECT DISTINCT shared.album_id, a."ownerId" AS user_id, ${placeIn(sql, mounts)} AS directory
      FROM shared
      JOIN album_asset entry ON entry.${sql(albumKey)} = shared.album_id
      JOIN asset a ON a.id = entry.${sql(assetKey)}
      ${hasOwnTables ? sql`LEFT JOIN immich_sidecar.asset_map own ON own.mirror_asset_id = a.id` : sql``}
      ${hasOwnTables ? sql`WHERE own.mirror_asset_id IS NULL` : sql``}
    )
    SELECT DISTINCT held.user_id AS "sourceUserId", other.user_id AS "targetUserId", held.directory
    FROM held
    JOIN part mine ON mine.album_id = held.album_id AND mine.user_id = held.user_id
    JOIN part other ON other.album_id = held.album_id AND other.user_id <> held.user_id
    JOIN "user" source ON source.id = held.user_id AND source."deletedAt" IS NULL
    JOIN "user" target ON target.id = other.user_id AND target."deletedAt" IS NULL
    WHERE ${members === undefined ? sql`true` : sql`other.user_id = ANY (${members as string[]}::uuid[])`}
      AND other.user_id <> ALL (${exceptMembers as string[]}::uuid[])
    ORDER BY 1, 2, 3`;
}

/** The place of the directory for the row `a` of `asset`. */
function placeIn(sql: Sql, mounts: readonly (SharedMount | undefined)[]): Fragment {
  const cases = mounts.flatMap((mount, index) =>
    mount === undefined ? [] : [sql`WHEN ${liesOnMount(mount).matches(sql, 'a')} THEN ${index}::int`]
  );
  return cases.length === 0 ? sql`0` : sql`CASE ${cases.reduce((all, one) => sql`${all} ${one}`, sql``)} ELSE 0 END`;
}

/** A pair that has mirrors, and the name of the job that made some. */
export interface KnownPair extends Pair {
  readonly job: string;
}

/** Pairs that have mirrors: they are looked after until these are gone. Reads only. */
export async function readKnownPairs(sql: Sql): Promise<KnownPair[]> {
  return await sql<KnownPair[]>`
    SELECT DISTINCT source_user_id AS "sourceUserId", target_user_id AS "targetUserId", job_name AS job
    FROM immich_sidecar.asset_map m
    JOIN "user" source ON source.id = m.source_user_id
    JOIN "user" target ON target.id = m.target_user_id
    WHERE starts_with(m.job_name, ${PAIR_PREFIX})
    ORDER BY 3, 1, 2`;
}

/**
 * Whether somebody has put a photo into an album since, and shares with one of its members for the first time: a condition. It costs what was put into
 * albums. `from`: the smallest `updateId` of a change, as an expression.
 */
export function hasNewPair(
  sql: Sql,
  { catalog }: CriteriaSchema,
  from: Fragment,
  { pairs, chosen: { members, exceptMembers }, mounts }: PairsFound,
): Fragment {
  const [albumKey, assetKey] = [keyOf(catalog, 'album_asset', 'album'), keyOf(catalog, 'album_asset', 'asset')];
  return sql`EXISTS (
    SELECT 1
    FROM album_asset entry
    JOIN asset a ON a.id = entry.${sql(assetKey)}
    JOIN (${participants(sql, catalog)}) AS mine ON mine.album_id = entry.${
    sql(albumKey)
  } AND mine.user_id = a."ownerId"
    JOIN (${participants(sql, catalog)}) AS other
      ON other.album_id = entry.${sql(albumKey)} AND other.user_id <> a."ownerId"
    WHERE entry."updateId" >= ${from}
      AND ${members === undefined ? sql`true` : sql`other.user_id = ANY (${members as string[]}::uuid[])`}
      AND other.user_id <> ALL (${exceptMembers as string[]}::uuid[])
      AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map own WHERE own.mirror_asset_id = a.id)
      AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(${sql.json(pairs as never)})
          AS known ("sourceUserId" uuid, "targetUserId" uuid, directory int)
        WHERE known."sourceUserId" = a."ownerId"
          AND known."targetUserId" = other.user_id
          AND known.directory = ${placeIn(sql, mounts)}
      )
  )`;
}
