import type { Sql } from '../../../postgres/connect.ts';
import { asSaid, type Criterion } from '../criterion.ts';

/** A favourite of its owner. */
export const isFavorite: Criterion = Object.freeze({
  name: 'favorites',
  words: 'a favourite',
  ...asSaid({ kind: 'favorites', said: {}, matches: (sql: Sql, alias: string) => sql`${sql(alias)}."isFavorite"` }),
});
