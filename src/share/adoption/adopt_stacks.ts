import type { Context } from '../cycle/context.ts';
import type { Job } from '../jobs/job.ts';

/**
 * Takes stacks of mirrors for ours again that have nothing in them but mirrors of one and the same source stack. For use
 * right after mirrors were adopted: whoever made such a stack, it is what we would have made.
 */
export async function adoptStacks(context: Context, job: Job): Promise<void> {
  await context.transaction(async (tx) => {
    const adopted = await tx<{ id: string }[]>`
      INSERT INTO immich_sidecar_stacks.stack_map (source_stack_id, target_user_id, mirror_stack_id, primary_asset_id)
      SELECT rebuilt.source_stack_id, ${job.targetUserId}, s.id, s."primaryAssetId"
      FROM (
        SELECT mirror."stackId" AS id, min(a."stackId"::text)::uuid AS source_stack_id
        FROM asset mirror
        LEFT JOIN immich_sidecar.asset_map m
          ON m.mirror_asset_id = mirror.id AND m.source_user_id = ${job.sourceUserId} AND m.stack_id IS NULL
        LEFT JOIN asset a ON a.id = m.source_asset_id
        WHERE mirror."ownerId" = ${job.targetUserId}
          AND mirror."stackId" IS NOT NULL
        GROUP BY mirror."stackId"
        HAVING count(*) >= 2
          AND bool_and(a."stackId" IS NOT NULL)
          AND count(DISTINCT a."stackId") = 1
      ) AS rebuilt
      JOIN stack s ON s.id = rebuilt.id
      ON CONFLICT DO NOTHING
      RETURNING mirror_stack_id AS id`;
    await tx`
      UPDATE immich_sidecar.asset_map m
      SET stack_id = mirror."stackId"
      FROM asset mirror
      WHERE mirror."stackId" = ANY (${adopted.map(({ id }) => id)}::uuid[])
        AND m.mirror_asset_id = mirror.id`;
  });
}
