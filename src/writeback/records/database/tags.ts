import type { Sql } from '../../../postgres/connect.ts';
import type { NameRow } from './albums.ts';
import { keyOf } from '../../../immich/tables/tables.ts';
import { ofEachAsset } from './lookup.ts';
import type { ReadSchema } from './schema.ts';

/** The tags of these assets. */
export async function readTagNames(
  sql: Sql,
  { catalog }: ReadSchema,
  assetIds: readonly string[],
): Promise<readonly NameRow[]> {
  const tagKey = keyOf(catalog, 'tag_asset', 'tag');
  const assetKey = keyOf(catalog, 'tag_asset', 'asset');
  const tags = sql`SELECT ta.${sql(tagKey)} AS "tagId" FROM tag_asset ta WHERE ta.${sql(assetKey)} = wanted.id`;
  return await sql<NameRow[]>`
    SELECT wanted.id AS "assetId", tag.value AS name
    FROM ${ofEachAsset(sql, assetIds, tags)}
    JOIN tag ON tag.id = found."tagId"`;
}
