import { existsSync } from 'node:fs';
import { FileProblem } from '../../files/problem.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Files, View } from '../cycle/tools.ts';
import type { CoverPlan, KnownCover } from './covers.ts';
import { isOurs } from './seen.ts';

/**
 * The query for covers to set for the user `target`, an expression, behind `after`. The thumbnail of a person is a cut-out of one photo. It is shared only while the target can see that very photo;
 * otherwise a locked or private photo would show through.
 */
export function coversOf({ sql, schema, limits }: View, target: Fragment, after: CoverPlan | undefined): Fragment {
  const { personKey, faceKey } = schema.people;
  return sql`
    SELECT
      wanted.mirror_person_id AS "mirrorPersonId",
      wanted.cover_face_id AS "coverFaceId",
      wanted.fallback_face_id AS "fallbackFaceId",
      wanted.thumbnail_path AS "sourceThumbnailPath",
      ${cutOf(sql, schema, sql`coalesce(wanted.cover_face_id, wanted.fallback_face_id)`)} AS cut
    FROM (
      SELECT
        pm.mirror_person_id,
        pm.cover_face_id AS written_face_id,
        mirror."faceAssetId" AS current_face_id,
        ${isSeen(sql, schema, sql`mirror."faceAssetId"`)} AS is_current_seen,
        -- Another one than we wrote is the target's own choice, as long as its photo is there.
        mirror."faceAssetId" <> pm.cover_face_id AS is_chosen,
        origin."thumbnailPath" AS thumbnail_path,
        (
          SELECT fm.mirror_face_id
          FROM asset_face cover
          JOIN immich_sidecar.asset_map m
            ON m.source_asset_id = cover."assetId" AND m.target_user_id = ${target}
          JOIN immich_sidecar.face_map fm
            ON fm.mirror_asset_id = m.mirror_asset_id AND fm.source_face_id = cover.id
          WHERE cover.id = origin."faceAssetId"
            AND ${isSeen(sql, schema, sql`fm.mirror_face_id`)}
          LIMIT 1
        ) AS cover_face_id,
        CASE
          WHEN pm.cover_face_id IS NOT NULL OR NOT ${isSeen(sql, schema, sql`mirror."faceAssetId"`)} THEN (
            SELECT f.id
            FROM asset_face f
            WHERE f.${sql(faceKey)} = pm.mirror_person_id
              AND f."deletedAt" IS NULL
              AND (SELECT a."ownerId" FROM asset a WHERE a.id = f."assetId") = ${target}
            ORDER BY
              ${isShown(sql, schema)} DESC,
              (f."boundingBoxX2" - f."boundingBoxX1") * (f."boundingBoxY2" - f."boundingBoxY1") DESC,
              -- Of two that are alike the same one each time: ids of mirrored faces are made anew.
              (
                SELECT known.source_face_id
                FROM immich_sidecar.face_map known
                WHERE known.mirror_asset_id = f."assetId" AND known.mirror_face_id = f.id
              ),
              f.id
            LIMIT 1
          )
        END AS fallback_face_id
      FROM immich_sidecar.person_map pm
      JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
      JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = ${target}
      WHERE pm.target_user_id = ${target}
        AND ${isOurs(sql, schema)}
        AND ${after === undefined ? sql`true` : sql`pm.mirror_person_id > ${after.mirrorPersonId}`}
    ) AS wanted
    WHERE (
        wanted.cover_face_id IS DISTINCT FROM wanted.written_face_id
        AND NOT coalesce(wanted.is_chosen AND wanted.cover_face_id IS NOT NULL, false)
      )
      OR (wanted.current_face_id IS NULL AND wanted.fallback_face_id IS NOT NULL)
      OR (NOT wanted.is_current_seen AND ${isSeen(sql, schema, sql`wanted.fallback_face_id`)})
    ORDER BY wanted.mirror_person_id
    LIMIT ${limits.search}`;
}

/** Where a face is, and the preview that it can be cut out of. Of a photo that was edited there are two, and faces lie in the one without edits. */
export function cutOf(sql: Sql, schema: ImmichSchema, faceId: Fragment): Fragment {
  return sql`(
    SELECT json_build_object(
      'imageWidth', f."imageWidth", 'imageHeight', f."imageHeight", 'x1', f."boundingBoxX1", 'y1', f."boundingBoxY1",
      'x2', f."boundingBoxX2", 'y2', f."boundingBoxY2", 'previewPath', preview.path
    )
    FROM asset_face f
    JOIN asset_file preview ON preview."assetId" = f."assetId" AND preview.type = 'preview'
    WHERE f.id = ${faceId}
      ${schema.has('asset_file', 'isEdited') ? sql`AND NOT preview."isEdited"` : sql``}
    LIMIT 1
  )`;
}

