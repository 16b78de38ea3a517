import { isStopped } from '../stops/stops.ts';
import { getLogger } from '@logtape/logtape';
import type { Job } from '../jobs/job.ts';
import { ALL_PHASES } from '../phases/list.ts';
import type { Phase, Units } from '../phases/phase.ts';
import { noteMadeNames } from '../selection/made_names.ts';
import { NOTHING_MEANT, readStanding } from '../standing/standing.ts';
import type { Standing } from './outcome.ts';
import type { NewsMeanwhile } from './changes.ts';
import { coverAgain } from '../people/own_covers.ts';
import { findConcerned } from './concerned.ts';
import { meansAny, readDisputed, readMeant } from './meant.ts';
import type { Progress } from './progress.ts';
import type { Said } from './said.ts';
import type { UntoldReport } from './report.ts';
import type { Failures } from './failures.ts';
import { CycleTally } from './tally.ts';
import type { RemovalResult } from '../mirrors/remove.ts';
import { type Problem, problem } from '../../problems/problem.ts';
import { askedFor, chosenJobs, concernedJobs, type Tools, type View } from './tools.ts';
import { unitsOf } from './units.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** What a cycle has come to. */
export interface CycleDone {
  readonly report: UntoldReport;
  readonly failures: Failures;
  /** The jobs that its scope concerned. */
  readonly worked: readonly Job[];
}

/**
 * One cycle: every phase of the list, one after the other, each for all it works on. Looks at the assets of `view.scope` only; with 'all',
 * also at what an earlier run may have left behind. The caller holds the instance lock. `before`: what was withdrawn before it was known
 * whether there can be a cycle. `again`: what failed earlier and is not tried now. `news`: what happens while it looks at everything is not left
 * until it is done.
 *
 * One failure never stops the rest: what fails is in the report. Throws only when the database or the program fails.
 */
export async function runCycle(
  given: View,
  tools: Tools,
  { version, progress, before, again = [], news }: {
    readonly version: string;
    readonly progress: Progress;
    readonly before?: RemovalResult | undefined;
    readonly again?: readonly Problem[];
    readonly news?: NewsMeanwhile | undefined;
  },
): Promise<CycleDone> {
  const [startedAt, beganMs] = [new Date().toISOString(), performance.now()];
  const tally = new CycleTally(askedFor(given), progress, given.limits.problems, tools.said);
  for (const problem of [...before?.problems ?? [], ...problemsOfLeftOut(given)]) {
    tally.problem(problem, { isUrgent: true });
  }
  if (before !== undefined) {
    await coverAgain(tools, before.uncovered);
    tally.began(before);
  }
  const view = await runPhases(
    { ...given, meanwhile: meanwhileOf(given, tools, tally, news) },
    tools,
    tally,
    ALL_PHASES,
  );
  if (tally.hasChanges) await noteMadeNames(tools, view);
  const standings = await countStandings(view, tools);
  if (view.scope === 'all') tools.said.fullCycleEnded();
  for (const problem of again) tally.again(problem);
  const report = tally.report({
    startedAt,
    seconds: (performance.now() - beganMs) / 1000,
    scope: view.scope === 'all' ? 'everything' : 'changes',
    hasBacklog: tools.backlog.queues.size > 0,
  }, standings);
  if (tally.withdrawnOfOthers > 0) {
    logger.info('removed {count} shared photos of shares that are no longer configured', {
      count: tally.withdrawnOfOthers,
    });
  }
  // A cycle that found nothing to do leaves no row, so that running it again writes nothing at all.
  if (tally.hasChanges) await recordRun(tools, report, version);
  return { report, failures: tally.failures, worked: jobsToWorkOn(view, tools).filter((job) => meansAny(view, job)) };
}

/** Runs `phases`. Returns what was looked at in the end. */
async function runPhases(
  given: View,
  tools: Tools,
  tally: CycleTally,
  phases: readonly Phase[],
): Promise<View> {
  let view: View = given.scope === 'all' ? given : { ...given, concerned: await findConcerned(given) };
  for (const phase of phases) {
    if (phase.isFullOnly && view.scope !== 'all') continue;
    await view.meanwhile?.();
    if (phase.isAboutMeant) view = { ...view, meant: view.meant ?? await readMeant(view) };
    if (phase.isAboutMakers && view.meant !== undefined) view = { ...view, disputed: await readDisputed(view) };
    for (const unit of await unitsOf(phase, view, jobsToWorkOn(view, tools))) {
      await runPhase(phase, view, tools, unit, tally);
    }
    if (phase.widensScope && tally.doneBy(phase.name) > 0) {
      view = { ...view, scope: 'all', meant: undefined, disputed: undefined };
    }
  }
  return view;
}

