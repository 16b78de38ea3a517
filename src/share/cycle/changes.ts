import { setBackMs, timed } from '../../immich/feed/clock.ts';
import {
  feedColumns,
  type FeedMark,
  firstFloors,
  firstUuidOf,
  hasMoved,
  nextFloors,
  wasWrittenTo,
} from '../../immich/feed/feed_mark.ts';
import { migrationState } from '../../immich/migrations.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import {
  COUNTED_TABLES,
  type FoundationTable,
  type ImmichTable,
  tablesWatched,
  type TableWatchedByStatement,
} from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import type { ExpandedAlbums } from '../shared_albums/expand.ts';
import { commaSeparated } from '../copy/columns.ts';
import { differences, isByTags } from '../selection/differences.ts';
import { isLockedFor } from '../mirrors/locked.ts';
import { taggedAgainstRules } from '../mirrors/tags.ts';
import { recognitionOver, selectedBy, STATEMENTS } from './news.ts';
import type { Limits } from './limits.ts';
import { dueRechecks, type Recheck } from './rechecks.ts';
import type { Scope } from './scope.ts';
import type { View } from './tools.ts';

/** A moment in the life of the database, and what sharing knew of it then. */
export interface Mark extends FeedMark {
  /** Libraries, users, configuration and migrations of Immich: when they change, everything is looked at again. */
  readonly foundation: string;
  readonly rechecks: readonly Recheck[];
  /** Files of locked photos that could not be removed yet; each cycle tries again. */
  readonly hasLockedFiles: boolean;
  /** A brake holds mirrors back, or what recipients have corrected; each cycle looks whether it still has to. */
  readonly isBraked: boolean;
  /** When a person last confirmed what recipients have corrected and is not written yet, by the database's clock, in milliseconds since the epoch: it is of any photo. Null: nothing is. */
  readonly confirmedAtMs: number | null;
}

/** What happened between two marks. */
export interface Changes {
  readonly scope: Scope;
  /** Something was said about a person, which need not show on any asset. */
  readonly hasPeopleNews: boolean;
  /** Albums, tags or people were made, renamed or deleted, or somebody came to an album or left it: names may stand for other things now. */
  readonly hasNameNews: boolean;
}

/** What of a table makes the next cycle a full one when it changes. */
const FOUNDATION: Readonly<Record<FoundationTable, (sql: Sql) => Fragment>> = Object.freeze({
  library: (sql: Sql) =>
    sql`(SELECT string_agg(concat_ws(' ', id, "ownerId", "deletedAt", "importPaths"), ',' ORDER BY id) FROM library)`,
  user: (sql: Sql) =>
    sql`(SELECT string_agg(concat_ws(' ', id, email, name, "deletedAt"), ',' ORDER BY id) FROM "user")`,
  system_metadata: (sql: Sql) =>
    sql`(
      SELECT string_agg(value::text, ',' ORDER BY key)
      FROM system_metadata
      WHERE key IN ('system-config', 'MediaLocation')
    )`,
  kysely_migrations: migrationState,
});

/** How far the clocks of Immich's server, which notes when it recognised text, and of the database may be apart. */
const CLOCKS_APART_SECONDS = 300;

/**
 * Notes this moment. One query, whose cost does not depend on the size of the library.
 */
export async function readMark(sql: Sql, schema: ImmichSchema): Promise<Mark> {
  const foundation = tablesWatched('foundation')
    .filter(([table]) => schema.has(table))
    .map(([table]) => FOUNDATION[table as FoundationTable](sql));
  const row = await timed(async () => {
    const [row] = await sql<Omit<Mark, 'floorsMs' | 'askedMs' | 'answeredMs'>[]>`
    SELECT
      ${feedColumns(sql, [...COUNTED_TABLES, 'asset'])},
      md5(concat_ws('|', ${commaSeparated(sql, foundation)})) AS foundation,
      ${dueRechecks(sql)} AS rechecks,
      EXISTS (SELECT 1 FROM immich_sidecar.link WHERE locked_source_id IS NOT NULL) AS "hasLockedFiles",
      EXISTS (SELECT 1 FROM immich_sidecar_decisions.brake)
        OR EXISTS (SELECT 1 FROM immich_sidecar_both_ways.job WHERE held > 0) AS "isBraked",
      (SELECT extract(epoch FROM max(confirmed_at)) * 1000 FROM immich_sidecar_both_ways.job WHERE held > 0)::float8 AS "confirmedAtMs"`;
    if (row === undefined) throw new Error('a query without FROM returned no row');
    return row;
  });
  return { ...row, floorsMs: firstFloors(COUNTED_TABLES, row.floorMs) };
}

/** The mark `now` after a cycle over the changes since `since`. */
export function advance(since: Mark, now: Mark): Mark {
  return { ...now, floorsMs: nextFloors(COUNTED_TABLES, since, now) };
}

