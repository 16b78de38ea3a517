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

/** Whether a user, an expression, owns the row `alias` of `album` or is a member of it; who only has a link to it is none. */
export function takesPart(sql: Sql, catalog: Catalog, alias: string, user: Fragment): Fragment {
  const album = sql(alias);
  const isMember = sql`
    EXISTS (
      SELECT 1
      FROM album_user member
      WHERE member.${sql(keyOf(catalog, 'album_user', 'album'))} = ${album}.id
        AND member.${sql(keyOf(catalog, 'album_user', 'user'))} = ${user}
    )`;
  return areOwnersMembers(catalog) ? isMember : sql`(${album}."ownerId" = ${user} OR ${isMember})`;
}

/** Who takes part in the row `alias` of `album`, its owner included: a query for their ids. */
export function takingPart(sql: Sql, catalog: Catalog, alias: string): Fragment {
  const album = sql(alias);
  const members = sql`
    SELECT member.${sql(keyOf(catalog, 'album_user', 'user'))}
    FROM album_user member
    WHERE member.${sql(keyOf(catalog, 'album_user', 'album'))} = ${album}.id`;
  return areOwnersMembers(catalog) ? members : sql`
    ${members}
    UNION ALL
    SELECT ${album}."ownerId"`;
}

/** Who takes part in albums, owners included: a query for `album_id` and `user_id`. Albums in the trash have nobody. */
export function participants(sql: Sql, catalog: Catalog): Fragment {
  const members = sql`
    SELECT al.id AS album_id, member.${sql(keyOf(catalog, 'album_user', 'user'))} AS user_id
    FROM album al
    JOIN album_user member ON member.${sql(keyOf(catalog, 'album_user', 'album'))} = al.id
    WHERE al."deletedAt" IS NULL`;
  return areOwnersMembers(catalog) ? members : sql`
    ${members}
    UNION
    SELECT al.id, al."ownerId"
    FROM album al
    WHERE al."deletedAt" IS NULL`;
}
