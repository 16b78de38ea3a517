import type { SharedMount } from '../../../config/config.ts';
import { list, named } from '../../../config/words.ts';
import type { Sql } from '../../../postgres/connect.ts';
import type { Criterion } from '../criterion.ts';

/** Lies on one of several mounts: the longest directory decides, as one may be mounted inside of another. */
export function liesOnMount({ roots, others, isRest }: SharedMount): Criterion {
  return {
    name: 'mount',
    words: `on the disk of ${list(roots.map(named), 'or')}${
      isRest ? ', or on none that has a directory of its own' : ''
    }`,
    matches: (sql: Sql, alias: string) =>
      sql`
        coalesce(
          (
            SELECT root.is_own
            FROM (
              SELECT unnest(${roots as string[]}::text[]), true
              UNION ALL
              SELECT unnest(${others as string[]}::text[]), false
            ) AS root (path, is_own)
            WHERE starts_with(${sql(alias)}."originalPath", root.path)
            ORDER BY length(root.path) DESC
            LIMIT 1
          ),
          ${isRest}
        )`,
  };
}
