import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import { inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Database } from '../cycle/tools.ts';
import { forgetIdleStacks } from './stacks.ts';

/** A photo that is not shared now, and for whom it was. */
export interface RememberedPhoto {
  readonly sourceAssetId: string;
  readonly targetUserId: string;
}

/** Forgets what was remembered of earlier mirrors of these sources. */
export async function forgetMirrorsOf(tx: Sql, withdrawals: readonly RememberedPhoto[]): Promise<void> {
  await tx`
    DELETE FROM immich_sidecar_remembered.photo known
    USING jsonb_to_recordset(${tx.json(withdrawals as never)}) AS gone ("sourceAssetId" uuid, "targetUserId" uuid)
    WHERE known.source_asset_id = gone."sourceAssetId"
      AND known.target_user_id = gone."targetUserId"`;
}

/** Forgets what is remembered of photos, as when their share ends. */
export async function forgetPhotos(
  database: Database,
  photos: readonly RememberedPhoto[],
  onProblem: (problem: Problem) => void,
): Promise<void> {
  await inBatches(
    database,
    photos,
    async (tx, batch) => {
      await forgetMirrorsOf(tx, batch);
      await forgetIdleStacks(tx);
    },
    ({ sourceAssetId }, error) => onProblem(refused(error, { assetId: sourceAssetId })),
  );
}

/** Of how many photos anything is remembered, for each job that had shared them. Reads only. */
export async function countRemembered(sql: Sql): Promise<{ job: string; photos: number }[]> {
  return await sql<{ job: string; photos: number }[]>`
    SELECT job_name AS job, count(*)::int AS photos
    FROM immich_sidecar_remembered.photo
    GROUP BY job_name
    ORDER BY job_name`;
}

/** What is remembered of sources that were deleted for good, or for users who were; behind the row `after`. Reads only. */
export async function findForsaken(
  sql: Sql,
  after: RememberedPhoto | undefined,
  limit: number,
): Promise<RememberedPhoto[]> {
  return await sql<RememberedPhoto[]>`
    SELECT r.source_asset_id AS "sourceAssetId", r.target_user_id AS "targetUserId"
    FROM immich_sidecar_remembered.photo r
    WHERE ${
    after === undefined
      ? sql`true`
      : sql`(r.source_asset_id, r.target_user_id) > (${after.sourceAssetId}::uuid, ${after.targetUserId}::uuid)`
  }
      AND ${isForsaken(sql)}
    ORDER BY 1, 2
    LIMIT ${limit}`;
}

/** Forgets those of them whose sources are still gone. Returns how many. */
export async function forgetForsaken(tx: Sql, page: readonly RememberedPhoto[]): Promise<number> {
  const forgotten = await tx`
    DELETE FROM immich_sidecar_remembered.photo r
    USING jsonb_to_recordset(${tx.json(page as never)}) AS gone ("sourceAssetId" uuid, "targetUserId" uuid)
    WHERE r.source_asset_id = gone."sourceAssetId"
      AND r.target_user_id = gone."targetUserId"
      AND ${isForsaken(tx)}`;
  await forgetIdleStacks(tx);
  return forgotten.count;
}

function isForsaken(sql: Sql): Fragment {
  return sql`(
    NOT EXISTS (SELECT 1 FROM asset a WHERE a.id = r.source_asset_id)
    OR NOT EXISTS (SELECT 1 FROM "user" u WHERE u.id = r.target_user_id)
  )`;
}
