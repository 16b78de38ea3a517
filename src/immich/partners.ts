import type { Sql } from '../postgres/connect.ts';

/**
 * Whether the one user also shares with the other as a partner, with "show in timeline": every photo that has a mirror then stands there twice.
 * undefined where this role may not look, or a release calls these columns otherwise: nothing depends on it.
 */
export async function isPartnerInTimeline(
  sql: Sql,
  sourceUserId: string,
  targetUserId: string,
): Promise<boolean | undefined> {
  const [right] = await sql<{ may: boolean }[]>`
    SELECT count(*) = 3 AS may
    FROM pg_attribute
    WHERE attrelid = to_regclass('public.partner')
      AND attname IN ('sharedById', 'sharedWithId', 'inTimeline')
      AND has_column_privilege(attrelid, attnum, 'SELECT')`;
  if (right?.may !== true) return undefined;
  const [row] = await sql<{ shown: boolean }[]>`
    SELECT EXISTS (
      SELECT 1
      FROM partner
      WHERE "sharedById" = ${sourceUserId} AND "sharedWithId" = ${targetUserId} AND "inTimeline"
    ) AS shown`;
  return row?.shown;
}

/** What the receiver can do about it, in Immich's own words. */
export const HOW_TO_HIDE_A_PARTNER =
  'The receiver turns it off in Immich: Account Settings > Partner Sharing > Show in timeline. What is shared stays.';
