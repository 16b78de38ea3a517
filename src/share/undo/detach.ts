import { isBehindLink } from '../../files/behind_link.ts';
import type { Sql } from '../../postgres/connect.ts';
import { type Problem, problem } from '../../problems/problem.ts';
import { inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools } from '../cycle/tools.ts';
import { forgetLinks } from '../mirrors/journal.ts';
import { forgetMirrors, removeMirrors } from '../mirrors/remove.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';
import { forgetMirrorsOf, forgetPhotos } from '../remembered/forget.ts';
import { handOverAll, isOnNoMirror } from '../people/hand_over.ts';
import { removeOrphans } from '../phases/orphans.ts';
import { undoUnfinished } from '../phases/unfinished.ts';
import { assertLinksAreHere, type UnsharePlan } from './unshare.ts';

export interface DetachResult {
  /** Mirrors that are the target's own photos now. */
  readonly kept: number;
  /** Mirrors that went, as their sources are locked. */
  readonly removed: number;
  /** People of these photos who are the target's own now. */
  readonly people: number;
  readonly problems: readonly Problem[];
}

/**
 * Leaves planned mirrors to their targets for good, with their files, faces and people: rows of ours go, but for one that says
 * so, and the sources are not shared again. What is locked at the source is removed, as ever: that is asked for in the same transaction, with
 * the sources locked. A mirror behind a symbolic link stays a mirror, as its file is the source's.
 *
 * Batch by batch; a run that was killed is started again. Throws UserError, before anything is changed, when a directory of links is not here.
 */
export async function applyDetach(
  tools: Tools,
  plan: UnsharePlan,
  onProgress: (mirrors: number) => void,
): Promise<DetachResult> {
  await assertLinksAreHere(tools, plan);
  const problems: Problem[] = [];
  const onProblem = (found: Problem) => void problems.push(found);
  let kept = 0;
  const locked: Withdrawal[] = [];
  const { database } = tools;
  for (let start = 0; start < plan.mirrors.length; start += database.batchSize) {
    const batch = plan.mirrors.slice(start, start + database.batchSize);
    const owned = await withFilesOfTheirOwn(tools, batch, onProblem);
    const results = await inBatches(
      database,
      owned,
      detach,
      ({ sourceAssetId, jobName }, error) =>
        onProblem(refused(error, { job: jobName, assetId: sourceAssetId, table: 'asset_map' })),
      'READ COMMITTED',
    );
    for (const result of results) {
      kept += result.kept;
      locked.push(...result.locked);
    }
    onProgress(batch.length);
  }
  const removal = await removeMirrors(tools, locked);
  problems.push(...removal.problems);
  let people = 0;
  for (const targetUserId of plan.targetUserIds) {
    await removeOrphans(tools, targetUserId, onProblem);
    people += await handOverAll(tools, targetUserId, isOnNoMirror, onProblem, { keepsThumbnails: true });
  }
  await undoUnfinished(tools, onProblem);
  await forgetPhotos(database, plan.remembered, onProblem);
  return { kept, removed: removal.withdrawn.length, people, problems };
}

/** Those whose originals are files of their own, and not the source's behind a symbolic link. */
async function withFilesOfTheirOwn(
  { database: { sql }, files: { paths } }: Tools,
  mirrors: readonly Withdrawal[],
  onProblem: (problem: Problem) => void,
): Promise<Withdrawal[]> {
  const originals = await sql<{ id: string; path: string }[]>`
    SELECT id, "originalPath" AS path
    FROM asset
    WHERE id = ANY (${mirrors.map(({ mirrorAssetId }) => mirrorAssetId)}::uuid[])`;
  const borrowed = new Map(originals.filter(({ path }) => isBehindLink(path, paths)).map(({ id, path }) => [id, path]));
  for (const { mirrorAssetId, sourceAssetId, jobName } of mirrors) {
    const path = borrowed.get(mirrorAssetId);
    if (path === undefined) continue;
    onProblem(problem('not-a-copy', { job: jobName, assetId: sourceAssetId, path }));
  }
  return mirrors.filter(({ mirrorAssetId }) => !borrowed.has(mirrorAssetId));
}

async function detach(
  tx: Sql,
  batch: readonly Withdrawal[],
): Promise<{ kept: number; locked: readonly Withdrawal[] }> {
  const sources = batch.map(({ sourceAssetId }) => sourceAssetId);
  // A motion part is as private as its still.
  await tx`
    SELECT id
    FROM asset
    WHERE id = ANY (${sources}::uuid[]) OR "livePhotoVideoId" = ANY (${sources}::uuid[])
    ORDER BY id
    FOR SHARE`;
  const rows = await tx<{ id: string }[]>`
    SELECT a.id
    FROM asset a
    LEFT JOIN asset still ON still."livePhotoVideoId" = a.id
    WHERE a.id = ANY (${sources}::uuid[])
      AND (a.visibility = 'locked' OR still.visibility = 'locked')`;
  const isLocked = new Set(rows.map(({ id }) => id));
  const locked = batch.filter(({ sourceAssetId }) => isLocked.has(sourceAssetId));
  const kept = batch.filter(({ sourceAssetId }) => !isLocked.has(sourceAssetId));
  const ids = kept.map(({ mirrorAssetId }) => mirrorAssetId);
  await tx`
    INSERT INTO immich_sidecar_detached.mirror (mirror_asset_id, source_asset_id, target_user_id)
    SELECT mirror_asset_id, source_asset_id, target_user_id
    FROM immich_sidecar.asset_map
    WHERE mirror_asset_id = ANY (${ids}::uuid[])
    ON CONFLICT (mirror_asset_id) DO NOTHING`;
  await forgetMirrorsOf(tx, kept);
  await forgetMirrors(tx, kept.map((mirror) => ({ ...mirror, reason: 'detached' })));
  await tx`
    DELETE FROM immich_sidecar_stacks.stack_map sm
    WHERE sm.mirror_stack_id IN (SELECT a."stackId" FROM asset a WHERE a.id = ANY (${ids}::uuid[]))
      AND NOT EXISTS (
        SELECT 1
        FROM asset a
        JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id
        WHERE a."stackId" = sm.mirror_stack_id
      )`;
  await forgetLinks(tx, ids);
  return { kept: kept.length, locked };
}
