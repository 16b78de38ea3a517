import type { Fragment, Sql } from '../postgres/connect.ts';
import { isEditUnfinished } from './asset_files.ts';
import type { Features } from './settings.ts';
import type { ImmichSchema } from './schema.ts';

/** What an asset still waits for, in the order in which Immich computes it. */
export type PendingFor = 'metadata' | 'thumbnail' | 'edit' | 'clip' | 'faces' | 'recognition' | 'ocr';

/** What must have been computed before a photo is ready. */
export interface Needs extends Features {
  /** Whether the faces on it must have been recognised, and not only found: who is on it decides whether it may be shared. */
  readonly recognition?: boolean;
}

/** How long recognition is waited for once faces were found. A face that is still nobody's then is like no other, or one of too few. */
export const RECOGNITION_MINUTES = 10;

/**
 * What Immich has not computed yet for the row `a` of `asset`: one of PendingFor, or NULL when the asset is ready.
 * Mirrors Immich's own "missing" queries (docs/immich.md; its `facesRecognizedAt` says that faces were found); hidden assets are never given thumbnails or machine learning.
 */
export function pendingFor(sql: Sql, schema: ImmichSchema, features: Needs): Fragment {
  const hasFile = (type: string) =>
    sql`EXISTS (SELECT 1 FROM asset_file f WHERE f."assetId" = a.id AND f.type = ${type})`;
  const jobStatus = (column: string) =>
    sql`EXISTS (SELECT 1 FROM asset_job_status s WHERE s."assetId" = a.id AND s.${sql(column)} IS NOT NULL)`;
  const isRecognised = features.recognition === true
    ? sql`
      EXISTS (
        SELECT 1
        FROM asset_job_status s
        WHERE s."assetId" = a.id
          AND (
            s."facesRecognizedAt" <= clock_timestamp() - make_interval(mins => ${RECOGNITION_MINUTES})
            OR (
              s."facesRecognizedAt" IS NOT NULL
              AND NOT EXISTS (
                SELECT 1
                FROM asset_face face
                WHERE face."assetId" = a.id
                  AND face."deletedAt" IS NULL
                  AND face.${sql(schema.people.faceKey)} IS NULL
                  ${schema.has('asset_face', 'isVisible') ? sql`AND face."isVisible"` : sql``}
              )
            )
          )
      )`
    : sql`true`;
  const hasOcr = features.ocr && schema.has('asset_job_status', 'ocrAt') ? jobStatus('ocrAt') : sql`true`;
  return sql`
    CASE
      WHEN NOT ${jobStatus('metadataExtractedAt')}
        OR NOT EXISTS (SELECT 1 FROM asset_exif e WHERE e."assetId" = a.id) THEN 'metadata'
      WHEN a.visibility = 'hidden' THEN NULL
      WHEN a.thumbhash IS NULL OR NOT (${hasFile('thumbnail')} AND ${hasFile('preview')}) THEN 'thumbnail'
      WHEN ${isEditUnfinished(sql, schema)} THEN 'edit'
      WHEN NOT ${
    features.clip ? sql`EXISTS (SELECT 1 FROM smart_search c WHERE c."assetId" = a.id)` : sql`true`
  } THEN 'clip'
      WHEN NOT ${features.faces ? jobStatus('facesRecognizedAt') : sql`true`} THEN 'faces'
      WHEN NOT ${isRecognised} THEN 'recognition'
      WHEN NOT ${hasOcr} THEN 'ocr'
    END`;
}
