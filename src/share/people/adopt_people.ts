import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { joinOrigin } from './person_links.ts';
import { fieldList } from './seen.ts';

/** Somebody of a target who is the mirror of somebody of a source, though no mapping says that any more. */
export interface AdoptedPerson {
  readonly originPersonId: string;
  readonly originOwnerId: string;
  readonly mirrorPersonId: string;
  /** Who shows them: the origin's owner, if they do; and by which id that user has them. */
  readonly seenUserId: string;
  readonly seenPersonId: string;
  /** Not with faces on the target's own photos, as they may be the target's own as well. */
  readonly isOurs: boolean;
  readonly coverFaceId: string | null;
}

/**
 * Finds people of a target who are on faces where we wrote that (face_map), and the people of sources whose faces these are. The person on
 * most of the faces counts. Reads only.
 *
 * On mirrors that were not adopted just now (`mirrorAssetIds`) only those count who have the very id that we give: what we wrote there
 * is what the source said then, and it may say something new by now.
 */
export async function findAdoptedPeople(
  sql: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  mirrorAssetIds: readonly string[],
): Promise<AdoptedPerson[]> {
  const { personKey, faceKey, mirrorKey } = schema.people;
  const isOwner = sql`(m.source_user_id = origin."ownerId")`;
  return await sql<AdoptedPerson[]>`
    SELECT
      elected.origin_id AS "originPersonId",
      elected.owner_id AS "originOwnerId",
      elected.mirror_id AS "mirrorPersonId",
      elected.seen_user_id AS "seenUserId",
      elected.seen_id AS "seenPersonId",
      row_number() OVER (PARTITION BY elected.mirror_id ORDER BY elected.votes DESC, elected.origin_id) = 1
        AND NOT EXISTS (
          SELECT 1
          FROM asset_face f
          JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${targetUserId}
          WHERE f.${sql(faceKey)} = elected.mirror_id
            AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = a.id)
        ) AS "isOurs",
      (
        SELECT fm.mirror_face_id
        FROM immich_sidecar.face_map fm
        JOIN immich_sidecar.asset_map m
          ON m.mirror_asset_id = fm.mirror_asset_id AND m.target_user_id = ${targetUserId}
        JOIN asset_face mirror ON mirror.id = fm.mirror_face_id AND mirror."deletedAt" IS NULL
        WHERE fm.source_face_id = origin."faceAssetId"
        LIMIT 1
      ) AS "coverFaceId"
    FROM (
      SELECT DISTINCT ON (candidate.origin_id, candidate.owner_id) candidate.*
      FROM (
        SELECT
          origin.${sql(personKey)} AS origin_id,
          origin."ownerId" AS owner_id,
          fm.person_id AS mirror_id,
          (array_agg(m.source_user_id ORDER BY ${isOwner} DESC, m.source_user_id))[1] AS seen_user_id,
          (array_agg(f.${sql(faceKey)} ORDER BY ${isOwner} DESC, m.source_user_id))[1] AS seen_id,
          count(*) AS votes
        FROM immich_sidecar.face_map fm
        JOIN immich_sidecar.asset_map m
          ON m.mirror_asset_id = fm.mirror_asset_id AND m.target_user_id = ${targetUserId}
        JOIN asset_face f ON f.id = fm.source_face_id
        ${joinOrigin(sql, schema)}
        JOIN person mirror ON mirror.${sql(personKey)} = fm.person_id AND mirror."ownerId" = ${targetUserId}
        WHERE origin."ownerId" <> ${targetUserId}
          AND (
            fm.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
            OR fm.person_id = ${mirrorKey(sql, targetUserId)}
          )
          AND NOT EXISTS (
            SELECT 1
            FROM immich_sidecar.person_map known
            WHERE known.target_user_id = ${targetUserId}
              AND (
                known.origin_person_id = origin.${sql(personKey)}
                OR known.mirror_person_id = fm.person_id
              )
          )
        GROUP BY 1, 2, 3
      ) AS candidate
      ORDER BY candidate.origin_id, candidate.owner_id, candidate.votes DESC, candidate.mirror_id
    ) AS elected
    JOIN person origin ON origin.${sql(personKey)} = elected.origin_id AND origin."ownerId" = elected.owner_id`;
}

/** Maps them to their origins. What is said of them by who shows them counts as what we wrote last. Returns how many were mapped. */
export async function adoptPeople(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  people: readonly AdoptedPerson[],
): Promise<number> {
  const { personKey } = schema.people;
  const adopted = await tx`
    INSERT INTO immich_sidecar.person_map (
      origin_person_id, origin_owner_id, target_user_id, mirror_person_id, is_ours,
      name, is_hidden, birth_date, color, seen_user_id, seen_name, seen_is_hidden, seen_birth_date, seen_color, cover_face_id
    )
    SELECT
      adopted."originPersonId", adopted."originOwnerId", ${targetUserId}, adopted."mirrorPersonId", adopted."isOurs",
      ${fieldList(tx, 'said', 'column')}, said."ownerId", ${fieldList(tx, 'said', 'column')}, adopted."coverFaceId"
    FROM jsonb_to_recordset(${tx.json(people as never)}) AS adopted (
      "originPersonId" uuid, "originOwnerId" uuid, "mirrorPersonId" uuid, "seenUserId" uuid, "seenPersonId" uuid,
      "isOurs" boolean, "coverFaceId" uuid
    )
    JOIN person said
      ON said.${tx(personKey)} = adopted."seenPersonId"
      AND said."ownerId" = adopted."seenUserId"
    JOIN person mirror
      ON mirror.${tx(personKey)} = adopted."mirrorPersonId"
      AND mirror."ownerId" = ${targetUserId}
    ON CONFLICT DO NOTHING`;
  return adopted.count;
}
