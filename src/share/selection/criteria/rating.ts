import type { Sql } from '../../../postgres/connect.ts';
import { asSaid, type Criterion, type Expression } from '../criterion.ts';

/** Has so many stars or more. */
export function isRated(minimum: number): Criterion {
  return {
    name: 'rating',
    words: `rated ${minimum} or better`,
    ...asSaid({
      kind: 'rating',
      said: { minimum: { type: 'int', value: minimum } },
      matches: (sql: Sql, alias: string, said: Expression) =>
        sql`
          EXISTS (
            SELECT 1
            FROM asset_exif rated
            WHERE rated."assetId" = ${sql(alias)}.id
              AND rated.rating >= ${said('minimum')}
          )`,
    }),
  };
}
