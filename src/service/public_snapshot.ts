import { isSaidByErrors, PROBLEMS } from '../problems/codes.ts';
import type { Problem } from '../problems/problem.ts';
import type { Snapshot, WriteStatus } from './snapshot.ts';

/**
 * What somebody may see who has not signed in: counts by reason, and names of users and jobs; no photo, no path, no id, and no message of an
 * error. Field by field, so that a new one is not shown before somebody has put it here. Pure.
 */
export function publicSnapshot(snapshot: Snapshot): Snapshot {
  const { version, startedAt, phase, nextRunAt, intervalSeconds } = snapshot;
  return {
    version,
    startedAt,
    phase,
    nextRunAt,
    intervalSeconds,
    problems: snapshot.problems.map(publicProblem),
    jobs: snapshot.jobs.map(({ name, from, to, standing, problemCounts }) => ({
      name,
      from,
      to,
      standing,
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
  };
}

function publicWrite({ schedule, nextRunAt, last, error }: WriteStatus): WriteStatus {
  return { schedule, nextRunAt, last, error: error && publicProblem(error) };
}

function publicProblem({ code, where: { job } }: Problem): Problem {
  const { what, remedy } = PROBLEMS[code];
  return {
    code,
    what,
    where: job === undefined ? {} : { job },
    remedy: isSaidByErrors(code) ? 'Sign in to see the message, or read the log.' : remedy,
  };
}
