import { list, named } from '../../../config/words.ts';
import type { PeopleMatch } from '../../../config/config.ts';
import type { Fragment, Sql } from '../../../postgres/connect.ts';
import { type CriteriaSchema, type Criterion, type Expression, isAnyOf, type Named } from '../criterion.ts';
import { either } from '../words.ts';

/**
 * Shows these people of the source: any of them, all, or some of them and nobody else who has a name.
 *
 * @param gone how many more were meant, who are there no more: nothing shows all of them
 */
export function showsPeople(
  schema: CriteriaSchema,
  people: readonly Named[],
  match: PeopleMatch,
  gone: number,
): Criterion {
  const names = people.map(({ name }) => named(name));
  const any = isAnyOf(`people ${match}`, people.map(({ id }) => id), (sql, alias) => peopleOn(sql, schema, alias));
  return {
    name: 'people',
    isAboutOthers: match === 'only',
    words: match === 'all'
      ? `a picture of ${list(names)} together`
      : `a picture of ${either(names)}${match === 'only' ? ' and of nobody else' : ''}`,
    ...any,
    ...match === 'all' ? together(schema, any, gone) : match === 'only' ? alone(schema, any) : {},
  };
}

type Shown = Required<Pick<Criterion, 'ids' | 'matches' | 'asColumns'>>;

/** All of them. */
function together(schema: CriteriaSchema, { ids, asColumns }: Shown, gone: number): Omit<Shown, 'ids'> {
  return {
    matches: (sql: Sql, alias: string) =>
      sql`(${ids as string[]}::uuid[] <@ ARRAY(${peopleOn(sql, schema, alias)}) AND ${gone === 0}::boolean)`,
    asColumns: {
      ...asColumns,
      said: { ...asColumns.said, isGone: { type: 'boolean', value: gone > 0 } },
      matches: (sql: Sql, _alias: string, said: Expression, known: Expression) =>
        sql`(${said('ids')} <@ ${known('ids')} AND NOT ${said('isGone')})`,
    },
  };
}

/** Nobody else who has a name. */
function alone(schema: CriteriaSchema, { ids, matches, asColumns }: Shown): Omit<Shown, 'ids'> {
  const { personKey, faceKey } = schema.people;
  const namedOn = (sql: Sql, alias: string) =>
    sql`
      ${peopleOn(sql, schema, alias)}
        AND EXISTS (
          SELECT 1
          FROM person other
          WHERE other.${sql(personKey)} = face.${sql(faceKey)}
            AND other."ownerId" = ${sql(alias)}."ownerId"
            AND other.name <> ''
        )`;
  return {
    matches: (sql: Sql, alias: string) =>
      sql`(${matches(sql, alias)} AND ARRAY(${namedOn(sql, alias)}) <@ ${ids as string[]}::uuid[])`,
    asColumns: {
      ...asColumns,
      known: (sql: Sql, alias: string) => ({
        ...asColumns.known?.(sql, alias),
        named: sql`ARRAY(${namedOn(sql, alias)})`,
      }),
      matches: (sql: Sql, alias: string, said: Expression, known: Expression) =>
        sql`(${asColumns.matches(sql, alias, said, known)} AND ${known('named')} <@ ${said('ids')})`,
    },
  };
}

/** The people who are on the row `alias` of `asset`: a query for `id`, which more conditions on the row `face` may follow. */
function peopleOn(sql: Sql, schema: CriteriaSchema, alias: string): Fragment {
  const faceKey = sql(schema.people.faceKey);
  return sql`
    SELECT face.${faceKey} AS id
    FROM asset_face face
    WHERE face."assetId" = ${sql(alias)}.id
      AND face.${faceKey} IS NOT NULL
      AND face."deletedAt" IS NULL
      ${schema.has('asset_face', 'isVisible') ? sql`AND face."isVisible"` : sql``}`;
}
