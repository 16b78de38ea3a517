import { named } from '../../../config/words.ts';
import { keyOf } from '../../../immich/tables/tables.ts';
import type { Sql } from '../../../postgres/connect.ts';
import { type CriteriaSchema, type Criterion, isAnyOf, type Named } from '../criterion.ts';
import { either } from '../words.ts';

/** Has one of these tags, or one below them. */
export function hasTags({ catalog }: CriteriaSchema, tags: readonly Named[]): Criterion {
  const [tagKey, assetKey] = [keyOf(catalog, 'tag_asset', 'tag'), keyOf(catalog, 'tag_asset', 'asset')];
  const tagsOf = (sql: Sql, alias: string) =>
    sql`
      SELECT below.id_ancestor AS id
      FROM tag_asset tagged
      JOIN tag_closure below ON below.id_descendant = tagged.${sql(tagKey)}
      WHERE tagged.${sql(assetKey)} = ${sql(alias)}.id`;
  return {
    name: 'tags',
    words: `tagged ${either(tags.map(({ name }) => named(name)))}`,
    ...isAnyOf('tags', tags.map(({ id }) => id), tagsOf),
  };
}