/**
 * The source assets that may need something: changed themselves, with changed files, faces or text, their mirrors changed,
 * deleted, waiting for Immich, or due to be tried again. Anything more that is listed costs time and does no harm.
 *
 * A database whose clock is set back dates new changes before the mark: they are found as long as another clock has run meanwhile, that of
 * this process, or of this machine for a mark that another process has left. No clock decides about locked photos there: those that are
 * shared are looked for themselves (`isKept`).
 *
 * Reads indexes, and a table without one only if it was written to since (asset_face). What leaves no trace at all (an embedding
 * that was computed again, a cascade from a deleted library) is found by the next full cycle.
 */
export async function readChanges(
  sql: Sql,
  schema: ImmichSchema,
  jobs: readonly Job[],
  { since, now, waiting, failed, isKept, limit, sharedAlbums }: {
    readonly since: Mark;
    readonly now: Mark;
    readonly waiting: readonly string[];
    /** Sources or mirrors that are tried again now. */
    readonly failed: readonly string[];
    /** The mark was left by another process. */
    readonly isKept: boolean;
    /** With more changes everything is to be looked at. */
    readonly limit: number;
    readonly sharedAlbums?: ExpandedAlbums | undefined;
  },
): Promise<Changes> {
  const isConfirmed = (now.confirmedAtMs ?? 0) >= since.atMs;
  if (now.foundation !== since.foundation || now.atMs < since.atMs || isConfirmed) {
    return { scope: 'all', hasPeopleNews: true, hasNameNews: true };
  }
  // A clock that was set back dates what happens now before the mark, until it has caught up.
  const backMs = setBackMs(since, now);
  const from = sql`${firstUuidOf(since.floorMs - backMs)}::uuid`;
  const sources = [...new Set(jobs.map(({ sourceUserId }) => sourceUserId))];
  const isCounted = (table: ImmichTable) => COUNTED_TABLES.includes(table);
  const isWrittenTo = (table: ImmichTable) => !isCounted(table) || wasWrittenTo(table, since, now);
  const floorMsOf = (table: ImmichTable) =>
    (isCounted(table) ? since.floorsMs[table] ?? since.floorMs : since.floorMs) - backMs;
  const floorOf = (table: ImmichTable) => sql`${firstUuidOf(floorMsOf(table))}::uuid`;
  const isReadinessNews = tablesWatched('count').some(([table]) => isWrittenTo(table));
  const statements = tablesWatched('statement')
    .filter(([table, { isBelievedUnwritten = false }]) =>
      schema.has(table) && (isBelievedUnwritten ? hasMoved(table, since, now) : isWrittenTo(table))
    )
    .map(([table]) => ({ ...STATEMENTS[table as TableWatchedByStatement], from: floorOf(table) }));
  // What is waited for until a time comes leaves no trace when it does.
  const isWaitingForTime = waiting.length > 0 && jobs.some(({ features }) => features.recognition === true);
  const selected = selectedBy(jobs, sources, sharedAlbums);
  const told = (what: 'assets' | 'people' | 'names') =>
    statements.flatMap(({ from, ...statement }) => statement[what]?.({ sql, schema, from, selected }) ?? []);
  const isAny = (news: readonly Fragment[]) => news.reduce((any, one) => sql`${any} OR ${one}`, sql`false`);
  const again = [...now.rechecks.map(({ sourceAssetId }) => sourceAssetId), ...failed];
  const isComparisonDue = tablesWatched('comparison').some(([table]) => hasMoved(table, since, now));

  const changed = union(sql, [
    ...tablesWatched('update-id')
      .filter(([table, { asset }]) => schema.has(table, 'updateId') && schema.has(table, asset) && isWrittenTo(table))
      .map(([table, { asset }]) =>
        sql`SELECT ${sql(asset)} AS id FROM ${sql(table)} WHERE "updateId" >= ${floorOf(table)}`
      ),
    ...tablesWatched('update-id').flatMap(([table, { noted }]) => {
      if (noted === undefined || !schema.has(table) || schema.has(table, 'updateId') || !isWrittenTo(table)) return [];
      const sinceMs = floorMsOf(table) - CLOCKS_APART_SECONDS * 1_000;
      return [
        sql`SELECT "assetId" AS id FROM asset_job_status WHERE ${sql(noted)} >= to_timestamp(${
          sinceMs / 1_000
        }::float8)`,
      ];
    }),
    ...tablesWatched('audit')
      .filter(([table]) => schema.has(table))
      .map(([table]) => sql`SELECT "assetId" FROM ${sql(table)} WHERE id >= ${from}`),
    ...told('assets'),
    ...isComparisonDue ? [...differences(sql, jobs.filter(isByTags)), ...taggedAgainstRules(sql, schema, jobs)] : [],
    ...isWaitingForTime ? [recognitionOver(sql, waiting, since.atMs - backMs)] : [],
    ...isReadinessNews ? [sql`SELECT unnest(${waiting as string[]}::uuid[])`] : [],
    ...isKept && wasWrittenTo('asset', since, now) ? [sharedAndLocked(sql)] : [],
    ...again.length > 0 ? [sql`SELECT unnest(${again}::uuid[])`] : [],
  ]);
  // PostgreSQL takes "what changed" for a third of the table. LATERAL with OFFSET 0 looks each of the few up, where a join would
  // read whole tables.
  const rows = await sql<{ id: string; hasPeopleNews: boolean; hasNameNews: boolean }[]>`
    WITH changed AS (
      ${changed}
    ),
    sources AS (
      SELECT source.id
      FROM changed
      CROSS JOIN LATERAL (
        SELECT a.id FROM asset a WHERE a.id = changed.id AND a."ownerId" = ANY (${sources}::uuid[])
        UNION ALL
        SELECT m.source_asset_id FROM immich_sidecar.asset_map m WHERE m.source_asset_id = changed.id
        UNION ALL
        SELECT m.source_asset_id FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = changed.id
        UNION ALL
        SELECT r.source_asset_id FROM immich_sidecar_remembered.photo r WHERE r.source_asset_id = changed.id
        OFFSET 0
      ) source
    ),
    with_other_parts AS (
      SELECT DISTINCT part.id
      FROM sources
      CROSS JOIN LATERAL (
        SELECT sources.id
        UNION ALL
        SELECT still.id FROM asset still WHERE still."livePhotoVideoId" = sources.id
        UNION ALL
        SELECT still."livePhotoVideoId" FROM asset still WHERE still.id = sources.id AND still."livePhotoVideoId" IS NOT NULL
        UNION ALL
        SELECT motion.source_asset_id
        FROM immich_sidecar.asset_map m
        JOIN asset mirror ON mirror.id = m.mirror_asset_id
        JOIN immich_sidecar.asset_map motion ON motion.mirror_asset_id = mirror."livePhotoVideoId"
        WHERE m.source_asset_id = sources.id
        OFFSET 0
      ) part
    )
    SELECT
      with_other_parts.id,
      (${isAny(told('people'))}) AS "hasPeopleNews",
      (${
    sharedAlbums !== undefined || jobs.some(({ isByName }) => isByName) ? isAny(told('names')) : sql`false`
  }) AS "hasNameNews"
    FROM (SELECT 1) AS one
    LEFT JOIN with_other_parts ON true
    LIMIT ${limit + 1}`;
  const ids = rows.flatMap(({ id }) => id ?? []);
  return {
    scope: ids.length > limit ? 'all' : ids,
    hasPeopleNews: rows[0]?.hasPeopleNews === true,
    hasNameNews: rows[0]?.hasNameNews === true,
  };
}

