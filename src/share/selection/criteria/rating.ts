import type { Sql } from '../../../postgres/connect.ts';
import type { Criterion } from '../criterion.ts';

/** Has so many stars or more. */
export function isRated(minimum: number): Criterion {
  return {
    name: 'rating',
    words: `rated ${minimum} or better`,
    matches: (sql: Sql, alias: string) =>
      sql`
        EXISTS (
          SELECT 1
          FROM asset_exif rated
          WHERE rated."assetId" = ${sql(alias)}.id
            AND rated.rating >= ${minimum}
        )`,
  };
}
