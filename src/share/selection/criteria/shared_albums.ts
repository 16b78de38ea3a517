import type { SharedPair } from '../../../config/config.ts';
import { takesPart } from '../../../immich/albums.ts';
import { keyOf } from '../../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../../postgres/connect.ts';
import type { CriteriaSchema, Criterion } from '../criterion.ts';

/**
 * In an album in which the photo's owner and the target take part, as Immich has it at this moment: whatever happens to albums and members
 * is true at once, and fifty albums are one condition.
 */
export function inSharedAlbums(
  { catalog }: CriteriaSchema,
  { albums, exceptAlbums }: Pick<SharedPair, 'albums' | 'exceptAlbums'>,
  { sourceUserId, targetUserId }: { readonly sourceUserId: string; readonly targetUserId: string },
): Criterion {
  const [albumKey, assetKey] = [keyOf(catalog, 'album_asset', 'album'), keyOf(catalog, 'album_asset', 'asset')];
  const entries = (sql: Sql, alias: string): Fragment =>
    sql`
      FROM album_asset entry
      JOIN album shared ON shared.id = entry.${sql(albumKey)} AND shared."deletedAt" IS NULL
      WHERE entry.${sql(assetKey)} = ${sql(alias)}.id
        ${albums === undefined ? sql`` : sql`AND shared.id = ANY (${albums as string[]}::uuid[])`}
        ${exceptAlbums.length === 0 ? sql`` : sql`AND shared.id <> ALL (${exceptAlbums as string[]}::uuid[])`}
        AND ${takesPart(sql, catalog, 'shared', sql`${sourceUserId}::uuid`)}
        AND ${takesPart(sql, catalog, 'shared', sql`${targetUserId}::uuid`)}`;
  return {
    name: 'shared-albums',
    words: 'in an album that both of them are in',
    matches: (sql: Sql, alias: string) => sql`EXISTS (SELECT 1 ${entries(sql, alias)})`,
    things: (sql: Sql, alias: string) => sql`SELECT shared.id::text ${entries(sql, alias)}`,
  };
}
