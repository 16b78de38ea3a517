import type { World } from './world.ts';

/** The values of the tags of its owner's own that an asset has, in order. */
export async function tagsOfAsset({ sql }: World, assetId: string): Promise<string[]> {
  const rows = await sql<{ value: string }[]>`
    SELECT t.value
    FROM tag_asset ta
    JOIN tag t ON t.id = ta."tagId"
    JOIN asset a ON a.id = ta."assetId" AND a."ownerId" = t."userId"
    WHERE ta."assetId" = ${assetId}
    ORDER BY t.value COLLATE "C"`;
  return rows.map(({ value }) => value);
}
