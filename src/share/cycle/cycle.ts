import { getLogger } from '@logtape/logtape';
import type { Sql } from '../../postgres/connect.ts';
import { adopt } from '../adoption/adopt.ts';
import { removeStrays } from '../adoption/strays.ts';
import type { Context } from './context.ts';
import { EmbeddingQueue } from '../phases/embedding_queue.ts';
import type { Job } from '../jobs/job.ts';
import { describeProblem, type Problem } from '../../problems/problem.ts';
import { undoUnfinished } from '../mirrors/journal.ts';
import type { JobReport, Skip } from './outcome.ts';
import { applyAlbum, planAlbum } from '../phases/albums.ts';
import {
  applyEmbeddings,
  countMissingEmbeddings,
  type EmbeddingsResult,
  planEmbeddings,
} from '../phases/embeddings.ts';
import { applyAssignments, applyFaces, planAssignments, planFaces } from '../phases/faces.ts';
import { applyMirrorFiles } from '../phases/files.ts';
import { applyLivePhotos, planLivePhotos } from '../phases/live_photos.ts';
import { applyNewAssets } from '../phases/new_assets.ts';
import { releaseFoundPeople, releasePeople } from '../people/hand_over.ts';
import { removeLostThumbnails, yieldSharedPeople } from '../people/native_shares.ts';
import { reconcilePersonMap } from '../people/person_map.ts';
import { applyOrphans, planOrphans } from '../phases/orphans.ts';
import { applyPeople, planPeople, planStaleThumbnails } from '../phases/people.ts';
import { applyRows, planRows } from '../phases/rows.ts';
import { applyStacks, planStacks } from '../phases/stacks.ts';
import { type BrakeReport, takeBack } from '../phases/withdrawals.ts';
import { readStanding, readyCount } from '../standing/standing.ts';
import { countReasons } from '../mirrors/withdrawal.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** What one cycle did. */
export interface CycleReport {
  readonly startedAt: string;
  readonly seconds: number;
  readonly jobs: readonly JobReport[];
  /** What was kept although it should have gone, also of jobs that are no longer configured. */
  readonly brakes: readonly BrakeReport[];
  /** True when nothing failed and every selected asset is where it should be. */
  readonly complete: boolean;
  /** Files that belonged to no mirror, left by a run that was killed or by a person whom the target merged. */
  readonly settled: number;
  /** Mirrors that were recognised though nothing of ours knew them any more. */
  readonly adopted: number;
  /** Embeddings are left for the next cycle, which should come at once. */
  readonly hasBacklog: boolean;
}

/** The report of a cycle that had nothing to look at. */
export function nothingHappened(): CycleReport {
  return {
    startedAt: new Date().toISOString(),
    seconds: 0,
    jobs: [],
    brakes: [],
    complete: true,
    settled: 0,
    adopted: 0,
    hasBacklog: false,
  };
}

/** Told while a long copy runs. */
export interface Progress {
  /** Whether anybody looks: counting what lies ahead is not free. */
  readonly isShown: boolean;
  /** `unit`: what is counted, for people. */
  start(job: string, total: number, unit: 'photos' | 'embeddings'): void;
  advance(done: number): void;
  stop(): void;
}

/**
 * One cycle over `jobs` (all of `context.jobs`, or the one chosen on the command line): unfinished work of an earlier run,
 * withdrawals, then for each job its new assets, album, faces and people, the people nobody needs any more, and last the
 * embeddings, which may take as long as all the rest and without which everything can be seen already.
 * Looks at the assets of `context.scope` only; with 'all', also at what an earlier run may have left behind. The caller
 * holds the instance lock.
 *
 * One failure never stops the rest: what fails is in the report. Throws only when the database or the program fails.
 */
