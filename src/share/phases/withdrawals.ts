import type { Fragment, Sql } from '../../postgres/connect.ts';
import { parentOf } from '../../files/path_map.ts';
import type { Context, PlanningContext } from '../context.ts';
import type { Job } from '../job.ts';
import { forgetLinks, type JournalEntry, readLinks, removeFiles } from '../journal.ts';
import type { WithdrawReason } from '../outcome.ts';
import { isWithin } from '../scope.ts';
import { isMotionOfMirror, isSelected } from '../selection.ts';

/** A mirror to take back. A dry run prints it; apply consumes it. */
export interface Withdrawal {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly targetUserId: string;
  readonly jobName: string;
  readonly reason: WithdrawReason;
}

/** Decisions of the target's owner: such a source is not mirrored again until he says so. */
const REMEMBERED: ReadonlySet<WithdrawReason> = new Set(['target-trashed', 'target-deleted']);

/**
 * Finds the mirrors that no job justifies any more, or that the target does not want. Reads only.
 *
 * `only` restricts it to the mirrors between the two users of one job. A mirror whose row is gone without a trace in
 * Immich's audit was not deleted by anybody: a backup was restored. It is released here and made anew in phase 1.
 */
export async function planWithdrawals(
  sql: Sql,
  context: PlanningContext,
  only: Job | undefined,
): Promise<Withdrawal[]> {
  const reason = sql`
    CASE
      WHEN mirror.id IS NULL AND EXISTS (SELECT 1 FROM asset_audit d WHERE d."assetId" = m.mirror_asset_id)
        THEN 'target-deleted'
      WHEN mirror.id IS NULL THEN 'mirror-lost'
      WHEN mirror."deletedAt" IS NOT NULL AND NOT mirror."isOffline" THEN 'target-trashed'
      WHEN a.id IS NULL THEN 'source-deleted'
      WHEN a."isOffline" THEN 'source-offline'
      WHEN a."deletedAt" IS NOT NULL OR a.status <> 'active' THEN 'source-trashed'
      WHEN a.visibility = 'locked' THEN 'source-locked'
      WHEN ${isJustified(sql, context.jobs)} THEN NULL
      ELSE 'not-selected'
    END`;
  const scope = only === undefined
    ? sql`true`
    : sql`(m.source_user_id = ${only.sourceUserId} AND m.target_user_id = ${only.targetUserId})`;
  return await sql<Withdrawal[]>`
    SELECT
      judged.mirror_asset_id AS "mirrorAssetId",
      judged.source_asset_id AS "sourceAssetId",
      judged.target_user_id AS "targetUserId",
      judged.job_name AS "jobName",
      judged.reason
    FROM (
      SELECT m.*, ${reason} AS reason
      FROM immich_sidecar.asset_map m
      LEFT JOIN asset a ON a.id = m.source_asset_id
      LEFT JOIN asset mirror ON mirror.id = m.mirror_asset_id
      WHERE ${scope}
        AND ${isWithin(sql, context.scope, sql`m.source_asset_id`)}
    ) AS judged
    WHERE judged.reason IS NOT NULL`;
}

/** Whether any job for the target of the mapping `m` selects the source `a`. */
function isJustified(sql: Sql, jobs: readonly Job[]): Fragment {
  return jobs.reduce(
    (any, job) =>
      sql`${any} OR (
        m.target_user_id = ${job.targetUserId} AND (${isSelected(sql, job)} OR ${isMotionOfMirror(sql, job)})
      )`,
    sql`false`,
  );
}

export interface WithdrawalResult {
  readonly withdrawn: readonly Withdrawal[];
  /** Files that could not be removed, as sentences; their mirrors stay and are tried again. */
  readonly failures: readonly string[];
}

/**
 * Phase 5, first half: takes mirrors back, files before rows. It runs first in a cycle, so that a photo that was locked
 * disappears before anything else happens and a path that is to be used again is free.
 */
