import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';

/**
 * Who in the source's account is the person whom a target has given the face `mirror`: for LATERAL, as at most one row (id, is_made). The row `f` is the face that it mirrors, or empty.
 *
 * Whom both know through sharing is that one. Of several whom the target has merged into one it is the face's own, then the one whose mirror has been kept. Else it is the one visible person of exactly that
 * name, or, where the source has nobody of that name, somebody who is to be made (is_made). Of several of that name, or of one who is hidden by either, nobody knows: id is NULL.
 */
export function counterpartOf(
  sql: Sql,
  { people }: Pick<ImmichSchema, 'people'>,
  { sourceUserId, targetUserId }: Pick<Job, 'sourceUserId' | 'targetUserId'>,
): Fragment {
  const { mirrorKey } = people;
  const [key, face] = [sql(people.personKey), sql(people.faceKey)];
  return sql`(
    SELECT
      CASE
        WHEN known.number > 0 THEN known.id
        WHEN theirs.name = '' OR theirs."isHidden" THEN NULL
        WHEN called.number > 0 THEN called.id
        ELSE made.id
      END AS id,
      (
        known.number = 0
        AND theirs.name <> ''
        AND NOT theirs."isHidden"
        AND called.number = 0
        AND NOT EXISTS (SELECT 1 FROM person own WHERE own.${key} = made.id AND own."ownerId" = ${sourceUserId})
      ) AS is_made
    FROM person theirs
    CROSS JOIN LATERAL (
      SELECT
        count(DISTINCT own.${key})::int AS number,
        CASE
          WHEN bool_or(own.${key} = f.${face}) THEN f.${face}
          WHEN count(DISTINCT own.${key}) = 1 THEN min(own.${key}::text)::uuid
          ELSE (min(own.${key}::text) FILTER (WHERE same.is_ours))::uuid
        END AS id
      FROM (
        SELECT CASE WHEN pm.origin_owner_id = ${sourceUserId} THEN pm.origin_person_id ELSE back.mirror_person_id END, pm.is_ours
        FROM immich_sidecar.person_map pm
        LEFT JOIN immich_sidecar.person_map back
          ON back.origin_person_id = pm.origin_person_id AND back.target_user_id = ${sourceUserId}
        WHERE pm.mirror_person_id = theirs.${key}
          AND pm.target_user_id = ${targetUserId}
        UNION ALL
        SELECT back.mirror_person_id, false
        FROM immich_sidecar.person_map back
        WHERE back.origin_person_id = theirs.${key}
          AND back.origin_owner_id = ${targetUserId}
          AND back.target_user_id = ${sourceUserId}
        UNION ALL
        SELECT theirs.${key}, false -- of one cluster group
      ) AS same (id, is_ours)
      JOIN person own ON own.${key} = same.id AND own."ownerId" = ${sourceUserId}
    ) AS known
    CROSS JOIN LATERAL (
      SELECT
        count(*)::int AS number,
        CASE WHEN count(*) = 1 AND NOT bool_or(named."isHidden") THEN min(named.${key}::text)::uuid END AS id
      FROM person named
      WHERE named."ownerId" = ${sourceUserId}
        AND named.name = theirs.name
    ) AS called
    CROSS JOIN LATERAL (
      SELECT ${mirrorKey(sql, sourceUserId)} AS id
      FROM (SELECT theirs.*) AS origin
    ) AS made
    WHERE theirs.${key} = mirror.${face}
      AND theirs."ownerId" = ${targetUserId}
  )`;
}
