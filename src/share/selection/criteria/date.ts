import type { Sql } from '../../../postgres/connect.ts';
import { asSaid, type Criterion, type Expression } from '../criterion.ts';

/** Taken between two days, both of them included, by the clock of the place where it was taken: Immich keeps that time as if it were UTC. */
export function takenBetween(since: string | undefined, until: string | undefined): Criterion {
  const parts = [...since === undefined ? [] : [`since ${since}`], ...until === undefined ? [] : [`until ${until}`]];
  return {
    name: 'date',
    words: `taken ${parts.join(' and ')}`,
    ...asSaid({
      kind: 'date',
      said: {
        since: { type: 'date', value: since ?? null },
        until: { type: 'date', value: until ?? null },
      },
      matches: (sql: Sql, alias: string, said: Expression) => {
        const day = sql`(${sql(alias)}."localDateTime" AT TIME ZONE 'UTC')::date`;
        return sql`(coalesce(${day} >= ${said('since')}, true) AND coalesce(${day} <= ${said('until')}, true))`;
      },
    }),
  };
}
