import type { Fragment, Sql } from '../../postgres/connect.ts';

/**
 * Whether the row `a` of `asset` is the hidden motion part of a locked photo, which is as private as the photo; but not while the target
 * has a mirror of another photo with the same motion part. `targetUserId`: an expression.
 */
export function isPartOfLocked(sql: Sql, targetUserId: Fragment): Fragment {
  return sql`(
    a.visibility = 'hidden'
    AND EXISTS (SELECT 1 FROM asset still WHERE still."livePhotoVideoId" = a.id AND still.visibility = 'locked')
    AND NOT EXISTS (
      SELECT 1
      FROM asset still
      JOIN immich_sidecar.asset_map shown ON shown.source_asset_id = still.id AND shown.target_user_id = ${targetUserId}
      WHERE still."livePhotoVideoId" = a.id
        AND still.visibility <> 'locked'
    )
  )`;
}
