import { faceSum } from './face_keys.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';

/**
 * Joins to a face `f` of a source with the mapping `m` of its asset where its person comes from: the row `chain` of
 * person_map if they are there through sharing, and `origin`, the row of `person` at the beginning of the chain, or none.
 *
 * Where the source's owner has merged several people into one, that one's own origin counts.
 */
export function joinOrigin(sql: Sql, schema: ImmichSchema): Fragment {
  const { faceKey, personKey } = schema.people;
  return sql`
    LEFT JOIN (
      SELECT DISTINCT ON (mirror_person_id, target_user_id)
        mirror_person_id, target_user_id, origin_person_id, origin_owner_id
      FROM immich_sidecar.person_map pm
      WHERE EXISTS (
        SELECT 1
        FROM person first
        WHERE first.${sql(personKey)} = pm.origin_person_id AND first."ownerId" = pm.origin_owner_id
      )
      ORDER BY mirror_person_id, target_user_id, is_ours DESC, origin_person_id
    ) AS chain
      ON chain.mirror_person_id = f.${sql(faceKey)}
      AND chain.target_user_id = m.source_user_id
    LEFT JOIN person origin
      ON origin.${sql(personKey)} = coalesce(chain.origin_person_id, f.${sql(faceKey)})
      AND origin."ownerId" = coalesce(chain.origin_owner_id, m.source_user_id)`;
}

/**
 * Joins to a face `f` of a source with the mapping `m` of its asset the person of the target's account, as `mapped`.
 * A person that is itself a mirror is followed to its origin, so the origin's owner gets their own person back; a mapping
 * to a person that is gone yields none.
 */
export function joinMappedPerson(sql: Sql, schema: ImmichSchema): Fragment {
  const { personKey } = schema.people;
  return sql`
    ${joinOrigin(sql, schema)}
    LEFT JOIN immich_sidecar.person_map known_person
      ON known_person.origin_person_id = origin.${sql(personKey)}
      AND known_person.target_user_id = m.target_user_id
    LEFT JOIN person mapped
      ON mapped."ownerId" = m.target_user_id
      AND mapped.${sql(personKey)} = CASE
        WHEN origin."ownerId" = m.target_user_id THEN origin.${sql(personKey)}
        ELSE known_person.mirror_person_id
      END`;
}

/**
 * Whether the face `f` makes its person known to the target: it is to be seen on the mirror, or will be as it has changed, and is
 * not somebody else's there because the target's owner said so. `written` is its row of face_map and `mirror` the mirrored face, or
 * nothing for a face that is not mirrored yet.
 */
export function isPersonNeeded(sql: Sql, schema: ImmichSchema, targetUserId: string): Fragment {
  const { mirrorKey } = schema.people;
  return sql`(
    f."deletedAt" IS NULL
    AND origin."ownerId" <> ${targetUserId}
    AND (
      mirror.id IS NULL
      OR (
        (mirror."deletedAt" IS NULL OR written.source_sum <> ${faceSum(sql, schema)})
        AND (
          written.person_id IS DISTINCT FROM ${mirrorKey(sql, targetUserId)}
          OR NOT ${isSomebody(sql, schema, sql`mirror.${sql(schema.people.faceKey)}`, targetUserId)}
        )
      )
    )
  )`;
}

/**
 * Whether `person` is somebody in the target's account whom people have named, or whom we know. Machine learning makes nameless
 * people of faces, and knows nothing of what anybody said.
 */
export function isSomebody(sql: Sql, schema: ImmichSchema, person: Fragment, targetUserId: string): Fragment {
  const { personKey } = schema.people;
  return sql`
    EXISTS (
      SELECT 1
      FROM person somebody
      WHERE somebody.${sql(personKey)} = ${person}
        AND somebody."ownerId" = ${targetUserId}
        AND (
          somebody.name <> ''
          OR EXISTS (
            SELECT 1
            FROM immich_sidecar.person_map shared
            WHERE shared.mirror_person_id = ${person} AND shared.target_user_id = ${targetUserId}
          )
        )
    )`;
}
