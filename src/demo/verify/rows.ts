import type { Sql } from '../../postgres/connect.ts';
import { columnsOf, type Damage, findings } from './finding.ts';

/** What Immich or PostgreSQL makes anew for every row. */
const OWN = ['id', 'createdAt', 'updatedAt', 'updateId'];

/**
 * Tables that must be equal for a source and its mirror, and the columns in which they must not. Written by hand and apart
 * from what the program copies, so that it can be wrong in one place only.
 */
const DIFFERENT: Readonly<Record<string, readonly string[]>> = Object.freeze({
  asset: [
    ...OWN,
    'ownerId',
    'libraryId',
    'originalPath',
    'checksum',
    'checksumAlgorithm',
    'isExternal',
    'fileModifiedAt', // the file's own time, see files.ts
    'isFavorite', // a matter of taste
    'livePhotoVideoId', // the mirror of the motion part
    'stackId', // a stack belongs to its owner, see stacks.ts
    'duplicateId', // so do their duplicates
    'sidecarPath',
    'encodedVideoPath',
    'deviceId', // that of files in external libraries
    'deletedAt', // while a source is offline its mirror is not; checkOwnValues sees to it
    'isOffline',
    'status', // what its own user has put into the trash stays there
  ],
  asset_exif: ['assetId', 'updatedAt', 'updateId', 'lockedProperties'], // what its own user has changed
  asset_file: [...OWN, 'assetId', 'path'],
  smart_search: ['assetId'],
  asset_ocr: [...OWN, 'assetId'],
  ocr_search: ['assetId'],
  asset_video: ['assetId'],
  asset_audio: ['assetId'],
  asset_keyframe: ['assetId'],
  asset_edit: [...OWN, 'assetId'],
  asset_face: [...OWN, 'assetId', 'personId', 'personGroupId'], // see people.ts
});

/** Compares every column of every row that hangs on a source with its mirror's. */
export async function checkRows(sql: Sql): Promise<Damage[]> {
  const found: Damage[] = [];
  for (const [table, different] of Object.entries(DIFFERENT)) {
    const columns = await columnsOf(sql, table);
    if (columns.size === 0) continue;
    const key = table === 'asset' ? 'id' : 'assetId';
    const rowsOf = (assetId: 'source_asset_id' | 'mirror_asset_id') =>
      sql`(
        SELECT jsonb_agg(row ORDER BY row)
        FROM (
          SELECT to_jsonb(t) - ${different as string[]}::text[] AS row
          FROM ${sql(table)} t
          WHERE t.${sql(key)} = m.${sql(assetId)}
        ) AS rows
      )`;
    const rows = await sql<{ id: string; detail: string }[]>`
      SELECT id, left(source::text, 300) || ' <> ' || left(coalesce(mirror::text, 'no row'), 300) AS detail
      FROM (
        SELECT m.mirror_asset_id AS id, ${rowsOf('source_asset_id')} AS source, ${rowsOf('mirror_asset_id')} AS mirror
        FROM immich_sidecar.asset_map m
      ) AS pair
      WHERE source IS DISTINCT FROM mirror`;
    found.push(...findings(table, 'differs from its source', rows));
  }
  return [...found, ...await checkProgress(sql), ...await checkEmbeddings(sql), ...await checkOwnValues(sql)];
}

/** What Immich has done for the source counts as done for the mirror; when does not matter. */
async function checkProgress(sql: Sql): Promise<Damage[]> {
  const rows = await sql<{ id: string; detail: string }[]>`
    SELECT m.mirror_asset_id AS id, string_agg(done.key, ', ') AS detail
    FROM immich_sidecar.asset_map m
    JOIN asset_job_status source ON source."assetId" = m.source_asset_id
    LEFT JOIN asset_job_status mirror ON mirror."assetId" = m.mirror_asset_id
    CROSS JOIN LATERAL jsonb_each(jsonb_strip_nulls(to_jsonb(source))) AS done
    WHERE coalesce(to_jsonb(mirror)->done.key, 'null') = 'null'
    GROUP BY 1`;
  return findings('asset_job_status', 'is not marked as done', rows);
}

/** A face that machine learning found has its source's embedding, no other face has one. */
async function checkEmbeddings(sql: Sql): Promise<Damage[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT fm.mirror_face_id AS id
    FROM immich_sidecar.face_map fm
    JOIN asset_face f ON f.id = fm.source_face_id
    LEFT JOIN face_search source ON source."faceId" = f.id AND f."sourceType" = 'machine-learning'
    LEFT JOIN face_search mirror ON mirror."faceId" = fm.mirror_face_id
    WHERE to_jsonb(source) - 'faceId' IS DISTINCT FROM to_jsonb(mirror) - 'faceId'`;
  return findings('face_search', 'differs from its source', rows);
}

/** What a mirror must have of its own. */
async function checkOwnValues(sql: Sql): Promise<Damage[]> {
  const columns = await columnsOf(sql, 'asset');
  const has = (column: string) => columns.has(column);
  const rows = await sql<{ id: string; detail: string }[]>`
    SELECT m.mirror_asset_id AS id, wrong.detail
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.mirror_asset_id
    JOIN asset source ON source.id = m.source_asset_id
    LEFT JOIN library l ON l.id = a."libraryId"
    LEFT JOIN immich_sidecar.asset_map motion
      ON motion.source_asset_id = source."livePhotoVideoId" AND motion.target_user_id = m.target_user_id
    CROSS JOIN LATERAL (
      VALUES
        (a."ownerId" <> m.target_user_id, 'owner'),
        (l."ownerId" IS DISTINCT FROM m.target_user_id, 'library'),
        (NOT a."isExternal", 'isExternal'),
        (a."isFavorite", 'isFavorite'),
        (a."isOffline" OR (a."deletedAt" IS NOT NULL AND a.status = 'active'), 'state'),
        (a."duplicateId" IS NOT NULL, 'duplicate'),
        (a."livePhotoVideoId" IS DISTINCT FROM motion.mirror_asset_id, 'live photo'),
        (${
    has('checksumAlgorithm')
      ? sql`
          a."checksumAlgorithm"::text <> CASE
            WHEN a.visibility = 'hidden' AND a."originalPath" LIKE '%-MP.mp4' THEN 'sha1'
            ELSE 'sha1-path'
          END`
      : sql`false`
  }, 'checksum algorithm'),
        (${has('deviceId') ? sql`a."deviceId" <> 'Library Import'` : sql`false`}, 'device'),
        (a."originalPath" = source."originalPath", 'the source’s path')
    ) AS wrong (is_wrong, detail)
    WHERE wrong.is_wrong`;
  return findings('asset', 'has a wrong value of its own', rows);
}
