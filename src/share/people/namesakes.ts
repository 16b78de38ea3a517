import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';

/**
 * The target's own person who is called like a person of the source: a query for one identity, or NULL. Only where each of both users has one person of
 * their own with that name, and neither is hidden: of two namesakes nobody knows which one is meant. Nobody is two people of sources.
 *
 * @param person the identity of the source's person, an expression
 * @param hasMap whether our own tables are there, which tell who is a mirror, and who is somebody already
 */
export function namesakeOf(
  sql: Sql,
  { people: { personKey } }: Pick<ImmichSchema, 'people'>,
  { sourceUserId, targetUserId }: Pick<Job, 'sourceUserId' | 'targetUserId'>,
  person: Fragment,
  hasMap: boolean,
): Fragment {
  const isNoMirror = sql`
    AND NOT EXISTS (
      SELECT 1
      FROM immich_sidecar.person_map shown
      WHERE shown.target_user_id = ${sourceUserId}
        AND shown.mirror_person_id = other.${sql(personKey)}
        AND shown.is_ours
    )`;
  const isNobodyYet = sql`
    AND NOT EXISTS (
      SELECT 1
      FROM immich_sidecar.person_map taken
      WHERE taken.target_user_id = ${targetUserId} AND taken.mirror_person_id = own.${sql(personKey)}
    )`;
  // There is no min() of a uuid.
  return sql`
    SELECT min(own.${sql(personKey)}::text)::uuid
    FROM person said
    JOIN person own ON own."ownerId" = ${targetUserId} AND own.name = said.name
    WHERE said.${sql(personKey)} = ${person}
      AND said."ownerId" = ${sourceUserId}
      AND said.name <> ''
      AND NOT said."isHidden"
      AND NOT EXISTS (
        SELECT 1
        FROM person other
        WHERE other."ownerId" = ${sourceUserId}
          AND other.name = said.name
          AND other.${sql(personKey)} <> said.${sql(personKey)}
          ${hasMap ? isNoMirror : sql``}
      )
      ${hasMap ? isNobodyYet : sql``}
    HAVING count(*) = 1 AND NOT bool_or(own."isHidden")`;
}

/** How many people of the source have a namesake among the target's own people, whom `match_people: name` would make one with. Reads only. */
export async function countNamesakes(
  sql: Sql,
  schema: Pick<ImmichSchema, 'people'>,
  users: Pick<Job, 'sourceUserId' | 'targetUserId'>,
  hasMap: boolean,
): Promise<number> {
  const key = sql(schema.people.personKey);
  const [row] = await sql<{ people: number }[]>`
    SELECT count(*)::int AS people
    FROM person mine
    WHERE mine."ownerId" = ${users.sourceUserId}
      AND mine.name <> ''
      AND NOT EXISTS (
        SELECT 1 FROM person same WHERE same."ownerId" = ${users.targetUserId} AND same.${key} = mine.${key}
      )
      AND (${namesakeOf(sql, schema, users, sql`mine.${key}`, hasMap)}) IS NOT NULL`;
  return row?.people ?? 0;
}
