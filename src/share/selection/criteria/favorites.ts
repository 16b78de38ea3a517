import type { Sql } from '../../../postgres/connect.ts';
import type { Criterion } from '../criterion.ts';

/** A favourite of its owner. */
export const isFavorite: Criterion = Object.freeze({
  name: 'favorites',
  words: 'a favourite',
  matches: (sql: Sql, alias: string) => sql`${sql(alias)}."isFavorite"`,
});