export async function runCycle(
  given: Context,
  jobs: readonly Job[],
  only: Job | undefined,
  version: string,
  progress: Progress,
): Promise<CycleReport> {
  const startedAt = new Date();
  const adopted = given.scope === 'all' ? await adopt(given) : 0;
  let mended = 0;
  for (const targetUserId of await targetsOf(given, only)) {
    mended += await reconcilePersonMap(given, targetUserId);
    await yieldSharedPeople(given, targetUserId);
    await releaseFoundPeople(given, targetUserId);
  }
  // When somebody was merged or deleted, faces on photos that have not changed are somebody else's, and his thumbnail is left.
  const context: Context = mended > 0 ? { ...given, scope: 'all' } : given;
  const isFull = context.scope === 'all';
  const unfinished = isFull ? await undoUnfinished(context) : { settled: 0, failed: [] };
  if (unfinished.settled > 0) logger.info('settled {count} links of an unfinished run', { count: unfinished.settled });
  for (const { problem } of unfinished.failed) {
    logger.warn('a file of no mirror stays: {problem}', { problem: problem.message });
  }

  const withdrawals = await takeBack(context, only);
  logProblems(withdrawals.problems);
  let leftOver = 0;
  if (isFull) { for (const job of context.jobs) leftOver += await removeStrays(context, job); }

  const drafts: Draft[] = [];
  for (const job of jobs) drafts.push(await runJob(context, job, progress));
  // A stack may hold mirrors of several jobs: it is looked at when all of them are there.
  const stacks = new Map<string, number>();
  for (const job of jobs) {
    stacks.set(job.name, await applyStacks(context, await planStacks(context.sql, job, context.scope)));
  }
  const peopleRemoved = new Map<string, number>();
  for (const targetUserId of await targetsOf(context, only)) {
    const orphans = await planOrphans(context.sql, context.schema, targetUserId);
    peopleRemoved.set(targetUserId, await applyOrphans(context, targetUserId, orphans));
    await releasePeople(context, targetUserId);
    await removeLostThumbnails(context, targetUserId);
  }

  const embeddingsUntil = performance.now() + (context.backlog.sliceMs ?? Infinity);
  const reports: JobReport[] = [];
  for (const { job, problems, ...draft } of drafts) {
    const embeddings = await copyEmbeddings(context, job, embeddingsUntil, progress);
    const standing = isFull ? await readStanding(context.sql, context.schema, job) : undefined;
    const removed = peopleRemoved.get(job.targetUserId) ?? 0;
    peopleRemoved.delete(job.targetUserId);
    reports.push({
      ...draft,
      job: job.name,
      peopleRemoved: removed,
      stacks: stacks.get(job.name) ?? 0,
      embeddings: embeddings.copied,
      withdrawn: countReasons(withdrawals.withdrawn.filter(({ jobName }) => jobName === job.name)),
      braked: withdrawals.brakes.find((brake) => brake.job === job.name)?.reasons ?? {},
      standing,
      problems: [...problems, ...withdrawals.problems, ...embeddings.problems].slice(0, context.limits.problems).map((
        problem,
      ) => ({
        ...problem,
        where: { job: job.name, ...problem.where },
      })),
    });
  }
  const report: CycleReport = {
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    jobs: reports,
    brakes: withdrawals.brakes,
    complete: withdrawals.brakes.length === 0 && reports.every((job) => job.problems.length === 0),
    settled: unfinished.settled + leftOver,
    adopted,
    hasBacklog: context.backlog.queues.size > 0,
  };
  const strays = withdrawals.withdrawn.filter(({ jobName }) => !jobs.some((job) => job.name === jobName));
  if (strays.length > 0) {
    logger.info('took back {count} mirrors of jobs that are no longer configured', { count: strays.length });
  }
  if (hasChanges(report) || strays.length > 0) await recordRun(context, report, version);
  return report;
}

/** Whose people are looked after: everybody who has any through sharing, also after the last job for them is gone. */
async function targetsOf(context: Context, only: Job | undefined): Promise<string[]> {
  if (only !== undefined) return [only.targetUserId];
  const rows = await context.sql<{ id: string }[]>`
    SELECT DISTINCT target_user_id AS id
    FROM immich_sidecar.person_map`;
  return rows.map(({ id }) => id);
}

type Draft =
  & Omit<
    JobReport,
    'job' | 'stacks' | 'peopleRemoved' | 'embeddings' | 'withdrawn' | 'braked' | 'standing' | 'problems'
  >
  & {
    readonly job: Job;
    readonly problems: readonly Problem[];
  };

