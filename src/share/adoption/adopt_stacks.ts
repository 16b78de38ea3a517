import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';

/** A stack of mirrors that is ours again. */
export interface AdoptedStack {
  readonly sourceStackId: string;
  readonly targetUserId: string;
  readonly mirrorStackId: string;
  readonly primaryAssetId: string;
}

/** In which stacks these assets are. */
export async function readStacksOf(sql: Sql, mirrorAssetIds: readonly string[]): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT DISTINCT "stackId" AS id
    FROM asset
    WHERE id = ANY (${mirrorAssetIds as string[]}::uuid[])
      AND "stackId" IS NOT NULL`;
  return rows.map(({ id }) => id);
}

/**
 * Which of these stacks have nothing in them but mirrors of one and the same source stack. For stacks of mirrors that were adopted just
 * now: no matter who made such a stack, it is what we would have made. Reads only.
 */
export async function findAdoptedStacks(sql: Sql, job: Job, stackIds: readonly string[]): Promise<AdoptedStack[]> {
  return await sql<AdoptedStack[]>`
    SELECT
      rebuilt.source_stack_id AS "sourceStackId",
      ${job.targetUserId}::uuid AS "targetUserId",
      s.id AS "mirrorStackId",
      s."primaryAssetId"
    FROM (
      SELECT mirror."stackId" AS id, min(a."stackId"::text)::uuid AS source_stack_id
      FROM asset mirror
      LEFT JOIN immich_sidecar.asset_map m
        ON m.mirror_asset_id = mirror.id AND m.source_user_id = ${job.sourceUserId} AND m.stack_id IS NULL
      LEFT JOIN asset a ON a.id = m.source_asset_id
      WHERE mirror."ownerId" = ${job.targetUserId}
        AND mirror."stackId" = ANY (${stackIds as string[]}::uuid[])
      GROUP BY mirror."stackId"
      HAVING count(*) >= 2
        AND bool_and(a."stackId" IS NOT NULL)
        AND count(DISTINCT a."stackId") = 1
    ) AS rebuilt
    JOIN stack s ON s.id = rebuilt.id`;
}

export async function adoptStacks(tx: Sql, stacks: readonly AdoptedStack[]): Promise<number> {
  const adopted = await tx<{ id: string }[]>`
    INSERT INTO immich_sidecar_stacks.stack_map (source_stack_id, target_user_id, mirror_stack_id, primary_asset_id)
    SELECT adopted."sourceStackId", adopted."targetUserId", s.id, s."primaryAssetId"
    FROM jsonb_to_recordset(${tx.json(stacks as never)}) AS adopted
      ("sourceStackId" uuid, "targetUserId" uuid, "mirrorStackId" uuid)
    JOIN stack s ON s.id = adopted."mirrorStackId"
    ON CONFLICT DO NOTHING
    RETURNING mirror_stack_id AS id`;
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET stack_id = mirror."stackId"
    FROM asset mirror
    WHERE mirror."stackId" = ANY (${adopted.map(({ id }) => id)}::uuid[])
      AND m.mirror_asset_id = mirror.id`;
  return adopted.length;
}
