import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { joinOrigin } from './person_links.ts';

/**
 * Forgets mirrored people who are gone. What we wrote about their faces is noted as if it had never been about somebody they were
 * merged into: should they return, their faces are theirs, but for those that the target's owner has given to others.
 */
export async function forgetPeople(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  ids: readonly string[],
): Promise<void> {
  const { personKey, mirrorKey } = schema.people;
  const gone = ids as string[];
  await tx`
    UPDATE immich_sidecar.face_map fm
    SET person_id = said.person_id
    FROM (
      SELECT written.mirror_asset_id, written.source_face_id, ${mirrorKey(tx, targetUserId)} AS person_id
      FROM immich_sidecar.face_map written
      JOIN immich_sidecar.asset_map m
        ON m.mirror_asset_id = written.mirror_asset_id AND m.target_user_id = ${targetUserId}
      JOIN asset_face f ON f.id = written.source_face_id
      ${joinOrigin(tx, schema)}
      JOIN immich_sidecar.person_map pm
        ON pm.origin_person_id = origin.${tx(personKey)}
        AND pm.target_user_id = ${targetUserId}
        AND pm.mirror_person_id = written.person_id
      WHERE written.person_id = ANY (${gone}::uuid[])
    ) AS said
    WHERE fm.mirror_asset_id = said.mirror_asset_id
      AND fm.source_face_id = said.source_face_id
      AND fm.person_id <> said.person_id`;
  await tx`
    DELETE FROM immich_sidecar.person_map
    WHERE mirror_person_id = ANY (${gone}::uuid[])
      AND target_user_id = ${targetUserId}`;
}

/**
 * People of a user's own, by their ids, who have become the same as somebody whom they have from others come from there from now on. Who has them from this user already keeps them as that same one,
 * with all that they say of them.
 */
export async function followLinks(
  tx: Sql,
  schema: ImmichSchema,
  userId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const { personKey } = schema.people;
  await tx`
    UPDATE immich_sidecar.person_map pm
    SET origin_person_id = link.origin_person_id, origin_owner_id = link.origin_owner_id
    FROM (
      SELECT DISTINCT ON (mirror_person_id) mirror_person_id, origin_person_id, origin_owner_id
      FROM immich_sidecar.person_map known
      WHERE known.target_user_id = ${userId}
        AND known.mirror_person_id = ANY (${ids as string[]}::uuid[])
        AND EXISTS (
          SELECT 1
          FROM person first
          WHERE first.${tx(personKey)} = known.origin_person_id AND first."ownerId" = known.origin_owner_id
        )
      ORDER BY mirror_person_id, is_ours DESC, origin_person_id -- as joinOrigin chooses
    ) AS link
    WHERE pm.origin_person_id = link.mirror_person_id
      AND pm.origin_owner_id = ${userId}
      AND pm.target_user_id <> link.origin_owner_id
      AND NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.person_map other
        WHERE other.origin_person_id = link.origin_person_id AND other.target_user_id = pm.target_user_id
      )`;
}

/** Undoes followLinks before people of a user's, by their ids, are removed: they come from those again who are the same. */
export async function unfollowLinks(tx: Sql, ids: readonly string[], ownerId: string): Promise<void> {
  await tx`
    UPDATE immich_sidecar.person_map pm
    SET origin_person_id = link.mirror_person_id, origin_owner_id = link.target_user_id
    FROM (
      SELECT DISTINCT ON (origin_person_id) origin_person_id, mirror_person_id, target_user_id
      FROM immich_sidecar.person_map
      WHERE origin_person_id = ANY (${ids as string[]}::uuid[])
        AND origin_owner_id = ${ownerId}
        AND NOT is_ours
      ORDER BY origin_person_id, mirror_person_id
    ) AS link
    WHERE pm.origin_person_id = link.origin_person_id
      AND pm.origin_owner_id = ${ownerId}
      AND pm.target_user_id <> link.target_user_id
      AND pm.is_ours
      AND NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.person_map other
        WHERE other.origin_person_id = link.mirror_person_id AND other.target_user_id = pm.target_user_id
      )`;
}
