import { isDeepStrictEqual } from 'node:util';
import { getLogger } from '@logtape/logtape';
import { plain } from '../../config/quote.ts';
import { hasEntries } from '../../files/nearest.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import {
  type Brake,
  type BrakeReport,
  decideBrakes,
  HELD,
  isHeld,
  type JobWithdrawals,
  suspects,
} from '../brake/brake.ts';
import {
  countMirrors,
  forgetBrakes,
  narrowBrake,
  readBrakes,
  rememberBrakes,
  type RememberedBrake,
} from '../brake/remembered.ts';
import { describeBrake } from '../brake/words.ts';
import type { WithdrawReason } from '../cycle/outcome.ts';
import { isWithin } from '../cycle/scope.ts';
import { searchPages } from '../cycle/search_pages.ts';
import { concernedJobs, type Database, type View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isLockedFor } from '../mirrors/locked.ts';
import { hasOwnOriginal, isAskedFor, isDeletedInAudit, wasTrashed } from '../mirrors/gone.ts';
import { isReplacedByImmich } from '../mirrors/made_by_immich.ts';
import { removeMirrors } from '../mirrors/remove.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';
import { isTrashed } from '../../immich/presence.ts';
import { isRevoked } from '../selection/revoked.ts';
import { stoppedAndAway } from '../stops/away.ts';
import { isOfStopped, isOfStoppedJob, leftOutForNow, stoppedJobs } from '../stops/stops.ts';
import { jobsKeeping } from '../selection/job_rows.ts';
import type { Stay } from '../selection/selection.ts';
import { definePhase, linesOf, type PlanLine } from './phase.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** What is withdrawn, after what is not although it should be. */
export type WithdrawalPage = BrakePage | RemovalPage;

interface BrakePage {
  readonly brakes: readonly BrakeReport[];
  /** Jobs of which every word was remembered before. */
  readonly known: readonly string[];
  /** Brakes that are on and need not be: confirmed, or without anything to hold back. */
  readonly released: readonly RememberedBrake[];
}

interface RemovalPage {
  readonly withdrawals: readonly Withdrawal[];
  /** What has no reason to be there once these stills are gone. */
  readonly motionParts: readonly MotionPart[];
}

interface MotionPart extends Withdrawal {
  readonly stillMirrorIds: readonly string[];
}

/**
 * Withdraws what no job justifies any more, or the target does not want, files before rows, but for what is too much to be meant, and the
 * mirrors of jobs that are left out. It comes early in a cycle, so that a path that is to be used again is free.
 *
 * While a brake is on, everything is looked at: what it holds back has not changed since.
 */
export const withdrawals = definePhase({
  name: 'withdrawals',
  what: 'Removes what is not to be shared any more, unless that is too much at once.',
  per: 'cycle',
  isNeverDelayed: true,
  counts: { coversTaken: 'covers of people taken away' },
  plan: planWithdrawals,
  apply: async (tools, _unit, pages, tally) => {
    const { database } = tools;
    const released: RememberedBrake[] = [];
    /** Withdrawals that failed, by job. */
    const left = new Map<string, number>();
    for await (const page of pages) {
      if ('brakes' in page) {
        await putOnBrakes(database, page.brakes);
        tally.braked(page.brakes);
        released.push(...page.released);
        continue;
      }
      const gone = new Set<string>();
      const remove = async (planned: readonly Withdrawal[]) => {
        const { withdrawn, problems, uncovered } = await removeMirrors(tools, planned);
        for (const problem of problems) tally.problem(problem);
        tally.add('coversTaken', uncovered.length);
        tally.withdrew(withdrawn);
        for (const { mirrorAssetId } of withdrawn) gone.add(mirrorAssetId);
        for (const { mirrorAssetId, jobName } of planned) {
          if (!gone.has(mirrorAssetId)) left.set(jobName, (left.get(jobName) ?? 0) + 1);
        }
      };
      await remove(page.withdrawals);
      // A photo whose file could not be removed keeps its motion part.
      await remove(page.motionParts.filter(({ stillMirrorIds }) => stillMirrorIds.every((id) => gone.has(id))));
    }
    await releaseBrakes(database, released, left);
  },
  describe: describeWithdrawals,
});

/**
 * Counts first and reads what to withdraw afterwards, page by page. What a brake could have held back is never more than was counted, as
 * whatever happens at the source meanwhile was judged by no brake.
 */
