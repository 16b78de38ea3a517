import { hasEntries } from '../../files/nearest.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { stoppedJobs } from './stops.ts';

/** Stopped jobs whose directory, or Immich's, is empty here: on a disk that is away nothing is gone. */
export function stoppedAndAway({ jobs, leftOut, files: { paths } }: Pick<View, 'jobs' | 'leftOut' | 'files'>): Job[] {
  return stoppedJobs({ jobs, leftOut }).filter(({ targetPathPrefix, mediaLocation }) =>
    ![targetPathPrefix.slice(0, -1), mediaLocation].every((path) => hasEntries(paths.toLocal(path) ?? path))
  );
}
