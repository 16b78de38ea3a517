import type { Fragment, Sql } from '../postgres/connect.ts';
import type { Job } from './job.ts';

/**
 * Whether a job selects the row `a` of `asset` by itself. Trashed, offline and locked assets are never selected, nor is
 * a mirror: sharing back and forth, or around a circle, makes no mirror of a mirror.
 */
export function isSelected(sql: Sql, job: Job): Fragment {
  return sql`(
    ${isWithin(sql, job)}
    AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map own WHERE own.mirror_asset_id = a.id)
  )`;
}

/**
 * Whether the row `a` of `asset` is the hidden motion part of a live photo whose still a job mirrors: it travels with its
 * still and is never selected for itself.
 */
export function isMotionOfMirror(sql: Sql, job: Job): Fragment {
  return sql`(
    a."ownerId" = ${job.sourceUserId}
    AND a.visibility = 'hidden'
    AND ${isPresent(sql)}
    AND EXISTS (
      SELECT 1
      FROM asset still
      JOIN immich_sidecar.asset_map still_map
        ON still_map.source_asset_id = still.id AND still_map.target_user_id = ${job.targetUserId}
      WHERE still."livePhotoVideoId" = a.id
    )
    AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map own WHERE own.mirror_asset_id = a.id)
  )`;
}

/** Owner, scope and state. `starts_with` and not LIKE, so that `_` and `%` in a prefix mean themselves. */
function isWithin(sql: Sql, job: Job): Fragment {
  const library = job.kind === 'external' ? sql`a."libraryId" IS NOT NULL` : sql`a."libraryId" IS NULL`;
  const prefix = job.sourcePathPrefix === undefined
    ? sql`true`
    : sql`starts_with(a."originalPath", ${job.sourcePathPrefix})`;
  return sql`
    a."ownerId" = ${job.sourceUserId}
    AND ${library}
    AND ${prefix}
    AND a.visibility::text = ANY (${job.visibilities as string[]}::text[])
    AND ${isPresent(sql)}`;
}

function isPresent(sql: Sql): Fragment {
  return sql`(a."deletedAt" IS NULL AND NOT a."isOffline" AND a.status = 'active')`;
}
