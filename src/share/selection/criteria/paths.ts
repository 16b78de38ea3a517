import { named } from '../../../config/words.ts';
import type { Sql } from '../../../postgres/connect.ts';
import type { Criterion } from '../criterion.ts';
import { either } from '../words.ts';

/** Lies below one of these paths. `starts_with` and not LIKE, so that `_` and `%` in a path mean themselves. */
export function liesBelow(paths: readonly string[]): Criterion {
  const found = (sql: Sql, alias: string) =>
    sql`
      FROM unnest(${paths as string[]}::text[]) AS prefix
      WHERE starts_with(${sql(alias)}."originalPath", prefix)`;
  return {
    name: 'paths',
    words: `below ${either(paths.map(named))}`,
    matches: (sql: Sql, alias: string) => sql`EXISTS (SELECT 1 ${found(sql, alias)})`,
    things: (sql: Sql, alias: string) => sql`SELECT prefix ${found(sql, alias)}`,
  };
}
