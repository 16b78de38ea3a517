import type { Sql } from '../../../postgres/connect.ts';
import type { Criterion } from '../criterion.ts';

/** Taken between two days, both of them included, by the clock of the place where it was taken: Immich keeps that time as if it were UTC. */
export function takenBetween(since: string | undefined, until: string | undefined): Criterion {
  const parts = [...since === undefined ? [] : [`since ${since}`], ...until === undefined ? [] : [`until ${until}`]];
  return {
    name: 'date',
    words: `taken ${parts.join(' and ')}`,
    matches: (sql: Sql, alias: string) => {
      const day = sql`(${sql(alias)}."localDateTime" AT TIME ZONE 'UTC')::date`;
      return sql`(
        ${since === undefined ? sql`true` : sql`${day} >= ${since}::date`}
        AND ${until === undefined ? sql`true` : sql`${day} <= ${until}::date`}
      )`;
    },
  };
}
