import { isNativelyShared } from '../../immich/native_shares.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { joinOrigin } from '../people/person_links.ts';
import { unfollowLinks } from '../people/person_map.ts';

/** What of a face counts when it is compared with what was noted, of a value `{face: …}`. */
function marksOf(sql: Sql, value: Fragment): Fragment {
  return sql`ROW(${value}->'face'->>'person', (${value}->'face'->>'isThere')::boolean)`;
}

/**
 * Of changes of faces, by their ids in immich_sidecar_both_ways.written, those behind which the source's face was left as they had made it: until the next one of these was written, or until now. Reads only.
 */
export async function readFaceLinks(sql: Sql, schema: ImmichSchema, ids: readonly string[]): Promise<string[]> {
  const now = sql`jsonb_build_object('face', jsonb_build_object(
    'person', f.${sql(schema.people.faceKey)}, 'isThere', f."deletedAt" IS NULL
  ))`;
  const rows = await sql<{ id: string }[]>`
    WITH meant AS (
      SELECT
        w.*,
        lead(w.before) OVER (PARTITION BY w.after->'face'->>'id' ORDER BY w.written_at, w.id) AS later
      FROM immich_sidecar_both_ways.written w
      WHERE w.id = ANY (${ids as string[]}::uuid[])
        AND w.field = 'face'
    )
    SELECT meant.id
    FROM meant
    JOIN asset_face f ON f.id = (meant.after->'face'->>'id')::uuid
    WHERE ${marksOf(sql, sql`meant.after`)} IS NOT DISTINCT FROM ${marksOf(sql, sql`coalesce(meant.later, ${now})`)}`;
  return rows.map(({ id }) => id);
}

/**
 * Makes faces what they were before these changes: `first`, by id, and `all` of those that follow one another. What the target has done stays with them: what both had last counts as unknown, so that it waits for a person. A
 * face that the target had drawn is theirs alone again, and somebody who was made for it, and is on no photo now, goes.
 */
export async function undoFaces(
  tx: Sql,
  schema: ImmichSchema,
  first: readonly string[],
  all: readonly string[],
): Promise<void> {
  if (first.length === 0) return;
  await uncoverUndone(tx, schema, first);
  const { personKey, faceKey, mirrorKey } = schema.people;
  const [key, owner] = [tx(personKey), tx(faceKey)];
  const meant = tx`
    (
      SELECT w.*, w.before->'face' AS was, (w.before->'face'->>'id')::uuid AS face_id
      FROM immich_sidecar_both_ways.written w
      WHERE w.id = ANY (${first as string[]}::uuid[])
        AND w.field = 'face'
    ) AS w`;
  await tx`
    DELETE FROM asset_face f
    USING ${meant}
    WHERE f.id = w.face_id
      AND (w.was->>'isNew')::boolean`;
  await tx`
    DELETE FROM immich_sidecar.face_map fm
    USING ${meant}
    WHERE fm.source_face_id = w.face_id
      AND fm.mirror_asset_id = w.mirror_asset_id
      AND (w.was->>'isNew')::boolean`;
  await tx`
    UPDATE asset_face f
    SET
      ${owner} = (
        SELECT own.${key}
        FROM person own
        WHERE own.${key} = (w.was->>'person')::uuid AND own."ownerId" = w.source_user_id
      ),
      "deletedAt" = CASE WHEN (w.was->>'isThere')::boolean THEN NULL ELSE coalesce(f."deletedAt", now()) END
    FROM ${meant}
    WHERE f.id = w.face_id`;
  const targets = await tx<{ target_user_id: string }[]>`SELECT DISTINCT target_user_id FROM ${meant}`;
  for (const { target_user_id: targetUserId } of targets) {
    await tx`
      UPDATE immich_sidecar.face_map fm
      SET source_sum = NULL, source_update_id = now."updateId", person_id = now.person_id
      FROM (
        SELECT f.id, m.mirror_asset_id, f."updateId",
          CASE
            WHEN origin."ownerId" = ${targetUserId} THEN origin.${key}
            ELSE coalesce(known.mirror_person_id, ${mirrorKey(tx, targetUserId)})
          END AS person_id
        FROM immich_sidecar_both_ways.written w
        JOIN asset_face f ON f.id = (w.before->'face'->>'id')::uuid
        JOIN immich_sidecar.asset_map m
          ON m.mirror_asset_id = w.mirror_asset_id AND m.target_user_id = ${targetUserId}
        ${joinOrigin(tx, schema)}
        LEFT JOIN immich_sidecar.person_map known
          ON known.origin_person_id = origin.${key} AND known.target_user_id = ${targetUserId}
        WHERE w.id = ANY (${all as string[]}::uuid[])
          AND w.field = 'face'
      ) AS now
      WHERE fm.source_face_id = now.id
        AND fm.mirror_asset_id = now.mirror_asset_id`;
  }
  await removeMade(tx, schema, all);
}

