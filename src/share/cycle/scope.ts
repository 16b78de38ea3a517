import type { Fragment, Sql } from '../../postgres/connect.ts';

/**
 * The source assets that a cycle looks at: all of them, or only those that may have changed since the last cycle. Every
 * phase plans with the same statement for both, so a cycle over changes can do nothing that a full one would not do.
 */
export type Scope = 'all' | readonly string[];

/** The condition that the id `column` is within `scope`. */
export function isWithin(sql: Sql, scope: Scope, column: Fragment): Fragment {
  return scope === 'all' ? sql`true` : sql`${column} = ANY (${scope as string[]}::uuid[])`;
}
