import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';

/**
 * Joins to a face `f` of a source with the mapping `m` of its asset where its person comes from: the row `chain` of
 * person_map if he is himself there through sharing, and `origin`, the row of `person` at the beginning of the chain, or none.
 *
 * Where the source's owner has merged several people into one, that one's own origin counts.
 */
export function joinOrigin(sql: Sql, schema: ImmichSchema): Fragment {
  const { faceKey, personKey } = schema.people;
  return sql`
    LEFT JOIN (
      SELECT DISTINCT ON (mirror_person_id, target_user_id)
        mirror_person_id, target_user_id, origin_person_id, origin_owner_id
      FROM immich_sidecar.person_map
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
 * A person that is itself a mirror is followed to its origin, so the origin's owner gets his own person back; a mapping
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
