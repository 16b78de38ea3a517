import type { Fragment, Sql } from '../../postgres/connect.ts';

/** Whether Immich has noted that somebody has deleted the mirror `m`. Its notes are there for a month; what falls with an account leaves none. */
export function isDeletedInAudit(sql: Sql): Fragment {
  return sql`EXISTS (SELECT 1 FROM asset_audit d WHERE d."assetId" = m.mirror_asset_id)`;
}

/** Whether somebody has asked for what is gone with the mirror `m` to be shared again: it is made anew, however it went. */
export function isAskedFor(sql: Sql): Fragment {
  return sql`(m.deleted_at IS NOT NULL AND m.deleted_at = '-infinity')`;
}

/**
 * Whether the mirror `m` of the source `a` was in the target's trash when it was seen last, or is the motion part of one that was: Immich deletes
 * that along with its still.
 */
export function wasTrashed(sql: Sql): Fragment {
  return sql`(
    m.trashed_at IS NOT NULL
    OR (
      a.visibility = 'hidden'
      AND EXISTS (
        SELECT 1
        FROM asset still
        LEFT JOIN immich_sidecar.asset_map still_map
          ON still_map.source_asset_id = still.id AND still_map.target_user_id = m.target_user_id
        LEFT JOIN asset still_mirror ON still_mirror.id = still_map.mirror_asset_id
        LEFT JOIN immich_sidecar.withdrawn w
          ON w.source_asset_id = still.id AND w.target_user_id = m.target_user_id
        WHERE still."livePhotoVideoId" = a.id
          AND still_mirror.id IS NULL
          AND (still_map.trashed_at IS NOT NULL OR w.reason = 'target-trashed')
      )
    )
  )`;
}

/** Whether the mirror has an original of its own, as with hard links and copies: what Immich purges with it is not the source's file. */
export function hasOwnOriginal(sql: Sql): Fragment {
  return sql`EXISTS (
    SELECT 1
    FROM immich_sidecar.link l
    WHERE l.mirror_id = m.mirror_asset_id AND l.path = mirror."originalPath"
  )`;
}
