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