/** Whether this face is there, was not removed, and no crop leaves it out. */
function isSeen(sql: Sql, schema: ImmichSchema, faceId: Fragment): Fragment {
  return sql`
    ((SELECT f.id FROM asset_face f WHERE f.id = ${faceId} AND f."deletedAt" IS NULL AND ${
    isShown(sql, schema)
  }) IS NOT NULL)`;
}

/** Whether the face `f` is to be seen: from 2.5 on one that a crop leaves out is not. */
export function isShown(sql: Sql, schema: ImmichSchema): Fragment {
  return schema.has('asset_face', 'isVisible') ? sql`f."isVisible"` : sql`f."deletedAt" IS NULL`;
}

/**
 * The query for people of the user `target`, an expression, behind `after`, who have a cover that they see, and what is known of its thumbnail: a copy of their origin's, cut out of a photo, or none.
 * Covers that are the target's own choice have their thumbnails from Immich, and are found when these are missing.
 */
export function knownCoversOf(
  { sql, schema, limits, scope }: View,
  target: Fragment,
  after: KnownCover | undefined,
): Fragment {
  const { personKey } = schema.people;
  return sql`
    SELECT
      pm.mirror_person_id AS "mirrorPersonId",
      CASE WHEN pm.cover_face_id = mirror."faceAssetId" THEN pm.cover_face_id END AS "coverFaceId",
      CASE WHEN pm.cover_face_id IS DISTINCT FROM mirror."faceAssetId" THEN mirror."faceAssetId" END AS "fallbackFaceId",
      ${cutOf(sql, schema, sql`mirror."faceAssetId"`)} AS cut,
      origin."thumbnailPath" AS "sourceThumbnailPath",
      mirror."thumbnailPath" = '' AS "isMissing",
      pm.uncut
    FROM immich_sidecar.person_map pm
    JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${target}
      AND ${isOurs(sql, schema)}
      AND ${after === undefined ? sql`true` : sql`pm.mirror_person_id > ${after.mirrorPersonId}`}
      AND CASE
        WHEN mirror."thumbnailPath" = '' THEN ${isSeen(sql, schema, sql`mirror."faceAssetId"`)}
        ELSE ${scope === 'all'} AND mirror."faceAssetId" = coalesce(pm.cover_face_id, mirror."faceAssetId")
      END
    ORDER BY pm.mirror_person_id
    LIMIT ${limits.search}`;
}

/** Whether an attempt with the very same files has failed: Immich makes this thumbnail. */
export function hasFailed(cover: KnownCover, files: Files): boolean {
  return cover.cut === null || cover.uncut === attemptOf(cover, files);
}

/** What an attempt at a thumbnail is known by: the face, and the files that it can be made of, as they are now. */
export function attemptOf(
  { coverFaceId, fallbackFaceId, sourceThumbnailPath, cut }: CoverPlan,
  { paths }: Files,
): string {
  const looks = [cut?.previewPath, coverFaceId === null ? undefined : sourceThumbnailPath].map((path) => {
    const local = path === undefined ? undefined : paths.toLocal(path);
    const info = local === undefined ? undefined : lookAt(local);
    return [path, info?.size, info?.mtime?.getTime()].join(' ');
  });
  return [coverFaceId ?? fallbackFaceId, ...looks].join(' ');
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined; // whatever it is, making the thumbnail says it
  }
}

/**
 * Whether a thumbnail is not on disk, or not what the source has by now: Immich makes them anew under the same name, which shows in no
 * row. One that the source has lost is left. One that was cut out of another photo is not to be the source's, as it may be after an older backup was restored.
 */
export function isStale(cover: CoverPlan, thumbnailPath: string, { linker, paths }: Files): boolean {
  const [source, target] = [paths.toLocal(cover.sourceThumbnailPath), paths.toLocal(thumbnailPath)];
  if (source === undefined || target === undefined) return false;
  try {
    if (cover.coverFaceId !== null) return !linker.isCopy(linker.inspect(source), target);
    return !existsSync(target) || (existsSync(source) && linker.isCopy(linker.inspect(source), target));
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    return false;
  }
}
