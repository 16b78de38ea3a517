import type { Sql } from '../../../postgres/connect.ts';
import { columnTo } from './columns.ts';
import type { ReadSchema } from './schema.ts';

/** A name that an asset has: of an album, or of a tag. */
export interface NameRow {
  readonly assetId: string;
  readonly name: string;
}

/**
 * The albums of these assets that their owner owns or is a member of. From 3.0 an owner is a member too; before, the
 * album names him.
 */
export async function readAlbumNames(
  sql: Sql,
  { catalog }: ReadSchema,
  assetIds: readonly string[],
): Promise<readonly NameRow[]> {
  const albumKey = columnTo(catalog, 'album_asset', 'album');
  const assetKey = columnTo(catalog, 'album_asset', 'asset');
  const memberAlbumKey = columnTo(catalog, 'album_user', 'album');
  const memberKey = columnTo(catalog, 'album_user', 'user');
  const hasOwner = catalog.get('album')?.columns.has('ownerId') === true;
  return await sql<NameRow[]>`
    SELECT a.id AS "assetId", album."albumName" AS name
    FROM album_asset aa
    JOIN album ON album.id = aa.${sql(albumKey)} AND album."deletedAt" IS NULL
    JOIN asset a ON a.id = aa.${sql(assetKey)}
    WHERE a.id = ANY (${assetIds}::uuid[])
      AND (
        ${hasOwner ? sql`album."ownerId" = a."ownerId"` : sql`false`}
        OR EXISTS (
          SELECT 1
          FROM album_user member
          WHERE member.${sql(memberAlbumKey)} = album.id
            AND member.${sql(memberKey)} = a."ownerId"))`;
}
