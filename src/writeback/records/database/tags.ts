import type { Sql } from '../../../postgres/connect.ts';
import type { NameRow } from './albums.ts';
import { columnTo } from './columns.ts';
import type { ReadSchema } from './schema.ts';

/** The tags of these assets. */
export async function readTagNames(
  sql: Sql,
  { catalog }: ReadSchema,
  assetIds: readonly string[],
): Promise<readonly NameRow[]> {
  const tagKey = columnTo(catalog, 'tag_asset', 'tag');
  const assetKey = columnTo(catalog, 'tag_asset', 'asset');
  return await sql<NameRow[]>`
    SELECT ta.${sql(assetKey)} AS "assetId", tag.value AS name
    FROM tag_asset ta
    JOIN tag ON tag.id = ta.${sql(tagKey)}
    WHERE ta.${sql(assetKey)} = ANY (${assetIds}::uuid[])`;
}
