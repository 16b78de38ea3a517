import { named } from '../../../config/words.ts';
import { keyOf } from '../../../immich/tables/tables.ts';
import type { Sql } from '../../../postgres/connect.ts';
import type { CriteriaSchema, Criterion, Named } from '../criterion.ts';
import { either } from '../words.ts';

/** In one of these albums. */
export function inAlbums({ catalog }: CriteriaSchema, albums: readonly Named[]): Criterion {
  const [albumKey, assetKey] = [keyOf(catalog, 'album_asset', 'album'), keyOf(catalog, 'album_asset', 'asset')];
  const entries = (sql: Sql, alias: string) =>
    sql`
      FROM album_asset entry
      WHERE entry.${sql(assetKey)} = ${sql(alias)}.id
        AND entry.${sql(albumKey)} = ANY (${albums.map(({ id }) => id)}::uuid[])`;
  return {
    name: 'albums',
    ids: albums.map(({ id }) => id),
    words: `in the album ${either(albums.map(({ name }) => named(name)))}`,
    matches: (sql: Sql, alias: string) => sql`EXISTS (SELECT 1 ${entries(sql, alias)})`,
    things: (sql: Sql, alias: string) => sql`SELECT entry.${sql(albumKey)}::text ${entries(sql, alias)}`,
  };
}
