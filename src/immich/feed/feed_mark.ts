import type { Fragment, Sql } from '../../postgres/connect.ts';
import { type Moment, setBackMs } from './clock.ts';

/** A moment in the life of the database, from which changes can be read. */
export interface FeedMark extends Moment {
  /**
   * The earliest time, in milliseconds since the epoch, in the `updateId` of a change after this moment: Immich makes them of the
   * time of day (docs/immich.md), and a transaction that is still open may show rows later that are as old as its begin.
   */
  readonly floorMs: number;
  /** The same for each table without an index on it: the floor of the last look that scanned it. */
  readonly floorsMs: Readonly<Record<string, number>>;
  /** What has been written to some tables, by name: equal words mean no change. */
  readonly activity: Readonly<Record<string, string>>;
  /** PostgreSQL counts writes (track_counts), so that equal counts of 0 mean none. */
  readonly isCounting: boolean;
}

/** How far to look back when this role may not see how long the transactions of others have been open. */
const BLIND_OVERLAP_SECONDS = 300;

/**
 * Columns that make a FeedMark, but for `floorsMs`. Their cost does not depend on the size of the library.
 *
 * A transaction that began before the mark and commits after it is covered: what it writes has ids of its time, and the mark
 * is set back to the begin of the oldest one that has written. Needs no index and no trigger of ours in Immich's schema.
 *
 * @param tables of which PostgreSQL's counts of writes are wanted
 */
export function feedColumns(sql: Sql, tables: readonly string[]): Fragment {
  return sql`
      (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "atMs",
      floor(extract(epoch FROM least(
        clock_timestamp(),
        (
          SELECT min(
            CASE
              WHEN query = '<insufficient privilege>' THEN clock_timestamp() - make_interval(secs => ${BLIND_OVERLAP_SECONDS})
              WHEN backend_xid IS NOT NULL THEN xact_start
            END
          )
          FROM pg_stat_activity
          WHERE datname = current_database()
        ),
        (SELECT min(prepared) FROM pg_prepared_xacts WHERE database = current_database())
      )) * 1000)::float8 - 1 AS "floorMs",
      (
        SELECT json_object_agg(
          relname,
          concat_ws(' ', pg_relation_filenode(relid), n_tup_ins, n_tup_upd, n_tup_del)
        )
        FROM pg_stat_user_tables
        WHERE schemaname = 'public'
          AND relname = ANY (${tables as string[]})
      ) AS activity,
      current_setting('track_counts')::boolean AS "isCounting"`;
}

/** One floor for all of these tables, at a mark from which nothing was read yet. */
export function firstFloors(tables: readonly string[], floorMs: number): Record<string, number> {
  return Object.fromEntries(tables.map((table) => [table, floorMs]));
}

/**
 * The floors of `now` after a look at the changes since `since`. PostgreSQL counts late, by seconds: a change whose count comes after
 * it must still be found, so a table that was not scanned keeps its old floor.
 */
export function nextFloors(tables: readonly string[], since: FeedMark, now: FeedMark): Record<string, number> {
  const backMs = setBackMs(since, now);
  return Object.fromEntries(tables.map((table) => {
    const old = (since.floorsMs[table] ?? since.floorMs) - backMs;
    return [table, wasWrittenTo(table, since, now) ? now.floorMs : old];
  }));
}

/** Whether a table was written to between two marks; unknown means yes, as when PostgreSQL does not count (track_counts). */
export function wasWrittenTo(table: string, since: FeedMark, now: FeedMark): boolean {
  const [before, after] = [since.activity[table], now.activity[table]];
  return before === undefined || after === undefined || before !== after || / 0 0 0$/.test(after);
}

/** The same where many never write to a table, and to look is dear: counts that stay at 0 are believed. */
export function hasMoved(table: string, since: FeedMark, now: FeedMark): boolean {
  return wasWrittenTo(table, since, now) && !(now.isCounting && now.activity[table] !== undefined &&
    since.activity[table] === now.activity[table]);
}

/** The smallest version 7 UUID of a millisecond: its first 48 bits are the time. */
export function firstUuidOf(ms: number): string {
  const hex = Math.max(Math.floor(ms), 0).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}