/** What has happened since it was asked the last time; 'all' = more than is worth listing. Undefined: that was just now. */
export type NewsMeanwhile = () => Promise<Scope | undefined>;

/** What happens while everything is looked at, from the mark on with which that began. To look takes a tenth of the time at most. Reads only. */
export function newsSince(
  mark: Mark,
  { sql, schema, jobs, sharedAlbums }: Pick<View, 'sql' | 'schema' | 'jobs' | 'sharedAlbums'>,
  { meanwhileMs, batch: limit }: Pick<Limits, 'meanwhileMs' | 'batch'>,
): NewsMeanwhile {
  let [last, askedAtMs, toldAtMs] = [mark, performance.now(), performance.now()];
  return async () => {
    const atMs = performance.now();
    if (atMs < toldAtMs + Math.max(meanwhileMs, 10 * (toldAtMs - askedAtMs))) return undefined;
    const now = await readMark(sql, schema);
    const since = { since: last, now, waiting: [], failed: [], isKept: false, limit, sharedAlbums };
    const { scope } = await readChanges(sql, schema, jobs, since);
    [last, askedAtMs, toldAtMs] = [advance(last, now), atMs, performance.now()];
    return scope;
  };
}

/** Sources that are locked and shared all the same. Reads a row of each mirror's source, and no clock. */
function sharedAndLocked(sql: Sql): Fragment {
  return sql`
    SELECT m.source_asset_id
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    WHERE ${isLockedFor(sql, sql`m.target_user_id`)}`;
}

function union(sql: Sql, queries: readonly Fragment[]): Fragment {
  const [first, ...rest] = queries;
  if (first === undefined) throw new Error('a union needs at least one query');
  return rest.reduce((all, query) => sql`${all} UNION ${query}`, first);
}
