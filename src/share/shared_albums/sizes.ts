import { participants } from '../../immich/albums.ts';
import { isPresent } from '../../immich/presence.ts';
import { keyOf } from '../../immich/tables/tables.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { CriteriaSchema } from '../selection/criterion.ts';

/** An album that users share with one another, for somebody who chooses. */
export interface SharedAlbum {
  readonly id: string;
  readonly name: string;
  /** Names, the owner's among them. */
  readonly members: readonly string[];
  /** Photos and videos that members would get, without what is archived, hidden or in the trash. */
  readonly photos: number;
  readonly bytes: number;
}

/** All of them, those with the most photos first. Reads only; needs no table of ours. */
export async function listSharedAlbums(sql: Sql, { catalog }: Pick<CriteriaSchema, 'catalog'>): Promise<SharedAlbum[]> {
  const [albumKey, assetKey] = [keyOf(catalog, 'album_asset', 'album'), keyOf(catalog, 'album_asset', 'asset')];
  return await sql<SharedAlbum[]>`
    WITH part AS MATERIALIZED (
      SELECT member.album_id, array_agg(u.name ORDER BY u.name) AS members
      FROM (${participants(sql, catalog)}) AS member
      JOIN "user" u ON u.id = member.user_id AND u."deletedAt" IS NULL
      GROUP BY 1
      HAVING count(*) > 1
    )
    SELECT
      al.id,
      al."albumName" AS name,
      part.members,
      count(a.id)::int AS photos,
      coalesce(sum(e."fileSizeInByte"), 0)::float8 AS bytes
    FROM part
    JOIN album al ON al.id = part.album_id
    LEFT JOIN album_asset entry ON entry.${sql(albumKey)} = al.id
    LEFT JOIN asset a ON a.id = entry.${sql(assetKey)} AND a.visibility = 'timeline' AND ${isPresent(sql, 'a')}
    LEFT JOIN asset_exif e ON e."assetId" = a.id
    GROUP BY al.id, al."albumName", part.members
    ORDER BY photos DESC, name, al.id`;
}