async function* planWithdrawals(view: View): AsyncGenerator<WithdrawalPage> {
  const { sql, jobs, only, settings, limits, leftOut } = view;
  const remembered = await readBrakes(sql);
  const looked: View = remembered.length > 0 ? { ...view, scope: 'all' } : view;
  const found = await countWithdrawals(looked);
  const on = new Set(remembered.map(({ job }) => job));
  const isLeftOut = new Set(leftOutForNow(leftOut).map(({ job }) => job));
  const brakes = [
    ...decideBrakes(found, {
      settings: settings.brake,
      on,
      mirrors: await countMirrors(sql, suspects(found, { settings: settings.brake, on })),
      confirmed: new Map(
        remembered.filter(({ confirmedAt }) => confirmedAt !== null).map(({ job, mirrors }) => [job, mirrors]),
      ),
      configured: new Set(jobs.map(({ name }) => name)),
    }),
    // Nothing of such a job was counted.
    ...remembered.filter(({ job, confirmedAt }) => only === undefined && isLeftOut.has(job) && confirmedAt === null)
      .map(({ job, mirrors, reasons, total }): Brake => ({ job, mirrors, reasons, total })),
  ];
  const braked = brakes.map(({ job }) => job);
  const released = remembered.filter(({ job }) =>
    (only === undefined || only.name === job) && !braked.includes(job) && !isLeftOut.has(job)
  );
  if (brakes.length + released.length > 0) {
    const known = brakes.filter((brake) => isRemembered(brake, remembered)).map(({ job }) => job);
    yield { brakes: brakes.map((brake) => report(brake, view)), known, released };
  }
  if (found.length === 0) return;
  const allowed = new Allowance(found);
  const { search } = limits;
  const pages = searchPages((after?: Withdrawal) => findWithdrawals(looked, braked, after), search);
  for await (const page of pages) {
    const planned = page.filter((item) => allowed.takes(item));
    if (planned.length === 0) continue;
    yield { withdrawals: planned, motionParts: await findMotionParts(looked, braked, planned) };
  }
}

/** How many mirrors of each job may go for reasons that a brake knows. */
class Allowance {
  readonly #left: Map<string, number>;

  constructor(found: readonly JobWithdrawals[]) {
    this.#left = new Map(found.map(({ job, reasons }) => {
      const counts = Object.entries(reasons).filter(([reason]) => isHeld(reason as WithdrawReason));
      return [job, counts.reduce((sum, [, count]) => sum + count, 0)];
    }));
  }

  takes({ jobName, reason }: Withdrawal): boolean {
    if (!isHeld(reason)) return true;
    const left = this.#left.get(jobName) ?? 0;
    this.#left.set(jobName, left - 1);
    return left > 0;
  }
}

function isRemembered({ job, mirrors, reasons, total }: Brake, remembered: readonly RememberedBrake[]): boolean {
  const known = remembered.find((brake) => brake.job === job);
  return known !== undefined &&
    isDeepStrictEqual([known.mirrors, known.total, { ...known.reasons }], [mirrors, total, { ...reasons }]);
}

/** Adds what can be seen from here. */
function report(brake: Brake, { jobs, files: { paths } }: View): BrakeReport {
  const job = jobs.find(({ name }) => name === brake.job);
  if (job === undefined) return { ...brake, isConfigured: false, emptyDirectory: undefined };
  const directory = job.sourcePathPrefix ?? `${job.mediaLocation}/`;
  const local = paths.toLocal(directory.slice(0, -1)) ?? directory;
  return { ...brake, isConfigured: true, emptyDirectory: hasEntries(local) ? undefined : local };
}

/** How many mirrors have to go, by job and reason. */
async function countWithdrawals(view: View): Promise<JobWithdrawals[]> {
  const { sql } = view;
  const rows = await sql<{ job: string; reason: WithdrawReason; mirrors: number }[]>`
    SELECT judged.job_name AS job, judged.reason, count(*)::int AS mirrors
    FROM ${judged(view)}
    WHERE judged.reason IS NOT NULL
    GROUP BY 1, 2`;
  return [...Map.groupBy(rows, ({ job }) => job)].map(([job, ofJob]) => ({
    job,
    reasons: Object.fromEntries(ofJob.map(({ reason, mirrors }) => [reason, mirrors])),
  }));
}

/** What would go, in the order of their ids behind the id `after`, in pages of `limits.search`, but for what brakes of these jobs hold back. */
export async function findWithdrawals(
  view: View,
  braked: readonly string[],
  after: Withdrawal | undefined,
): Promise<Withdrawal[]> {
  const { sql, limits } = view;
  return await sql<Withdrawal[]>`
    WITH found AS MATERIALIZED (
      SELECT ${withdrawalColumns(sql)}
      FROM ${judged(view, after === undefined ? sql`true` : sql`m.mirror_asset_id > ${after.mirrorAssetId}`)}
      WHERE judged.reason IS NOT NULL
        AND NOT ${isKept(sql, braked)}
    )
    SELECT *
    FROM found
    ORDER BY "mirrorAssetId"
    LIMIT ${limits.search}`;
}

