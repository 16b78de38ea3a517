import { list, named } from '../../../config/words.ts';
import type { PeopleMatch } from '../../../config/config.ts';
import type { Fragment, Sql } from '../../../postgres/connect.ts';
import type { CriteriaSchema, Criterion, Named } from '../criterion.ts';
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
  const ids = people.map(({ id }) => id);
  return {
    name: 'people',
    things: (sql: Sql, alias: string) => {
      const faceKey = sql(schema.people.faceKey);
      return sql`SELECT face.${faceKey}::text ${
        facesOn(sql, schema, alias)
      } AND face.${faceKey} = ANY (${ids}::uuid[])`;
    },
    ids,
    isAboutOthers: match === 'only',
    words: match === 'all'
      ? `a picture of ${list(names)} together`
      : `a picture of ${either(names)}${match === 'only' ? ' and of nobody else' : ''}`,
    matches: (sql: Sql, alias: string) => {
      const { personKey, faceKey } = schema.people;
      const faces = facesOn(sql, schema, alias);
      const shows = sql`EXISTS (SELECT 1 ${faces} AND face.${sql(faceKey)} = ANY (${ids}::uuid[]))`;
      if (match === 'any') return shows;
      if (match === 'all') {
        return sql`
          (
            SELECT count(DISTINCT face.${sql(faceKey)}) ${faces} AND face.${sql(faceKey)} = ANY (${ids}::uuid[])
          ) = ${ids.length + gone}`;
      }
      return sql`(
        ${shows}
        AND NOT EXISTS (
          SELECT 1
          ${faces}
            AND face.${sql(faceKey)} <> ALL (${ids}::uuid[])
            AND EXISTS (
              SELECT 1
              FROM person other
              WHERE other.${sql(personKey)} = face.${sql(faceKey)}
                AND other."ownerId" = ${sql(alias)}."ownerId"
                AND other.name <> ''
            )
        )
      )`;
    },
  };
}

/** FROM and WHERE of the faces `face` that are on the row `alias` of `asset`. */
function facesOn(sql: Sql, schema: CriteriaSchema, alias: string): Fragment {
  return sql`
    FROM asset_face face
    WHERE face."assetId" = ${sql(alias)}.id
      AND face."deletedAt" IS NULL
      ${schema.has('asset_face', 'isVisible') ? sql`AND face."isVisible"` : sql``}`;
}
