import { namedFiles } from '../../immich/asset_files.ts';
import { isExtractedMotion } from '../../immich/motion.ts';
import { ownerDirectoryOf } from '../../immich/layout.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import type { JournalEntry } from './journal.ts';

/** An asset that Immich has made of a mirror: it belongs to the mirror and goes with it. */
export interface MadeAsset {
  readonly id: string;
  readonly ownerId: string;
  /** The mirror of which it was made; null when that is gone. */
  readonly mirrorAssetId: string | null;
}

/**
 * What Immich has made of these mirrors and nothing else shows: the hidden video that it takes out of a motion photo whenever it does not find
 * one (docs/immich.md#motion-photos). Reads only.
 */
export async function findMadeAssets(sql: Sql, mirrorAssetIds: readonly string[]): Promise<MadeAsset[]> {
  if (mirrorAssetIds.length === 0) return [];
  return await sql<MadeAsset[]>`
    SELECT made.id, made."ownerId", min(mirror.id::text)::uuid AS "mirrorAssetId"
    FROM asset mirror
    JOIN asset made
      ON made.id = mirror."livePhotoVideoId"
      AND made."ownerId" = mirror."ownerId"
      AND made."libraryId" = mirror."libraryId" -- where Immich puts it; a video of the target's own is elsewhere
    WHERE mirror.id = ANY (${mirrorAssetIds as string[]}::uuid[])
      AND ${isMadeOf(sql, mirrorAssetIds)}
    GROUP BY made.id, made."ownerId"`;
}

/**
 * Whether the row `made` is a video that Immich took out of one of these mirrors, and neither a mirror itself nor shown by anything else.
 */
function isMadeOf(sql: Sql, mirrorAssetIds: readonly string[]): Fragment {
  return sql`(
    ${isMade(sql)}
    AND NOT EXISTS (
      SELECT 1
      FROM asset other
      WHERE other."livePhotoVideoId" = made.id
        AND other.id <> ALL (${mirrorAssetIds as string[]}::uuid[])
    )
  )`;
}

function isMade(sql: Sql): Fragment {
  return sql`(
    made.visibility = 'hidden'
    AND ${isExtractedMotion(sql, 'made')}
    AND (
      SELECT own.mirror_asset_id
      FROM immich_sidecar.asset_map own
      WHERE own.mirror_asset_id = made.id
    ) IS NULL
  )`;
}

/**
 * What Immich has made of mirrors that are gone by now, as earlier versions left it: videos in the target's library that nothing shows,
 * with the very bytes of a video of the source. Reads only.
 */
export async function findForsakenAssets(sql: Sql, job: Job): Promise<MadeAsset[]> {
  return await sql<MadeAsset[]>`
    SELECT made.id, made."ownerId", NULL AS "mirrorAssetId"
    FROM asset made
    WHERE made."ownerId" = ${job.targetUserId}
      AND made."libraryId" = ${job.targetLibraryId}
      AND ${isMade(sql)}
      AND NOT EXISTS (SELECT 1 FROM asset still WHERE still."livePhotoVideoId" = made.id)
      AND EXISTS (
        SELECT 1
        FROM asset part
        WHERE part."ownerId" = ${job.sourceUserId}
          AND part.checksum = made.checksum
          AND ${isExtractedMotion(sql, 'part')}
      )
    ORDER BY made.id`;
}

/** The files of such assets, as far as they lie where Immich puts what it makes of them. `mirrorId` is the mirror's, or else the asset's. */
export async function filesOfMadeAssets(
  sql: Sql,
  schema: Pick<ImmichSchema, 'has'>,
  assets: readonly MadeAsset[],
): Promise<JournalEntry[]> {
  if (assets.length === 0) return [];
  const rows = await sql<{ id: string; path: string }[]>`
    SELECT id, "originalPath"::text AS path
    FROM asset
    WHERE id = ANY (${assets.map(({ id }) => id)}::uuid[])
    UNION
    SELECT named."assetId", named.path
    FROM ${namedFiles(sql, schema)} named
    WHERE named."assetId" = ANY (${assets.map(({ id }) => id)}::uuid[])`;
  const known = new Map(assets.map((asset) => [asset.id, asset]));
  return rows.flatMap(({ id, path }) => {
    const asset = known.get(id);
    const keep = asset === undefined ? undefined : ownerDirectoryOf(path, asset);
    return asset === undefined || keep === undefined ? [] : [{ mirrorId: asset.mirrorAssetId ?? id, path, keep }];
  });
}

/**
 * Removes the rows of such assets; call it after the files are gone. One that something shows by now stays. Stills that
 * showed one show none.
 */
export async function removeMadeAssets(tx: Sql, assets: readonly MadeAsset[]): Promise<number> {
  if (assets.length === 0) return 0;
  const mirrors = assets.flatMap(({ mirrorAssetId }) => mirrorAssetId ?? []);
  const removed = await tx`
    DELETE FROM asset made
    WHERE made.id = ANY (${assets.map(({ id }) => id)}::uuid[])
      AND NOT EXISTS (
        SELECT 1
        FROM asset other
        WHERE other."livePhotoVideoId" = made.id
          AND other.id <> ALL (${mirrors}::uuid[])
          AND (SELECT m.mirror_asset_id FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = other.id) IS NULL
      )`;
  return removed.count;
}

/**
 * Whether the mirror of the motion part `a`, with the mapping `m`, was deleted by Immich itself, which had taken the video out of the mirrored still again and shows that one
 * since.
 */
export function isReplacedByImmich(sql: Sql): Fragment {
  return sql`EXISTS (
    SELECT 1
    FROM asset still
    JOIN immich_sidecar.asset_map still_map
      ON still_map.source_asset_id = still.id AND still_map.target_user_id = m.target_user_id
    JOIN asset still_mirror ON still_mirror.id = still_map.mirror_asset_id
    JOIN asset shown ON shown.id = still_mirror."livePhotoVideoId"
    WHERE still."livePhotoVideoId" = a.id
      AND shown.checksum = a.checksum
  )`;
}
