import type { Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import type { Context } from '../cycle/context.ts';
import type { Job } from '../jobs/job.ts';
import { isWithin, type Scope } from '../cycle/scope.ts';

/** A mirrored still and the mirror of its motion part. */
export interface LivePhotoPlan {
  readonly stillId: string;
  readonly motionId: string;
}

/** Finds mirrored live photos whose two parts are not linked yet. Reads only. */
export async function planLivePhotos(sql: Sql, job: Job, scope: Scope): Promise<LivePhotoPlan[]> {
  return await sql<LivePhotoPlan[]>`
    SELECT mirror.id AS "stillId", motion_mirror.id AS "motionId"
    FROM immich_sidecar.asset_map m
    JOIN asset still ON still.id = m.source_asset_id AND still."livePhotoVideoId" IS NOT NULL
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    JOIN immich_sidecar.asset_map motion
      ON motion.source_asset_id = still."livePhotoVideoId" AND motion.target_user_id = m.target_user_id
    JOIN asset motion_mirror ON motion_mirror.id = motion.mirror_asset_id
    WHERE m.source_user_id = ${job.sourceUserId}
      AND m.target_user_id = ${job.targetUserId}
      AND ${isWithin(sql, scope, sql`m.source_asset_id`)}
      AND mirror."livePhotoVideoId" IS DISTINCT FROM motion_mirror.id`;
}

/** Links the parts. Returns how many live photos were made whole. */
export async function applyLivePhotos(context: Context, plan: readonly LivePhotoPlan[]): Promise<number> {
  return await inBatches(context, plan, async (tx, batch) => {
    const linked = await tx`
      UPDATE asset mirror
      SET "livePhotoVideoId" = pair."motionId"
      FROM jsonb_to_recordset(${tx.json(batch as never)}) AS pair ("stillId" uuid, "motionId" uuid)
      WHERE mirror.id = pair."stillId"`;
    return linked.count;
  });
}