/** What is done while everything is looked at. What makes a cycle look at everything is left to the next one. */
const MEANWHILE = ALL_PHASES.filter(({ isFullOnly, widensScope }) => isFullOnly !== true && widensScope !== true);
const UNTIL_WITHDRAWN = MEANWHILE.slice(
  0,
  MEANWHILE.findLastIndex(({ isNeverDelayed }) => isNeverDelayed === true) + 1,
);

/**
 * Looks at what has happened since a full cycle has begun; of much only what is to be withdrawn. The cycle after it looks at the same once more, as
 * its mark is that of the beginning.
 */
function meanwhileOf(
  given: View,
  tools: Tools,
  tally: CycleTally,
  news: NewsMeanwhile | undefined,
): (() => Promise<void>) | undefined {
  if (given.scope !== 'all' || news === undefined) return undefined;
  return async () => {
    const scope = await news();
    if (scope === undefined || scope.length === 0) return;
    const view: View = { ...given, scope, rechecks: [], alike: undefined };
    await runPhases(view, tools, tally, scope === 'all' ? UNTIL_WITHDRAWN : MEANWHILE);
  };
}

/** The jobs of this run that the scope concerns, and those of which embeddings are left. */
function jobsToWorkOn(view: View, { backlog }: Tools): readonly Job[] {
  const concerned = new Set(concernedJobs(view).map(({ name }) => name));
  return chosenJobs(view).filter(({ name }) => concerned.has(name) || backlog.queues.has(name));
}

/** Where everything stands, of the jobs of which that may be otherwise than when it was counted last. */
async function countStandings(view: View, tools: Tools): Promise<Map<string, Standing>> {
  const { counting } = tools;
  const standings = new Map<string, Standing>();
  const startedAtMs = performance.now();
  counting.expect(jobsToWorkOn(view, tools));
  if (view.scope !== 'all' && !counting.isDue(startedAtMs)) return standings;
  for (const job of counting.expected(chosenJobs(view))) {
    standings.set(
      job.name,
      view.scope !== 'all' || meansAny(view, job) ? await readStanding(view.sql, view.schema, job) : NOTHING_MEANT,
    );
  }
  counting.counted(standings, startedAtMs, performance.now());
  return standings;
}

/** Each job that this run was asked for and leaves out. */
function problemsOfLeftOut(view: Pick<View, 'jobs' | 'only' | 'leftOut'>): Problem[] {
  const asked = new Set(askedFor(view).map(({ name }) => name));
  return view.leftOut.filter(({ job }) => asked.has(job)).map(({ job, reason }) => ({
    ...problem(isStopped({ job, reason }) ? 'stopped-by-recipient' : 'job-left-out', { job }, reason.message),
    remedy: reason.remedy,
  }));
}

/** The report of a cycle that had nothing to look at. It says again which jobs are left out, and what failed and is not tried now. */
export function nothingHappened(
  view: Pick<View, 'jobs' | 'only' | 'leftOut' | 'limits'>,
  { progress, said, again }: {
    readonly progress: Progress;
    readonly said: Said;
    readonly again: readonly Problem[];
  },
): UntoldReport {
  const problems = [...problemsOfLeftOut(view), ...again];
  const tally = new CycleTally(problems.length === 0 ? [] : askedFor(view), progress, view.limits.problems, said);
  for (const problem of problems) tally.again(problem);
  return tally.report(
    { startedAt: new Date().toISOString(), seconds: 0, scope: 'nothing', hasBacklog: false },
    new Map(),
  );
}

async function runPhase(
  phase: Phase,
  view: View,
  tools: Tools,
  unit: Units[keyof Units],
  tally: CycleTally,
): Promise<void> {
  const shown = tally.progress.isShown ? phase.progress : undefined;
  if (shown !== undefined) {
    tally.progress.start((unit as Job).name, await shown.total(view, unit as never), shown.unit);
  }
  try {
    await phase.apply(tools, unit as never, phase.plan(view, unit as never), tally.of(phase, unit));
  } finally {
    if (shown !== undefined) tally.progress.stop();
  }
}

async function recordRun({ database }: Tools, report: UntoldReport, version: string): Promise<void> {
  await database.transaction(async (tx) => {
    await tx`
      INSERT INTO immich_sidecar.run (started_at, finished_at, version, report)
      VALUES (${report.startedAt}, now(), ${version}, ${tx.json(report as never)})`;
  });
}