function withdrawalColumns(sql: Sql): Fragment {
  return sql`
    judged.mirror_asset_id AS "mirrorAssetId",
    judged.source_asset_id AS "sourceAssetId",
    judged.target_user_id AS "targetUserId",
    judged.job_name AS "jobName",
    judged.reason`;
}

/** Whether the row `judged` is held back by one of these brakes. */
function isKept(sql: Sql, braked: readonly string[]): Fragment {
  return sql`(judged.job_name = ANY (${braked as string[]}) AND judged.reason = ANY (${[...HELD]}))`;
}

/** The mirrors within the scope, each with the reason for which it has to go, or NULL. For FROM. */
function judged(view: View, where?: Fragment): Fragment {
  const { sql, only, scope, leftOut } = view;
  const isBetween = only === undefined
    ? sql`true`
    : sql`(m.source_user_id = ${only.sourceUserId} AND m.target_user_id = ${only.targetUserId})`;
  return sql`
    (
      SELECT m.*, ${reasonOf(view, view.settings)} AS reason
      FROM immich_sidecar.asset_map m
      LEFT JOIN asset a ON a.id = m.source_asset_id
      LEFT JOIN asset mirror ON mirror.id = m.mirror_asset_id
      WHERE ${isBetween}
        AND (m.job_name <> ALL (${leftOut.map(({ job }) => job)}) OR (a.id IS NULL AND ${
    isOfStopped(sql, stoppedJobs(view))
  }))
        AND NOT ${isOfStoppedJob(sql, stoppedAndAway(view))}
        AND ${isWithin(sql, scope, sql`m.source_asset_id`)}
        AND ${where ?? sql`true`}
    ) AS judged`;
}

/**
 * Why the mirror `mirror` of the source `a`, with the mapping `m`, has to go; NULL when it may stay.
 *
 * One that the target has trashed stays in their trash for as long as its source is shared, if it has a file of its own: nothing is at risk, and
 * it can be restored. When it is gone from there, they did not want it. One that is gone without having been there was deleted past the trash:
 * in bulk a brake holds it, as deleted libraries and Immich's purge of what it has not found for a month look just like that. Of a share that its
 * recipient has stopped the files are all that is left: they go when the source was deleted, or the job taken out. A mirror whose row is
 * gone without a trace was not deleted by anybody: a backup was restored. Like one that is asked for again it is made anew. What is locked is
 * withdrawn by phases/locked.ts.
 */
function reasonOf(view: View, stay: Stay): Fragment {
  const { sql, schema } = view;
  const stopped = stoppedJobs(view);
  return sql`
    CASE
      WHEN mirror.id IS NULL THEN CASE
        WHEN ${isReplacedByImmich(sql)} OR ${isAskedFor(sql)} THEN 'mirror-lost'
        -- Nothing of it is decided photo by photo.
        WHEN ${isOfStopped(sql, stopped)} THEN CASE
          WHEN a.id IS NULL THEN 'source-deleted'
          WHEN ${isOfStoppedJob(sql, stopped)} THEN NULL
          WHEN ${isRevoked(sql, schema)} THEN 'revoked'
          ELSE 'not-selected'
        END
        WHEN ${wasTrashed(sql)} THEN 'target-trashed'
        WHEN m.deleted_at IS NOT NULL OR ${isDeletedInAudit(sql)} THEN 'target-deleted'
        ELSE 'mirror-lost'
      END
      WHEN ${isLockedFor(sql, sql`m.target_user_id`)} THEN NULL
      WHEN ${isTrashed(sql, 'mirror')} AND (a.id IS NULL OR NOT ${hasOwnOriginal(sql)}) THEN 'target-trashed'
      WHEN a.id IS NULL THEN 'source-deleted'
      WHEN mirror."ownerId" <> m.target_user_id THEN 'not-selected' -- it was moved to an account that gets nothing
      WHEN ${isJustified(sql, concernedJobs(view), stay)} THEN NULL
      WHEN ${isTrashed(sql, 'mirror')} THEN 'target-trashed'
      WHEN a."isOffline" THEN 'source-offline'
      WHEN a."deletedAt" IS NOT NULL OR a.status <> 'active' THEN 'source-trashed'
      WHEN ${isRevoked(sql, schema)} THEN 'revoked'
      ELSE 'not-selected'
    END`;
}

