import type { Fragment, Sql } from '../../../postgres/connect.ts';

/**
 * For a FROM clause: the rows `found` of a statement that names an asset as `wanted.id`, for each of these assets. They are
 * looked up one by one: a join with a page of ids would have PostgreSQL read whole tables for each page.
 */
export function ofEachAsset(sql: Sql, assetIds: readonly string[], statement: Fragment): Fragment {
  return sql`
    unnest(${assetIds as string[]}::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (
      ${statement}
      OFFSET 0
    ) AS found`;
}
