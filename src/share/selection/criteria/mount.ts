import type { SharedMount } from '../../../config/config.ts';
import { list, named } from '../../../config/words.ts';
import type { Sql } from '../../../postgres/connect.ts';
import { asSaid, type Criterion, type Expression } from '../criterion.ts';

/** Lies on one of several mounts: the longest directory decides, as one may be mounted inside of another. */
export function liesOnMount({ roots, others, isRest }: SharedMount): Criterion {
  return {
    name: 'mount',
    words: `on the disk of ${list(roots.map(named), 'or')}${
      isRest ? ', or on none that has a directory of its own' : ''
    }`,
    ...asSaid({
      kind: 'mount',
      said: {
        roots: { type: 'text[]', value: roots },
        others: { type: 'text[]', value: others },
        isRest: { type: 'boolean', value: isRest },
      },
      matches: (sql: Sql, alias: string, said: Expression) =>
        sql`
          coalesce(
            (
              SELECT root.is_own
              FROM (
                SELECT unnest(${said('roots')}), true
                UNION ALL
                SELECT unnest(${said('others')}), false
              ) AS root (path, is_own)
              WHERE starts_with(${sql(alias)}."originalPath", root.path)
              ORDER BY length(root.path) DESC
              LIMIT 1
            ),
            ${said('isRest')}
          )`,
    }),
  };
}
