import type { Catalog } from '../../../immich/catalog.ts';
import { type FeedMark, firstUuidOf, wasWrittenTo } from '../../../immich/feed/feed_mark.ts';
import { setBackMs } from '../../../immich/feed/clock.ts';
import { type ImmichTable, TABLES, tablesWatched } from '../../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../../postgres/connect.ts';

/** An asset of which something has changed; `stamp` differs from change to change. */
export interface ChangeRow {
  readonly assetId: string;
  readonly stamp: string;
}

/**
 * Assets of which a row was written or deleted between two marks, at most `limit` rows: their own, and those of their EXIF data, files, edits and
 * faces. Of a mirror its source comes along, of which somebody else has the file from then on. Reads indexes, and a table without one only if it
 * was written to.
 */
export async function readChangedAssets(
  sql: Sql,
  catalog: Catalog,
  { since, now, limit, hasMirrors }: {
    readonly since: FeedMark;
    readonly now: FeedMark;
    readonly limit: number;
    /** Whether sharing has its tables in this database. */
    readonly hasMirrors: boolean;
  },
): Promise<readonly ChangeRow[]> {
  const isThere = (table: ImmichTable) => catalog.has(table) && TABLES[table].needed.writeBack !== undefined;
  const backMs = setBackMs(since, now);
  const from = (table: string, isIndexed: boolean) =>
    sql`${firstUuidOf((isIndexed ? since.floorMs : since.floorsMs[table] ?? since.floorMs) - backMs)}::uuid`;
  const written = tablesWatched('update-id')
    // Of edits it came in 2.6; before, only the asset says that there are some.
    .filter(([table, { isIndexed }]) =>
      isThere(table) && catalog.get(table)?.columns.has('updateId') && (isIndexed || wasWrittenTo(table, since, now))
    )
    .map(([table, { asset, isIndexed }]) =>
      sql`SELECT ${sql(asset)} AS id, "updateId" AS stamp FROM ${sql(table)} WHERE "updateId" >= ${
        from(table, isIndexed)
      }`
    );
  const deleted = tablesWatched('audit')
    .filter(([table]) => isThere(table))
    .map(([table]) => sql`SELECT "assetId", id FROM ${sql(table)} WHERE id >= ${from(table, true)}`);
  const changed = [...written, ...deleted].reduce((all, one) => sql`${all} UNION ${one}`);
  return await sql<ChangeRow[]>`
    WITH changed AS (
      ${changed}
    )
    SELECT id AS "assetId", stamp::text FROM changed
    ${hasMirrors ? ofMirrors(sql) : sql``}
    LIMIT ${limit}`;
}

function ofMirrors(sql: Sql): Fragment {
  return sql`
    UNION ALL
    SELECT m.source_asset_id, changed.stamp::text
    FROM changed
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = changed.id`;
}

/** Tables without an index on `updateId` that are read for changes. */
export const SCANNED_TABLES: readonly ImmichTable[] = Object.freeze(
  tablesWatched('update-id')
    .filter(([table, { isIndexed }]) => !isIndexed && TABLES[table].needed.writeBack !== undefined)
    .map(([table]) => table),
);