export async function applyWithdrawals(
  context: Context,
  withdrawals: readonly Withdrawal[],
): Promise<WithdrawalResult> {
  const withdrawn: Withdrawal[] = [];
  const failures: string[] = [];
  for (let start = 0; start < withdrawals.length; start += context.batchSize) {
    const batch = withdrawals.slice(start, start + context.batchSize);
    const links = await readLinks(context.sql, batch.map(({ mirrorAssetId }) => mirrorAssetId));
    await removeFilesOfImmich(context, links);
    const failed = removeFiles(links, context.linker, context.paths);
    const failedMirrors = new Set(failed.map(({ entry }) => entry.mirrorId));
    const done = batch.filter(({ mirrorAssetId }) => !failedMirrors.has(mirrorAssetId));
    await context.transaction((tx) => removeMirrors(tx, done));
    withdrawn.push(...done);
    failures.push(...failed.map(({ problem }) => `could not be removed: ${problem.message}`));
  }
  return { withdrawn, failures };
}

/**
 * Files that Immich itself has made for these mirrors, such as the sidecar of an edit, go with them. A path of the database is
 * believed only in a directory where this very mirror has files of ours; anywhere else the file may be the source's.
 */
async function removeFilesOfImmich(context: Context, links: readonly JournalEntry[]): Promise<void> {
  const homes = new Map<string, Set<string>>();
  for (const { mirrorId, path } of links) {
    const directories = homes.get(mirrorId) ?? new Set();
    homes.set(mirrorId, directories.add(parentOf(path)));
  }
  const files = await context.sql<{ mirrorId: string; path: string }[]>`
    SELECT "assetId" AS "mirrorId", path
    FROM asset_file
    WHERE "assetId" = ANY (${[...homes.keys()]}::uuid[])`;
  const own = files.filter(({ mirrorId, path }) => homes.get(mirrorId)?.has(parentOf(path)));
  removeFiles(own.map((file) => ({ ...file, keep: parentOf(file.path) })), context.linker, context.paths);
}

/** Removes the rows of mirrors and everything we know of them; what hangs on an asset goes by Immich's own cascades. */
async function removeMirrors(tx: Sql, withdrawals: readonly Withdrawal[]): Promise<void> {
  const ids = withdrawals.map(({ mirrorAssetId }) => mirrorAssetId);
  const remembered = withdrawals.filter(({ reason }) => REMEMBERED.has(reason));
  await releaseStacks(tx, ids);
  await tx`DELETE FROM asset WHERE id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar.album_entry WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar.face_map WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await tx`DELETE FROM immich_sidecar.asset_map WHERE mirror_asset_id = ANY (${ids}::uuid[])`;
  await forgetLinks(tx, ids);
  await tx`
    INSERT INTO immich_sidecar.withdrawn (source_asset_id, target_user_id, reason)
    SELECT gone."sourceAssetId", gone."targetUserId", gone.reason
    FROM jsonb_to_recordset(${tx.json(remembered as never)}) AS gone
      ("sourceAssetId" uuid, "targetUserId" uuid, reason text)
    ON CONFLICT (source_asset_id, target_user_id) DO NOTHING`;
}

/**
 * A stack's primary asset cannot be deleted (its foreign key has NO ACTION). If the target has made a mirror the primary
 * of a stack, another member takes its place; a stack that would be left with fewer than two members goes, as in Immich.
 */
async function releaseStacks(tx: Sql, mirrorAssetIds: readonly string[]): Promise<void> {
  const ids = mirrorAssetIds as string[];
  await tx`
    UPDATE stack
    SET "primaryAssetId" = heir.id
    FROM (
      SELECT a."stackId" AS stack_id, min(a.id::text)::uuid AS id
      FROM asset a
      WHERE a."stackId" IN (SELECT s.id FROM stack s WHERE s."primaryAssetId" = ANY (${ids}::uuid[]))
        AND a.id <> ALL (${ids}::uuid[])
      GROUP BY a."stackId"
      HAVING count(*) > 1
    ) AS heir
    WHERE stack.id = heir.stack_id`;
  await tx`DELETE FROM stack WHERE "primaryAssetId" = ANY (${ids}::uuid[])`;
}
