import type { Catalog } from '../../immich/catalog.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';

/** A row by column name, in the newest release's names; values as JSON has them, `bytea` as `\x…`. */
export type Row = Readonly<Record<string, unknown>>;

/** Newest name of a column, and what it was called before (docs/immich.md#releases). */
const FORMER_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = Object.freeze({
  album_asset: { albumId: 'albumsId', assetId: 'assetsId' },
  album_user: { albumId: 'albumsId', userId: 'usersId' },
  tag_asset: { tagId: 'tagsId', assetId: 'assetsId' },
  memory_asset: { assetId: 'assetsId' },
  shared_link_asset: { assetId: 'assetsId', sharedLinkId: 'sharedLinksId' },
  asset_face: { personGroupId: 'personId' },
  person: { personGroupId: 'id' },
});

/** The column's name in this release, or undefined when the release does not have it. */
export function columnName(catalog: Catalog, table: string, column: string): string | undefined {
  const columns = catalog.get(table)?.columns;
  const former = FORMER_NAMES[table]?.[column];
  return [column, former].find((name) => name !== undefined && columns?.has(name));
}

/**
 * Inserts rows into a table of whatever release is installed: columns that it does not have are left out, renamed
 * ones are translated, and nothing happens when the whole table is missing. All rows must have the same keys.
 *
 * `jsonb_populate_recordset` converts each value by the type of its column; that covers enums, arrays, `bytea` and
 * both kinds of `vector` (pgvector's and the stand-in of the embedded database).
 */
export async function insertRows(sql: Sql, catalog: Catalog, table: string, rows: readonly Row[]): Promise<void> {
  const [first] = rows;
  if (first === undefined || !catalog.has(table)) return;
  const names = Object.keys(first).flatMap((key) => {
    const name = columnName(catalog, table, key);
    return name === undefined ? [] : [[key, name] as const];
  });
  const translated = rows.map((row) => Object.fromEntries(names.map(([key, name]) => [name, row[key]])));
  const columns = names.map(([, name]) => name);
  await sql`
    INSERT INTO ${sql(table)} (${sql(columns)})
    SELECT ${sql(columns)}
    FROM jsonb_populate_recordset(NULL::${sql(table)}, ${sql.json(translated as never)})`;
}

/**
 * `INSERT … SELECT` with one expression per column, for those columns that this release has.
 * `source` is everything from `FROM` on.
 */
export async function insertSelect(
  sql: Sql,
  catalog: Catalog,
  table: string,
  expressions: Readonly<Record<string, Fragment>>,
  source: Fragment,
): Promise<void> {
  if (!catalog.has(table)) return;
  const known = Object.entries(expressions).flatMap(([key, expression]) => {
    const name = columnName(catalog, table, key);
    return name === undefined ? [] : [{ name, expression }];
  });
  const columns = known.map(({ name }) => name);
  const values = known.map(({ expression }) => expression).reduce((list, expression) => sql`${list}, ${expression}`);
  await sql`
    INSERT INTO ${sql(table)} (${sql(columns)})
    SELECT ${values}
    ${source}`;
}