/** Who is shown by such a face, and does not keep it, gets another one of theirs, or none. Immich makes the thumbnail where none is noted. */
async function uncoverUndone(tx: Sql, schema: ImmichSchema, first: readonly string[]): Promise<void> {
  const { personKey, faceKey } = schema.people;
  const key = tx(personKey);
  await tx`
    UPDATE person own
    SET "faceAssetId" = other.id, "thumbnailPath" = ''
    FROM immich_sidecar_both_ways.written w
    JOIN person shown
      ON shown."faceAssetId" = (w.before->'face'->>'id')::uuid AND shown."ownerId" = w.source_user_id
    LEFT JOIN LATERAL (
      SELECT f.id
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId" AND a."ownerId" = w.source_user_id AND a.visibility <> 'locked'
      WHERE f.${tx(faceKey)} = shown.${key}
        AND f."deletedAt" IS NULL
        AND NOT EXISTS (
          SELECT 1
          FROM immich_sidecar_both_ways.written undone
          WHERE undone.id = ANY (${first as string[]}::uuid[])
            AND undone.field = 'face'
            AND undone.before->'face'->>'id' = f.id::text
        )
      ORDER BY f.id
      LIMIT 1
    ) AS other ON true
    WHERE w.id = ANY (${first as string[]}::uuid[])
      AND w.field = 'face'
      AND own.${key} = shown.${key}
      AND own."ownerId" = shown."ownerId"
      AND own.${key} IS DISTINCT FROM (w.before->'face'->>'person')::uuid`;
}

/** People who were made for faces, and have none any more. */
async function removeMade(tx: Sql, schema: ImmichSchema, ids: readonly string[]): Promise<void> {
  const { personKey, faceKey } = schema.people;
  const [key, owner] = [tx(personKey), tx(faceKey)];
  const made = await tx<{ id: string; sourceUserId: string }[]>`
    SELECT DISTINCT own.${key} AS id, own."ownerId" AS "sourceUserId"
    FROM immich_sidecar_both_ways.written w
    JOIN person own ON own.${key} = (w.after->'face'->>'person')::uuid AND own."ownerId" = w.source_user_id
    WHERE w.id = ANY (${ids as string[]}::uuid[])
      AND w.field = 'face'
      AND (w.after->'face'->>'isMade')::boolean
      AND own.name = w.after->'face'->>'name'`;
  for (const [sourceUserId, people] of Map.groupBy(made, (one) => one.sourceUserId)) {
    const all = people.map(({ id }) => id);
    await schema.people.lock(tx, all, sourceUserId);
    const gone = await tx<{ id: string }[]>`
      DELETE FROM person own
      WHERE own.${key} = ANY (${all}::uuid[])
        AND own."ownerId" = ${sourceUserId}
        AND NOT ${isNativelyShared(tx, schema, tx`own."ownerId"`, tx`own.${key}`)}
        AND NOT EXISTS (
          SELECT 1
          FROM asset_face f
          JOIN asset a ON a.id = f."assetId" AND a."ownerId" = own."ownerId"
          WHERE f.${owner} = own.${key}
        )
      RETURNING own.${key} AS id`;
    const keys = gone.map(({ id }) => id);
    await unfollowLinks(tx, keys, sourceUserId);
    await tx`
      DELETE FROM immich_sidecar.person_map
      WHERE origin_person_id = ANY (${keys}::uuid[])
        AND origin_owner_id = ${sourceUserId}
        AND NOT is_ours`;
    await schema.people.discard(tx, keys, sourceUserId);
  }
}
