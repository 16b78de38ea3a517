import { hasEntries } from '../../files/nearest.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isStopped } from './stops.ts';

/** Stopped jobs whose directory, or Immich's, is empty here: on a disk that is away nothing is gone. */
export function stoppedAndAway({ jobs, leftOut, files: { paths } }: Pick<View, 'jobs' | 'leftOut' | 'files'>): Job[] {
  const stopped = new Set(leftOut.filter(isStopped).map(({ job }) => job));
  return jobs.filter(({ name, targetPathPrefix, mediaLocation }) =>
    stopped.has(name) &&
    ![targetPathPrefix.slice(0, -1), mediaLocation].every((path) => hasEntries(paths.toLocal(path) ?? path))
  );
}
