import type { Sql } from '../../postgres/connect.ts';
import { wordsFor } from '../../problems/codes.ts';
import { describeEvent, problem } from '../../problems/problem.ts';
import type { Job } from '../jobs/job.ts';
import { retryOf, type Skip, type SkipReason } from '../cycle/outcome.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';

/** A source that is left out. `path`: the file that is the reason, if it is not the original. */
export function skipOf(
  source: Pick<Skip, 'sourceAssetId' | 'sourceUpdateId' | 'sourcePath'>,
  reason: SkipReason,
  { path, detail }: { readonly path?: string; readonly detail?: string } = {},
): Skip {
  const { sourceAssetId, sourceUpdateId, sourcePath } = source;
  const where = { assetId: sourceAssetId, photo: sourcePath, ...path === undefined ? {} : { path } };
  return { sourceAssetId, sourceUpdateId, sourcePath, reason, problem: problem(reason, where, detail) };
}

/** A skip, and whether it is remembered already. */
export interface KnownSkip extends Skip {
  readonly isKnown: boolean;
}

/** Which of these skips would be remembered as they are remembered now. Reads only. */
export async function markKnown(sql: Sql, job: Job, skips: readonly Skip[]): Promise<KnownSkip[]> {
  if (skips.length === 0) return [];
  const rows = await sql<{ id: string; reason: string; retry: string; updateId: string }[]>`
    SELECT source_asset_id AS id, reason, retry, source_update_id AS "updateId"
    FROM immich_sidecar.skipped
    WHERE target_user_id = ${job.targetUserId}
      AND source_asset_id = ANY (${skips.map(({ sourceAssetId }) => sourceAssetId)}::uuid[])`;
  const keyOf = (parts: readonly string[]) => parts.join(' ');
  const known = new Set(rows.map(({ id, reason, retry, updateId }) => keyOf([id, reason, retry, updateId])));
  return skips.map((skip) => ({
    ...skip,
    isKnown: known.has(keyOf([skip.sourceAssetId, skip.reason, retryOf(skip.reason), skip.sourceUpdateId])),
  }));
}

/**
 * Remembers skipped sources. One that was skipped for the same reason before is not written again; the detail may differ
 * each time, as it can name a path with the id that the mirror would have had.
 */
export async function recordSkips(sql: Sql, job: Job, skips: readonly Skip[]): Promise<void> {
  if (skips.length === 0) return;
  const rows = skips.map(({ sourceAssetId, sourceUpdateId, reason, problem }) => ({
    sourceAssetId,
    sourceUpdateId,
    reason,
    detail: describeEvent(problem),
    retry: retryOf(reason),
  }));
  await sql`
    INSERT INTO immich_sidecar.skipped AS known
      (source_asset_id, target_user_id, reason, detail, retry, source_update_id)
    SELECT skip."sourceAssetId", ${job.targetUserId}, skip.reason, skip.detail, skip.retry, skip."sourceUpdateId"
    FROM jsonb_to_recordset(${sql.json(rows as never)}) AS skip
      ("sourceAssetId" uuid, reason text, detail text, retry text, "sourceUpdateId" uuid)
    ON CONFLICT (source_asset_id, target_user_id) DO UPDATE
    SET reason = excluded.reason,
        detail = excluded.detail,
        retry = excluded.retry,
        source_update_id = excluded.source_update_id,
        since = now()
    WHERE (known.reason, known.retry, known.source_update_id)
      IS DISTINCT FROM (excluded.reason, excluded.retry, excluded.source_update_id)`;
}

/** Remembers the sources of mirrors that were withdrawn because the target's owner has the pictures, too. */
export async function recordDuplicates(sql: Sql, withdrawals: readonly Withdrawal[]): Promise<void> {
  const duplicates = withdrawals.filter(({ reason }) => reason === 'duplicate');
  if (duplicates.length === 0) return;
  await sql`
    INSERT INTO immich_sidecar.skipped (source_asset_id, target_user_id, reason, detail, retry, source_update_id)
    SELECT
      gone."sourceAssetId", gone."targetUserId", 'duplicate', ${wordsFor('duplicate')}, ${retryOf('duplicate')},
      a."updateId"
    FROM jsonb_to_recordset(${sql.json(duplicates as never)}) AS gone ("sourceAssetId" uuid, "targetUserId" uuid)
    JOIN asset a ON a.id = gone."sourceAssetId"
    ON CONFLICT (source_asset_id, target_user_id) DO UPDATE
    SET reason = excluded.reason, detail = excluded.detail, retry = excluded.retry, since = now()`;
}

/** Forgets the skips of sources that have a mirror now. */
export async function clearSkips(sql: Sql, job: Job, mirrorAssetIds: readonly string[]): Promise<void> {
  await sql`
    DELETE FROM immich_sidecar.skipped s
    USING immich_sidecar.asset_map m
    WHERE m.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
      AND m.source_asset_id = s.source_asset_id
      AND s.target_user_id = ${job.targetUserId}`;
}
