import type { Context } from '../cycle/context.ts';
import { joinOrigin } from './person_links.ts';

/**
 * Maps people of a target to the people of sources whose faces they are on, where we wrote that (face_map) and no mapping
 * says so any more. The person on most of the faces counts. One with faces on the target's own photos may be his own as well,
 * and is left in his hands; so is the cover that he may have chosen. Returns how many were mapped.
 *
 * On mirrors that were not adopted just now (`mirrorAssetIds`) only those count who have the very id that we give: what we wrote there
 * is what the source said then, and it may say something new by now.
 */
export async function adoptPeople(
  context: Context,
  targetUserId: string,
  mirrorAssetIds: readonly string[],
): Promise<number> {
  const { personKey, faceKey, mirrorKey } = context.schema.people;
  return await context.transaction(async (tx) => {
    const adopted = await tx`
      INSERT INTO immich_sidecar.person_map (
        origin_person_id, origin_owner_id, target_user_id, mirror_person_id, is_ours,
        name, is_hidden, birth_date, color, cover_face_id
      )
      SELECT
        elected.origin_id, elected.owner_id, ${targetUserId}, elected.mirror_id,
        row_number() OVER (PARTITION BY elected.mirror_id ORDER BY elected.votes DESC, elected.origin_id) = 1
          AND NOT EXISTS (
            SELECT 1
            FROM asset_face f
            JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${targetUserId}
            WHERE f.${tx(faceKey)} = elected.mirror_id
              AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = a.id)
          ),
        origin.name, origin."isHidden", origin."birthDate", origin.color,
        (
          SELECT fm.mirror_face_id
          FROM immich_sidecar.face_map fm
          JOIN immich_sidecar.asset_map m
            ON m.mirror_asset_id = fm.mirror_asset_id AND m.target_user_id = ${targetUserId}
          JOIN asset_face mirror ON mirror.id = fm.mirror_face_id AND mirror."deletedAt" IS NULL
          WHERE fm.source_face_id = origin."faceAssetId"
          LIMIT 1
        )
      FROM (
        SELECT DISTINCT ON (candidate.origin_id, candidate.owner_id) candidate.*
        FROM (
          SELECT
            origin.${tx(personKey)} AS origin_id,
            origin."ownerId" AS owner_id,
            fm.person_id AS mirror_id,
            count(*) AS votes
          FROM immich_sidecar.face_map fm
          JOIN immich_sidecar.asset_map m
            ON m.mirror_asset_id = fm.mirror_asset_id AND m.target_user_id = ${targetUserId}
          JOIN asset_face f ON f.id = fm.source_face_id
          ${joinOrigin(tx, context.schema)}
          JOIN person mirror ON mirror.${tx(personKey)} = fm.person_id AND mirror."ownerId" = ${targetUserId}
          WHERE origin."ownerId" <> ${targetUserId}
            AND (
              fm.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
              OR fm.person_id = ${mirrorKey(tx, targetUserId)}
            )
            AND NOT EXISTS (
              SELECT 1
              FROM immich_sidecar.person_map known
              WHERE known.target_user_id = ${targetUserId}
                AND (
                  known.origin_person_id = origin.${tx(personKey)}
                  OR known.mirror_person_id = fm.person_id
                )
            )
          GROUP BY 1, 2, 3
        ) AS candidate
        ORDER BY candidate.origin_id, candidate.owner_id, candidate.votes DESC, candidate.mirror_id
      ) AS elected
      JOIN person origin ON origin.${tx(personKey)} = elected.origin_id AND origin."ownerId" = elected.owner_id
      ON CONFLICT DO NOTHING`;
    return adopted.count;
  });
}
