import { named } from '../../../config/words.ts';
import { keyOf } from '../../../immich/tables/tables.ts';
import type { Sql } from '../../../postgres/connect.ts';
import { type CriteriaSchema, type Criterion, isAnyOf, type Named } from '../criterion.ts';
import { either } from '../words.ts';

/** In one of these albums. */
export function inAlbums({ catalog }: CriteriaSchema, albums: readonly Named[]): Criterion {
  const [albumKey, assetKey] = [keyOf(catalog, 'album_asset', 'album'), keyOf(catalog, 'album_asset', 'asset')];
  const albumsOf = (sql: Sql, alias: string) =>
    sql`
      SELECT entry.${sql(albumKey)} AS id
      FROM album_asset entry
      WHERE entry.${sql(assetKey)} = ${sql(alias)}.id`;
  return {
    name: 'albums',
    words: `in the album ${either(albums.map(({ name }) => named(name)))}`,
    ...isAnyOf('albums', albums.map(({ id }) => id), albumsOf),
  };
}