async function runJob(context: Context, job: Job, progress: Progress): Promise<Draft> {
  const { sql, schema, scope } = context;
  const peopleBefore = await countPeople(sql, job.targetUserId);
  if (progress.isShown) {
    progress.start(
      job.name,
      scope === 'all' ? readyCount(await readStanding(sql, schema, job)) : scope.length,
      'photos',
    );
  }
  const problems: Problem[] = [];
  const rowsUpdated = await applyRows(context, planRows(sql, context, job));
  const files = await applyMirrorFiles(context, job);
  logProblems(files.problems);
  problems.push(...files.problems);
  const created = await applyNewAssets(context, job, {
    onProgress: (assets) => progress.advance(assets),
    onSkip: (skip) => {
      logSkip(job, skip);
      if (skip.reason !== 'duplicate' && problems.length < context.limits.problems) problems.push(skip.problem);
    },
  }).finally(() => progress.stop());
  const livePhotosLinked = await applyLivePhotos(context, await planLivePhotos(sql, job, scope));
  const albumEntries = await applyAlbum(context, await planAlbum(sql, job, scope));

  const faces = await applyFaces(context, job, await planFaces(sql, schema, job, scope));
  const assigned = await applyAssignments(context, await planAssignments(sql, schema, job, scope));

  const people = await planPeople(sql, schema, job.targetUserId);
  const isPlanned = new Set(people.covers.map(({ mirrorPersonId }) => mirrorPersonId));
  const stale = scope === 'all' ? await planStaleThumbnails(context, job.mediaLocation, job.targetUserId) : [];
  const peopleUpdated = await applyPeople(context, job.mediaLocation, job.targetUserId, {
    ...people,
    covers: [...people.covers, ...stale.filter((cover) => !isPlanned.has(cover.mirrorPersonId))],
  });
  return {
    job,
    created: created.created,
    faces: created.faces + faces.added,
    people: Math.max(await countPeople(sql, job.targetUserId) - peopleBefore, 0),
    links: created.links,
    albumEntries,
    facesUpdated: faces.updated + assigned,
    facesRemoved: faces.removed,
    peopleUpdated,
    livePhotosLinked,
    rowsUpdated,
    filesUpdated: files.updated,
    problems,
  };
}

/**
 * Copies what changed, then what earlier cycles have left, until `until`. A job whose users another job has as well finds
 * nothing left to do.
 */
async function copyEmbeddings(
  context: Context,
  job: Job,
  until: number,
  progress: Progress,
): Promise<EmbeddingsResult> {
  const { sql, scope, backlog } = context;
  const earlier = scope === 'all' ? [] : backlog.queues.get(job.name) ?? [];
  if (progress.isShown) {
    const missing = await countMissingEmbeddings(sql, job, earlier.length > 0 ? 'all' : scope);
    progress.start(job.name, missing, 'embeddings');
  }
  let copied = 0;
  const problems: Problem[] = [];
  const queues = [new EmbeddingQueue(planEmbeddings(sql, context, job)), ...earlier];
  try {
    for (const queue of queues) {
      const result = await applyEmbeddings(context, queue, { until, onProgress: (done) => progress.advance(done) });
      copied += result.copied;
      problems.push(...result.problems);
    }
  } finally {
    progress.stop();
  }
  const left = queues.filter((queue) => !queue.isEmpty);
  if (left.length > 0) backlog.queues.set(job.name, left);
  else backlog.queues.delete(job.name);
  logProblems(problems);
  return { copied, problems };
}

async function countPeople(sql: Sql, targetUserId: string): Promise<number> {
  const [row] = await sql<{ people: number }[]>`
    SELECT count(*)::int AS people
    FROM immich_sidecar.person_map
    WHERE target_user_id = ${targetUserId}`;
  return row?.people ?? 0;
}

function logSkip(job: Job, skip: Skip): void {
  const level = skip.reason === 'duplicate' ? 'info' : 'warn';
  logger[level]('{job}: skipped {problem}', {
    job: job.name,
    problem: describeProblem(skip.problem),
    assetId: skip.sourceAssetId,
    code: skip.reason,
  });
}

function logProblems(problems: readonly Problem[]): void {
  for (const problem of problems) logger.warn('{problem}', { problem: describeProblem(problem), code: problem.code });
}

/** A cycle that found nothing to do leaves no row, so that running it again writes nothing at all. */
function hasChanges(report: CycleReport): boolean {
  return report.settled + report.adopted > 0 || report.jobs.some((job) =>
    [
      job.created,
      job.albumEntries,
      job.faces,
      job.facesUpdated,
      job.facesRemoved,
      job.peopleUpdated,
      job.peopleRemoved,
      job.livePhotosLinked,
      job.stacks,
      job.rowsUpdated,
      job.filesUpdated,
      job.embeddings,
      ...Object.values(job.withdrawn),
    ].some((count) => count > 0)
  );
}

async function recordRun(context: Context, report: CycleReport, version: string): Promise<void> {
  await context.transaction(async (tx) => {
    await tx`
      INSERT INTO immich_sidecar.run (started_at, finished_at, version, report)
      VALUES (${report.startedAt}, now(), ${version}, ${tx.json(report as never)})`;
  });
}
