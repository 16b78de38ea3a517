import { takesPart } from '../../immich/albums.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { CriteriaSchema } from './criterion.ts';

/**
 * Whether the mirror with the mapping `m`, of the source `a` that nothing selects any more, was there for shared albums only, and none of these is
 * one of both users any more: deleted, or one of them is no member now. That somebody has meant, however many photos it is. A photo that was
 * taken out of an album that is still there is another matter. A motion part goes by the reasons of its still.
 */
export function isRevoked(sql: Sql, { catalog }: CriteriaSchema): Fragment {
  // A join and no OR: that would read all reasons for each mirror (100,000 of them: 40 ms).
  const known = sql`
    FROM (
      SELECT m.mirror_asset_id AS id
      UNION ALL
      SELECT still_map.mirror_asset_id
      FROM asset still
      JOIN immich_sidecar.asset_map still_map
        ON still_map.source_asset_id = still.id AND still_map.target_user_id = m.target_user_id
      WHERE a.visibility = 'hidden'
        AND still."livePhotoVideoId" = a.id
    ) AS asked
    JOIN immich_sidecar_albums.reason known ON known.mirror_asset_id = asked.id`;
  return sql`(
    EXISTS (SELECT 1 ${known})
    AND NOT EXISTS (
      SELECT 1
      ${known}
      WHERE (
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
