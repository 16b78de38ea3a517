import type { Sql } from '../../../postgres/connect.ts';
import type { Criterion } from '../criterion.ts';

/** A picture, or a video. */
export function isOfType(types: readonly ('image' | 'video')[]): Criterion {
  return {
    name: 'types',
    words: types.length > 1 ? 'a picture or a video' : types[0] === 'video' ? 'a video' : 'a picture',
    matches: (sql: Sql, alias: string) =>
      sql`${sql(alias)}.type::text = ANY (${types.map((type) => type.toUpperCase())}::text[])`,
  };
}
