import { getLogger } from '@logtape/logtape';
import { UserError } from '../../errors.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { askedFor, type Files, type LeftOut } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isStopped, readStops, stoppedError } from '../stops/stops.ts';
import { lookAtJob, misfit } from './jobs.ts';
import { checkMounts } from './mounts.ts';
import { checkScans } from './scans.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** The jobs of a run, and what is known of them. */
export interface JobsToCheck {
  readonly schema: ImmichSchema;
  readonly files: Files;
  readonly jobs: readonly Job[];
  readonly only: Job | undefined;
}

/** The jobs as this run works on them. */
export interface CheckedJobs {
  readonly jobs: readonly Job[];
  readonly only: Job | undefined;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Looks at everything that the user could have got wrong about jobs, and at what may happen to them while they are shared: accounts,
 * libraries, import paths, directories. A job that cannot be worked on is left out, and the others go on. One whose album is gone goes on
 * without it. Reads only, but for a test link on the disk that is removed again.
 *
 * Throws UserError (exit 2) when none of the jobs that were asked for can be worked on, unless one of them was stopped by its recipient: that is no
 * mistake.
 */
export async function checkJobs(
  sql: Sql,
  { schema, files, jobs, only }: JobsToCheck,
  say: (warning: string) => void = warn,
): Promise<CheckedJobs> {
  const reasons = new Map<string, UserError>();
  const misfits = new Map<string, readonly string[]>();
  const withoutAlbum = new Set<string>();
  const stops = await readStops(sql, jobs);
  for (const stop of stops) reasons.set(stop.job, stoppedError(stop));
  for (const job of jobs.filter(({ name }) => !reasons.has(name))) {
    const { problems, doubts, albumProblem } = await lookAtJob(sql, schema, job, files.paths);
    const named = (sentence: string) => `share ${JSON.stringify(job.name)}: ${sentence}`;
    if (problems.length > 0) {
      misfits.set(job.name, problems.map(named));
      reasons.set(job.name, misfit(problems.map(named)));
      continue;
    }
    for (const doubt of doubts) say(named(doubt));
    if (albumProblem === undefined) continue;
    withoutAlbum.add(job.name);
    say(named(`${albumProblem}; photos are shared without it`));
  }
  const isLeft = ({ name }: Job) => !reasons.has(name);
  const scans = await checkScans(sql, jobs.filter(isLeft), files.paths);
  for (const warning of scans.warnings) say(warning);
  for (const { job, reason } of scans.leftOut) reasons.set(job, reason);
  for (const job of askedFor({ jobs, only }).filter(isLeft)) {
    try {
      await checkMounts(sql, job, files);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reasons.set(job.name, error);
    }
  }
  const asked = askedFor({ jobs, only }).map(({ name }) => name);
  const areStopped = stops.some(({ job }) => asked.includes(job));
  if (asked.length > 0 && !areStopped && asked.every((name) => reasons.has(name))) {
    throw asOne(asked.map((job) => ({ job, reason: reasons.get(job) })), misfits);
  }
  const leftAlone = [...reasons.keys()];
  const checked = (job: Job): Job => ({
    ...job,
    leftAlone,
    albumId: withoutAlbum.has(job.name) ? undefined : job.albumId,
  });
  return {
    jobs: jobs.map(checked),
    only: only === undefined ? undefined : checked(only),
    leftOut: [...reasons].map(([job, reason]) => ({ job, reason })),
  };
}

/** Whether a job that was left out can be worked on now, or another one cannot. `looksAgain`: also for what only a look at accounts, libraries and directories tells. */
export async function isOtherwise(
  sql: Sql,
  known: JobsToCheck & Pick<CheckedJobs, 'leftOut'>,
  looksAgain: boolean,
): Promise<boolean> {
  const namesOf = (all: readonly Pick<LeftOut, 'job'>[]) => all.map(({ job }) => job).toSorted().join('\n');
  if (looksAgain) {
    const { leftOut } = await checkJobs(sql, known, () => {}); // the full cycle that follows says it
    return namesOf(leftOut) !== namesOf(known.leftOut);
  }
  const stopped = known.leftOut.filter(isStopped);
  if (stopped.length === 0) return false;
  return namesOf(await readStops(sql, known.jobs)) !== namesOf(stopped); // a stop may last for years, and is lifted in one table
}

function warn(warning: string): void {
  logger.warn('{warning}', { warning });
}

/** Why no job can be worked on. */
function asOne(
  all: readonly { readonly job: string; readonly reason: UserError | undefined }[],
  misfits: ReadonlyMap<string, readonly string[]>,
): UserError {
  if (all.every(({ job }) => misfits.has(job))) return misfit(all.flatMap(({ job }) => misfits.get(job) ?? []));
  const reasons = all.flatMap(({ reason }) => reason ?? []);
  const once = (words: readonly string[]) => [...new Set(words)];
  return new UserError(once(reasons.map(({ message }) => message)).join('\n'), {
    problemCode: reasons[0]?.problemCode ?? 'job-unfit',
    remedy: once(reasons.map(({ remedy }) => remedy)).join(' '),
    cause: reasons[0]?.cause,
  });
}
