import type { SharedPair } from '../../../config/config.ts';
import { takesPart, takingPart } from '../../../immich/albums.ts';
import { keyOf } from '../../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../../postgres/connect.ts';
import type { CriteriaSchema, Criterion, Expression } from '../criterion.ts';

/**
 * In an album in which the photo's owner and the target take part, as Immich has it at this moment: whatever happens to albums and members
 * is true at once, and fifty albums, or fifty members, are one condition.
 */
export function inSharedAlbums(
  { catalog }: CriteriaSchema,
  { albums, exceptAlbums }: Pick<SharedPair, 'albums' | 'exceptAlbums'>,
  { targetUserId }: { readonly targetUserId: string },
): Criterion {
  const [albumKey, assetKey] = [keyOf(catalog, 'album_asset', 'album'), keyOf(catalog, 'album_asset', 'asset')];
  /** Of its owner's albums those that it is in, as `shared`: FROM and WHERE. `members`: a further item of FROM. */
  const ownAlbums = (sql: Sql, alias: string, members: Fragment = sql``): Fragment =>
    sql`
      FROM (
        SELECT entry.${sql(albumKey)} AS id
        FROM album_asset entry
        WHERE entry.${sql(assetKey)} = ${sql(alias)}.id
        OFFSET 0 -- where PostgreSQL has not counted a new album's photos yet, a join would read all of them for each
      ) entry
      JOIN album shared ON shared.id = entry.id AND shared."deletedAt" IS NULL
      ${members}
      WHERE true
        ${albums === undefined ? sql`` : sql`AND shared.id = ANY (${albums as string[]}::uuid[])`}
        ${exceptAlbums.length === 0 ? sql`` : sql`AND shared.id <> ALL (${exceptAlbums as string[]}::uuid[])`}
        AND ${takesPart(sql, catalog, 'shared', sql`${sql(alias)}."ownerId"`)}`;
  const albumsWith = (sql: Sql, alias: string, target: Fragment): Fragment =>
    sql`SELECT shared.id::text ${ownAlbums(sql, alias)} AND ${takesPart(sql, catalog, 'shared', target)}`;
  return {
    name: 'shared-albums',
    words: 'in an album that both of them are in',
    matches: (sql: Sql, alias: string) => sql`EXISTS (${albumsWith(sql, alias, sql`${targetUserId}::uuid`)})`,
    asColumns: {
      // One configuration says it of all pairs, which may be many.
      kind: `shared-albums ${JSON.stringify([albums, exceptAlbums])}`,
      said: { target: { type: 'uuid', value: targetUserId } },
      known: (sql: Sql, alias: string) => ({
        members: sql`ARRAY(
          SELECT member.id
          ${
          ownAlbums(
            sql,
            alias,
            sql`CROSS JOIN LATERAL (${takingPart(sql, catalog, 'shared')}) AS member (id)`,
          )
        }
        )`,
      }),
      matches: (sql: Sql, _alias: string, said: Expression, known: Expression) =>
        sql`${said('target')} = ANY (${known('members')})`,
      things: (sql: Sql, alias: string, said: Expression) => albumsWith(sql, alias, said('target')),
    },
  };
}
