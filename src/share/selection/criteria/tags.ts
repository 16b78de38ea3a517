import { named } from '../../../config/words.ts';
import { keyOf } from '../../../immich/tables/tables.ts';
import type { Sql } from '../../../postgres/connect.ts';
import type { CriteriaSchema, Criterion, Named } from '../criterion.ts';
import { either } from '../words.ts';

/** Has one of these tags, or one below them. */
export function hasTags({ catalog }: CriteriaSchema, tags: readonly Named[]): Criterion {
  const [tagKey, assetKey] = [keyOf(catalog, 'tag_asset', 'tag'), keyOf(catalog, 'tag_asset', 'asset')];
  const found = (sql: Sql, alias: string) =>
    sql`
      FROM tag_asset tagged
      JOIN tag_closure below ON below.id_descendant = tagged.${sql(tagKey)}
      WHERE tagged.${sql(assetKey)} = ${sql(alias)}.id
        AND below.id_ancestor = ANY (${tags.map(({ id }) => id)}::uuid[])`;
  return {
    name: 'tags',
    ids: tags.map(({ id }) => id),
    words: `tagged ${either(tags.map(({ name }) => named(name)))}`,
    matches: (sql: Sql, alias: string) => sql`EXISTS (SELECT 1 ${found(sql, alias)})`,
    things: (sql: Sql, alias: string) => sql`SELECT below.id_ancestor::text ${found(sql, alias)}`,
  };
}
