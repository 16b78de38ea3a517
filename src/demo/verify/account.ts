import type { Sql } from '../../postgres/connect.ts';
import { columnsOf, type Damage, findings } from './finding.ts';

/** Checks that nothing is mirrored that must not be, and nothing twice. */
export async function checkPrivacy(sql: Sql): Promise<Damage[]> {
  const exposed = await sql<{ id: string; detail: string }[]>`
    SELECT m.mirror_asset_id AS id, coalesce(a."originalPath", 'gone') AS detail
    FROM immich_sidecar.asset_map m
    LEFT JOIN asset a ON a.id = m.source_asset_id
    WHERE a.id IS NULL
      OR a.visibility = 'locked'
      OR a.status <> 'active'
      OR (a."deletedAt" IS NOT NULL AND NOT a."isOffline")
      OR (a."isOffline" AND coalesce(a."deletedAt" < now() - interval '24 hours', true))`;
  const chained = await sql<{ id: string }[]>`
    SELECT m.mirror_asset_id AS id
    FROM immich_sidecar.asset_map m
    JOIN immich_sidecar.asset_map source ON source.mirror_asset_id = m.source_asset_id`;
  const missing = await sql<{ id: string }[]>`
    SELECT m.mirror_asset_id AS id
    FROM immich_sidecar.asset_map m
    WHERE NOT EXISTS (SELECT 1 FROM asset a WHERE a.id = m.mirror_asset_id)`;
  return [
    ...findings('asset', 'is shared and must not be', exposed),
    ...findings('asset', 'is a shared photo that is shared on', chained),
    ...findings('asset', 'has a mapping and no row', missing),
  ];
}

/**
 * Checks that Immich's own "missing" queries would start nothing for a mirror that is done at the source: metadata,
 * thumbnails, smart search, face detection and recognition, text recognition.
 */
export async function checkNothingLeftToCompute(sql: Sql): Promise<Damage[]> {
  const hasOcr = (await columnsOf(sql, 'asset_job_status')).has('ocrAt');
  const face = sql((await columnsOf(sql, 'asset_face')).has('personId') ? 'personId' : 'personGroupId');
  const rows = await sql<{ id: string; detail: string }[]>`
    SELECT m.mirror_asset_id AS id, todo.job AS detail
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.mirror_asset_id
    JOIN asset_job_status source ON source."assetId" = m.source_asset_id
    LEFT JOIN asset_job_status s ON s."assetId" = a.id
    CROSS JOIN LATERAL (
      VALUES
        (s."metadataExtractedAt" IS NULL, 'metadata'),
        (
          a.visibility <> 'hidden' AND (
            a.thumbhash IS NULL
            OR NOT EXISTS (SELECT 1 FROM asset_file f WHERE f."assetId" = a.id AND f.type = 'thumbnail')
            OR NOT EXISTS (SELECT 1 FROM asset_file f WHERE f."assetId" = a.id AND f.type = 'preview')
          ),
          'thumbnails'
        ),
        (
          a.visibility <> 'hidden' AND NOT EXISTS (SELECT 1 FROM smart_search c WHERE c."assetId" = a.id)
            AND EXISTS (SELECT 1 FROM smart_search c WHERE c."assetId" = m.source_asset_id),
          'smart search'
        ),
        (s."facesRecognizedAt" IS NULL AND source."facesRecognizedAt" IS NOT NULL, 'face detection'),
        (${hasOcr ? sql`s."ocrAt" IS NULL AND source."ocrAt" IS NOT NULL` : sql`false`}, 'text recognition'),
        (
          EXISTS (
            SELECT 1
            FROM immich_sidecar.face_map fm
            JOIN asset_face mirror_face ON mirror_face.id = fm.mirror_face_id AND mirror_face.${face} IS NULL
            JOIN asset_face source_face ON source_face.id = fm.source_face_id AND source_face.${face} IS NOT NULL
            WHERE fm.mirror_asset_id = a.id
              AND mirror_face."sourceType" = 'machine-learning'
              AND mirror_face."deletedAt" IS NULL
          ),
          'face recognition'
        )
    ) AS todo (is_left, job)
    WHERE todo.is_left`;
  return findings('asset', 'would be computed again', rows);
}