/** Whether any job for the target of the mapping `m` selects the source `a`. */
function isJustified(sql: Sql, jobs: readonly Job[], stay: Stay): Fragment {
  return sql`EXISTS (${jobsKeeping(sql, jobs, stay, sql`job."targetUserId" = m.target_user_id`)})`;
}

/** The motion parts that nothing justifies any more once these mirrors of stills are gone, and that do not go anyway. */
async function findMotionParts(
  view: View,
  braked: readonly string[],
  withdrawals: readonly Withdrawal[],
): Promise<MotionPart[]> {
  const { sql, settings, leftOut } = view;
  const gone = withdrawals.map(({ mirrorAssetId }) => mirrorAssetId);
  return await sql<MotionPart[]>`
    WITH part AS MATERIALIZED (
      SELECT motion.mirror_asset_id, array_agg(still_map.mirror_asset_id) AS still_mirror_ids
      FROM immich_sidecar.asset_map still_map
      JOIN asset still ON still.id = still_map.source_asset_id
      JOIN immich_sidecar.asset_map motion
        ON motion.source_asset_id = still."livePhotoVideoId" AND motion.target_user_id = still_map.target_user_id
      WHERE still_map.mirror_asset_id = ANY (${gone}::uuid[])
      GROUP BY motion.mirror_asset_id
    )
    SELECT
      judged.mirror_asset_id AS "mirrorAssetId",
      judged.source_asset_id AS "sourceAssetId",
      judged.target_user_id AS "targetUserId",
      judged.job_name AS "jobName",
      judged.later AS reason,
      judged.still_mirror_ids AS "stillMirrorIds"
    FROM (
      SELECT
        m.*,
        part.still_mirror_ids,
        ${reasonOf(view, settings)} AS reason,
        ${reasonOf(view, { ...settings, gone })} AS later
      FROM part
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = part.mirror_asset_id
      LEFT JOIN asset a ON a.id = m.source_asset_id
      LEFT JOIN asset mirror ON mirror.id = m.mirror_asset_id
    ) AS judged
    WHERE judged.later IS NOT NULL
      AND judged.job_name <> ALL (${leftOut.map(({ job }) => job)})
      AND (judged.reason IS NULL OR ${isKept(sql, braked)})`;
}

async function putOnBrakes(database: Database, brakes: readonly BrakeReport[]): Promise<void> {
  if (brakes.length === 0) return;
  const news = new Set(await database.transaction((tx) => rememberBrakes(tx, brakes)));
  for (const { job, mirrors, total } of brakes.filter((brake) => news.has(brake.job))) {
    logger.warn('{job}: {mirrors} of {total} shared photos should be removed; they are kept until that is confirmed', {
      job: plain(job),
      mirrors,
      total,
    });
  }
}

/**
 * A brake goes when it has nothing to hold back. What failed to be withdrawn stays confirmed, and nothing more.
 *
 * @param left how many withdrawals failed, by job
 */
async function releaseBrakes(
  { transaction }: Database,
  released: readonly RememberedBrake[],
  left: ReadonlyMap<string, number>,
): Promise<void> {
  if (released.length === 0) return;
  const isDone = ({ job, confirmedAt }: RememberedBrake) => confirmedAt === null || !left.has(job);
  await transaction(async (tx) => {
    await forgetBrakes(tx, released.filter(isDone).map(({ job }) => job));
    for (const { job } of released.filter((brake) => !isDone(brake))) await narrowBrake(tx, job, left.get(job) ?? 0);
  });
}

function describeWithdrawals(page: WithdrawalPage): PlanLine[] {
  if ('brakes' in page) {
    return [
      ...page.brakes.map((brake): PlanLine => ({
        sign: '!',
        kind: 'shared photos held back',
        count: brake.mirrors,
        reason: describeBrake(brake),
        text: describeBrake(brake),
        isKnown: page.known.includes(brake.job),
      })),
      ...linesOf('~', 'pauses to end', page.released, ({ job }) => `the pause of ${plain(JSON.stringify(job))}`),
    ];
  }
  return [...page.withdrawals, ...page.motionParts].map(({ jobName, mirrorAssetId, reason }): PlanLine => ({
    sign: '-',
    kind: 'shared photos to remove',
    reason: `${plain(jobName)}, ${reason}`,
    text: `${plain(jobName)}: shared photo ${mirrorAssetId} (${reason})`,
  }));
}
