import { isSaidByErrors, PROBLEMS } from '../problems/codes.ts';
import type { Problem } from '../problems/problem.ts';
import type { ProgressFigures } from '../share/cycle/progress.ts';
import type { Snapshot, WriteStatus } from './snapshot.ts';

/**
 * What somebody may see who has not signed in: counts by reason, and names of users and jobs; no photo, no path, no id, and no message of an
 * error. Field by field, so that a new one is not shown before somebody has put it here. Pure.
 */
export function publicSnapshot(snapshot: Snapshot): Snapshot {
  const { version, startedAt, phase, nextRunAt, intervalSeconds, pausedSince, progress } = snapshot;
  return {
    version,
    startedAt,
    phase,
    nextRunAt,
    intervalSeconds,
    pausedSince,
    problems: snapshot.problems.map(publicProblem),
    progress: progress && publicProgress(progress),
    jobs: snapshot.jobs.map((
      { name, from, to, standing, countedAt, received, savedBytes, decisions, problemCounts },
    ) => ({
      name,
      from,
      to,
      standing,
      countedAt,
      received,
      savedBytes,
      decisions: { conflicts: decisions.conflicts, waiting: decisions.waiting },
      problemCounts,
      problems: [],
    })),
    brakes: snapshot.brakes.map(({ job, mirrors, total, reasons, isConfigured }) => ({
      job,
      mirrors,
      total,
      reasons,
      isConfigured,
      emptyDirectory: undefined,
    })),
    retries: { photos: snapshot.retries.photos, nextAt: snapshot.retries.nextAt },
    cycles: snapshot.cycles.map(
      ({ startedAt, seconds, outcome, created, updated, withdrawn, changes, problems, error }) => ({
        startedAt,
        seconds,
        outcome,
        created,
        updated,
        withdrawn,
        changes,
        problems,
        error: error && publicProblem(error),
      }),
    ),
    write: snapshot.write && publicWrite(snapshot.write),
    events: snapshot.events.map(({ at, kind, what }) => ({ at, kind, what, details: [] })),
    notified: snapshot.notified,
    sharing: [],
    immichUrl: undefined,
  };
}

function publicProgress(figures: ProgressFigures): ProgressFigures {
  const { job, unit, done, total, startedAt, perSecond, secondsLeft } = figures;
  return { job, unit, done, total, startedAt, perSecond, secondsLeft };
}

function publicWrite({ schedule, nextRunAt, last, error, changes }: WriteStatus): WriteStatus {
  return { schedule, nextRunAt, last, error: error && publicProblem(error), changes };
}

function publicProblem({ code, where: { job, setting } }: Problem): Problem {
  const { what, remedy } = PROBLEMS[code];
  return {
    code,
    what: setting === undefined ? what : `${setting}: ${what}`,
    where: { ...job === undefined ? {} : { job }, ...setting === undefined ? {} : { setting } },
    remedy: isSaidByErrors(code) ? 'Sign in to see the message, or read the log.' : remedy,
  };
}
