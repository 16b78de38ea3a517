import type { Sql } from '../../../postgres/connect.ts';
import { keyOf } from '../../../immich/tables/tables.ts';
import { ofEachAsset } from './lookup.ts';
import type { ReadSchema } from './schema.ts';

/** A name that an asset has: of an album, or of a tag. */
export interface NameRow {
  readonly assetId: string;
  readonly name: string;
}

/**
 * The albums of these assets that their owner owns or is a member of. From 3.0 an owner is a member too; before, the
 * album names them.
 */
export async function readAlbumNames(
  sql: Sql,
  { catalog }: ReadSchema,
  assetIds: readonly string[],
): Promise<readonly NameRow[]> {
  const albumKey = keyOf(catalog, 'album_asset', 'album');
  const assetKey = keyOf(catalog, 'album_asset', 'asset');
  const memberAlbumKey = keyOf(catalog, 'album_user', 'album');
  const memberKey = keyOf(catalog, 'album_user', 'user');
  const hasOwner = catalog.get('album')?.columns.has('ownerId') === true;
  const albums = sql`
    SELECT a.id AS "assetId", a."ownerId", aa.${sql(albumKey)} AS "albumId"
    FROM asset a
    JOIN album_asset aa ON aa.${sql(assetKey)} = a.id
    WHERE a.id = wanted.id`;
  return await sql<NameRow[]>`
    SELECT found."assetId", album."albumName" AS name
    FROM ${ofEachAsset(sql, assetIds, albums)}
    JOIN album ON album.id = found."albumId" AND album."deletedAt" IS NULL
    WHERE ${hasOwner ? sql`album."ownerId" = found."ownerId"` : sql`false`}
      OR EXISTS (
        SELECT 1
        FROM album_user member
        WHERE member.${sql(memberAlbumKey)} = album.id
          AND member.${sql(memberKey)} = found."ownerId"
      )`;
}
