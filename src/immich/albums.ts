import type { Fragment, Sql } from '../postgres/connect.ts';
import type { Catalog } from './catalog.ts';
import { keyOf } from './tables/tables.ts';

/** Whether the owner of an album is one of its members, with the role `owner` (from 3.0), and not named by the album. */
export function areOwnersMembers(catalog: Catalog): boolean {
  return catalog.get('album_user')?.columns.get('role')?.type === 'album_user_role_enum';
}

/** The id of the user who owns the row `alias` of `album`, as an expression. */
export function albumOwner(sql: Sql, catalog: Catalog, alias: string): Fragment {
  const album = sql(alias);
  if (!areOwnersMembers(catalog)) return sql`${album}."ownerId"`;
  return sql`
    (
      SELECT owner.${sql(keyOf(catalog, 'album_user', 'user'))}
      FROM album_user owner
      WHERE owner.${sql(keyOf(catalog, 'album_user', 'album'))} = ${album}.id AND owner.role = 'owner'
    )`;
}
