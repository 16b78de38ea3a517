import { getLogger } from '@logtape/logtape';
import { plain } from '../../config/quote.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { type Brake, divide, suspects } from '../brake/brake.ts';
import {
  countMirrors,
  forgetBrakes,
  narrowBrake,
  readBrakes,
  rememberBrakes,
  type RememberedBrake,
} from '../brake/remembered.ts';
import type { Context, PlanningContext } from '../cycle/context.ts';
import type { Job } from '../jobs/job.ts';
import { type RemovalResult, removeMirrors } from '../mirrors/remove.ts';
import { isWithin } from '../cycle/scope.ts';
import { isMotionOfMirror, isSelected } from '../selection/selection.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** What is taken back, and what is not although it should. */
export interface WithdrawalPlan {
  readonly withdrawals: readonly Withdrawal[];
  readonly brakes: readonly BrakeReport[];
  /** Brakes that are on and need not be: confirmed, or mended. */
  readonly released: readonly RememberedBrake[];
}

/** A brake, and what a person wants to know to decide. */
export interface BrakeReport extends Brake {
  readonly isConfigured: boolean;
  /** The directory of the job's originals here, if nothing is in it: a disk that is not mounted. */
  readonly emptyDirectory: string | undefined;
}

/**
 * Finds what no job justifies any more, or the target does not want, and decides what of it is too much to be meant. Reads
 * only. `only` restricts it to the mirrors between the two users of one job.
 *
 * While a brake is on, everything is looked at: what it holds back has not changed since.
 */
export async function planWithdrawals(
  sql: Sql,
  context: PlanningContext,
  only: Job | undefined,
): Promise<WithdrawalPlan> {
  const { jobs, brake: settings } = context;
  const known = await readBrakes(sql);
  const scope = known.length > 0 ? 'all' : context.scope;
  const found = await findWithdrawals(sql, { ...context, scope }, only);
  const on = new Set(known.map(({ job }) => job));
  const { withdrawals, brakes } = divide(found, {
    settings,
    on,
    mirrors: await countMirrors(sql, suspects(found, { settings, on })),
    confirmed: new Map(
      known.filter(({ confirmedAt }) => confirmedAt !== null).map(({ job, mirrors }) => [job, mirrors]),
    ),
    configured: new Set(jobs.map(({ name }) => name)),
  });
  const braked = new Set(brakes.map(({ job }) => job));
  const isLookedAt = (job: string) => only === undefined || only.name === job;
  return {
    withdrawals,
    brakes: brakes.map((brake) => report(brake, context)),
    released: known.filter(({ job }) => isLookedAt(job) && !braked.has(job)),
  };
}

/** Adds what can be seen from here. */
function report(brake: Brake, { jobs, paths }: PlanningContext): BrakeReport {
  const job = jobs.find(({ name }) => name === brake.job);
  if (job === undefined) return { ...brake, isConfigured: false, emptyDirectory: undefined };
  const directory = job.sourcePathPrefix ?? `${job.mediaLocation}/`;
  const local = paths.toLocal(directory.slice(0, -1)) ?? directory;
  return { ...brake, isConfigured: true, emptyDirectory: hasEntries(local) ? undefined : local };
}

function hasEntries(directory: string): boolean {
  try {
    for (const _ of Deno.readDirSync(directory)) return true;
  } catch {
    // it is not there
  }
  return false;
}

/**
 * Finds the mirrors that have to go, within the scope of `context`. Reads only.
 *
 * A mirror whose row is gone without a trace in Immich's audit was not deleted by anybody: a backup was restored. It is
 * released and made anew. The motion part of a locked photo is as private as the photo.
 */
