import { type ImmichTable, keyOf } from '../../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../../postgres/connect.ts';
import type { ReadSchema } from './schema.ts';

/** What has a name that is written into the files of its assets. */
export interface NamedThing {
  /** Tables of which any write may change it. Those that stay have a new `updateId` then. */
  readonly tables: readonly ImmichTable[];
  /** What each of them is called, and whatever else decides for whom, by id. */
  names(sql: Sql, schema: ReadSchema): Promise<ReadonlyMap<string, string>>;
  /** The assets of some of them, at most `limit`. */
  assetsOf(sql: Sql, schema: ReadSchema, ids: readonly string[], limit: number): Promise<readonly string[]>;
}

interface Row {
  readonly id: string;
  readonly name: string;
}

/** Whether any row of these tables was written since; PostgreSQL counts writes only seconds later. */
export async function isAnyWritten(sql: Sql, tables: readonly ImmichTable[], from: Fragment): Promise<boolean> {
  const writes = tables.map((table) => sql`EXISTS (SELECT 1 FROM ${sql(table)} WHERE "updateId" >= ${from})`);
  const [row] = await sql<{ found: boolean }[]>`
    SELECT ${writes.reduce((any, one) => sql`${any} OR ${one}`)} AS found`;
  return row?.found === true;
}

/** People who have a name: most of those that Immich finds have none. */
export const NAMED_PEOPLE: NamedThing = Object.freeze({
  tables: ['person'] as const,
  names: async (sql: Sql, { people }: ReadSchema) =>
    mapOf(
      // Several users know one person from 3.2 on.
      await sql<Row[]>`
        SELECT ${
        sql(people.personKey)
      } AS id, string_agg(concat_ws(' ', "ownerId", "isHidden", name), '/' ORDER BY "ownerId") AS name
        FROM person
        WHERE name <> ''
        GROUP BY 1`,
    ),
  assetsOf: (sql: Sql, { people }: ReadSchema, ids: readonly string[], limit: number) =>
    readAssets(sql, { table: 'asset_face', thing: people.faceKey, asset: 'assetId' }, ids, limit),
});

/** Albums with their members, to whom they belong as well. */
export const NAMED_ALBUMS: NamedThing = Object.freeze({
  tables: ['album', 'album_user'] as const,
  names: async (sql: Sql, { catalog }: ReadSchema) => {
    const [albumKey, userKey] = [keyOf(catalog, 'album_user', 'album'), keyOf(catalog, 'album_user', 'user')];
    return mapOf(
      await sql<Row[]>`
        SELECT
          album.id,
          concat_ws(
            '/',
            album."deletedAt" IS NULL,
            album."albumName",
            (
              SELECT string_agg(member.${sql(userKey)}::text, ' ' ORDER BY member.${sql(userKey)})
              FROM album_user member
              WHERE member.${sql(albumKey)} = album.id
            )
          ) AS name
        FROM album`,
    );
  },
  assetsOf: (sql: Sql, { catalog }: ReadSchema, ids: readonly string[], limit: number) =>
    readAssets(sql, joiningTable(catalog, 'album_asset', 'album'), ids, limit),
});

export const NAMED_TAGS: NamedThing = Object.freeze({
  tables: ['tag'] as const,
  names: async (sql: Sql) => mapOf(await sql<Row[]>`SELECT id, value AS name FROM tag`),
  assetsOf: (sql: Sql, { catalog }: ReadSchema, ids: readonly string[], limit: number) =>
    readAssets(sql, joiningTable(catalog, 'tag_asset', 'tag'), ids, limit),
});

function mapOf(rows: readonly Row[]): ReadonlyMap<string, string> {
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** A table that tells which assets have which things, and its columns for both. */
interface JoiningTable {
  readonly table: ImmichTable;
  readonly thing: string;
  readonly asset: string;
}

function joiningTable(
  catalog: ReadSchema['catalog'],
  table: 'album_asset' | 'tag_asset',
  of: 'album' | 'tag',
): JoiningTable {
  return { table, thing: keyOf(catalog, table, of), asset: keyOf(catalog, table, 'asset') };
}

async function readAssets(
  sql: Sql,
  { table, thing, asset }: JoiningTable,
  ids: readonly string[],
  limit: number,
): Promise<readonly string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT DISTINCT ${sql(asset)} AS id
    FROM ${sql(table)}
    WHERE ${sql(thing)} = ANY (${ids as string[]}::uuid[])
    LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** Ids of what was named, renamed, or has lost its name. Pure. */
export function renamed(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
  const ids = new Set([...before.keys(), ...now.keys()]);
  return [...ids].filter((id) => before.get(id) !== now.get(id));
}
