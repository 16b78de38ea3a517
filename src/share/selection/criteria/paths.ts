import { named } from '../../../config/words.ts';
import type { Sql } from '../../../postgres/connect.ts';
import { asSaid, type Criterion, type Expression } from '../criterion.ts';
import { either } from '../words.ts';

/** Lies below one of these paths. `starts_with` and not LIKE, so that `_` and `%` in a path mean themselves. */
export function liesBelow(paths: readonly string[]): Criterion {
  const found = (sql: Sql, alias: string, said: Expression) =>
    sql`
      FROM unnest(${said('paths')}) AS prefix
      WHERE starts_with(${sql(alias)}."originalPath", prefix)`;
  return {
    name: 'paths',
    words: `below ${either(paths.map(named))}`,
    ...asSaid({
      kind: 'paths',
      said: { paths: { type: 'text[]', value: paths } },
      matches: (sql: Sql, alias: string, said: Expression) => sql`EXISTS (SELECT 1 ${found(sql, alias, said)})`,
      things: (sql: Sql, alias: string, said: Expression) => sql`SELECT prefix ${found(sql, alias, said)}`,
    }),
  };
}