async function findWithdrawals(sql: Sql, context: PlanningContext, only: Job | undefined): Promise<Withdrawal[]> {
  const reason = sql`
    CASE
      WHEN mirror.id IS NULL AND EXISTS (SELECT 1 FROM asset_audit d WHERE d."assetId" = m.mirror_asset_id)
        THEN 'target-deleted'
      WHEN mirror.id IS NULL THEN 'mirror-lost'
      WHEN mirror.status <> 'active' OR (mirror."deletedAt" IS NOT NULL AND NOT mirror."isOffline") THEN 'target-trashed'
      WHEN a.id IS NULL THEN 'source-deleted'
      WHEN ${isJustified(sql, context.jobs)} THEN NULL
      WHEN a.visibility = 'locked' THEN 'source-locked'
      WHEN EXISTS (SELECT 1 FROM asset still WHERE still."livePhotoVideoId" = a.id AND still.visibility = 'locked')
        THEN 'source-locked'
      WHEN a."isOffline" THEN 'source-offline'
      WHEN a."deletedAt" IS NOT NULL OR a.status <> 'active' THEN 'source-trashed'
      ELSE 'not-selected'
    END`;
  const isBetween = only === undefined
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
      WHERE ${isBetween}
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

/** What was taken back, what failed (its mirrors stay and are tried again), and what was kept. */
export interface WithdrawalResult extends RemovalResult {
  readonly brakes: readonly BrakeReport[];
}

/**
 * Takes mirrors back, files before rows. It runs first in a cycle, so that a photo that was locked
 * disappears before anything else happens and a path that is to be used again is free.
 */
export async function applyWithdrawals(context: Context, plan: WithdrawalPlan): Promise<WithdrawalResult> {
  await putOnBrakes(context, plan.brakes);
  const result = await removeMirrors(context, plan.withdrawals);
  await releaseBrakes(context, plan, result);
  return { ...result, brakes: plan.brakes };
}

/**
 * Takes back what has to go, and then the motion parts that have lost their stills by that, within one cycle. Those are
 * what follows from the first step and nothing else, whatever happens at the source meanwhile: no brake has judged it.
 */
export async function takeBack(context: Context, only: Job | undefined): Promise<WithdrawalResult> {
  const first = await applyWithdrawals(context, await planWithdrawals(context.sql, context, only));
  const motion = await removeMirrors(context, await findAbandonedMotion(context, only, first.withdrawn));
  return {
    ...first,
    withdrawn: [...first.withdrawn, ...motion.withdrawn],
    problems: [...first.problems, ...motion.problems],
  };
}

/** The motion parts that nothing justifies any more since these mirrors of stills are gone. */
async function findAbandonedMotion(
  context: Context,
  only: Job | undefined,
  withdrawn: readonly Withdrawal[],
): Promise<Withdrawal[]> {
  if (withdrawn.length === 0) return [];
  const stills = withdrawn.map(({ sourceAssetId }) => sourceAssetId);
  const targets = withdrawn.map(({ targetUserId }) => targetUserId);
  const parts = await context.sql<{ id: string; targetUserId: string }[]>`
    SELECT motion.source_asset_id AS id, motion.target_user_id AS "targetUserId"
    FROM unnest(${stills}::uuid[], ${targets}::uuid[]) AS gone (still_id, target_user_id)
    JOIN asset still ON still.id = gone.still_id
    JOIN immich_sidecar.asset_map motion
      ON motion.source_asset_id = still."livePhotoVideoId" AND motion.target_user_id = gone.target_user_id`;
  if (parts.length === 0) return [];
  const isPart = new Set(parts.map(({ id, targetUserId }) => `${id} ${targetUserId}`));
  const found = await findWithdrawals(context.sql, { ...context, scope: parts.map(({ id }) => id) }, only);
  return found.filter(({ sourceAssetId, targetUserId }) => isPart.has(`${sourceAssetId} ${targetUserId}`));
}

async function putOnBrakes(context: Context, brakes: readonly BrakeReport[]): Promise<void> {
  if (brakes.length === 0) return;
  const news = new Set(await context.transaction((tx) => rememberBrakes(tx, brakes)));
  for (const { job, mirrors, total } of brakes.filter((brake) => news.has(brake.job))) {
    logger.warn('{job}: {mirrors} of {total} mirrors should be taken back; they are kept until that is confirmed', {
      job: plain(job),
      mirrors,
      total,
    });
  }
}

/** A brake goes when it has nothing to hold back. What failed to be withdrawn stays confirmed, and nothing more. */
async function releaseBrakes(context: Context, plan: WithdrawalPlan, result: RemovalResult): Promise<void> {
  if (plan.released.length === 0) return;
  const done = new Set(result.withdrawn);
  const left = Map.groupBy(plan.withdrawals.filter((item) => !done.has(item)), ({ jobName }) => jobName);
  const isDone = ({ job, confirmedAt }: RememberedBrake) => confirmedAt === null || !left.has(job);
  await context.transaction(async (tx) => {
    await forgetBrakes(tx, plan.released.filter(isDone).map(({ job }) => job));
    for (const { job } of plan.released.filter((brake) => !isDone(brake))) {
      await narrowBrake(tx, job, left.get(job)?.length ?? 0);
    }
  });
}
