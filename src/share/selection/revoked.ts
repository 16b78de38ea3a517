import { takesPart } from '../../immich/albums.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { CriteriaSchema } from './criterion.ts';

/**
 * Whether the mirror with the mapping `m`, of the source `a` that nothing selects any more, was there for shared albums only, and none of these is
 * one of both users any more: deleted, or one of them is no member now. That somebody has meant, however many photos it is. A photo that was
 * taken out of an album that is still there is another matter. A motion part goes by the reasons of its still.
 */
export function isRevoked(sql: Sql, { catalog }: CriteriaSchema): Fragment {
  const known = sql`
    FROM immich_sidecar_albums.reason known
    WHERE (
      known.mirror_asset_id = m.mirror_asset_id
      OR a.visibility = 'hidden' AND known.mirror_asset_id IN (
        SELECT still_map.mirror_asset_id
        FROM asset still
        JOIN immich_sidecar.asset_map still_map
          ON still_map.source_asset_id = still.id AND still_map.target_user_id = m.target_user_id
        WHERE still."livePhotoVideoId" = a.id
      )
    )`;
  return sql`(
    EXISTS (SELECT 1 ${known})
    AND NOT EXISTS (
      SELECT 1
      ${known}
        AND (
          known.criterion <> 'shared-albums'
          OR EXISTS (
            SELECT 1
            FROM album shared
            WHERE shared.id = CASE WHEN known.criterion = 'shared-albums' THEN known.thing::uuid END
              AND shared."deletedAt" IS NULL
              AND ${takesPart(sql, catalog, 'shared', sql`m.source_user_id`)}
              AND ${takesPart(sql, catalog, 'shared', sql`m.target_user_id`)}
          )
        )
    )
  )`;
}
