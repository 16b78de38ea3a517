import type { Sql } from '../../../postgres/connect.ts';
import { asSaid, type Criterion, type Expression } from '../criterion.ts';

/** A picture, or a video. */
export function isOfType(types: readonly ('image' | 'video')[]): Criterion {
  return {
    name: 'types',
    words: types.length > 1 ? 'a picture or a video' : types[0] === 'video' ? 'a video' : 'a picture',
    ...asSaid({
      kind: 'types',
      said: { types: { type: 'text[]', value: types.map((type) => type.toUpperCase()) } },
      matches: (sql: Sql, alias: string, said: Expression) => sql`${sql(alias)}.type::text = ANY (${said('types')})`,
    }),
  };
}
