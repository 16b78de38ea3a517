import pRetry from 'p-retry';
import { faultOf } from './faults.ts';

/** Runs `work` again, up to three times with growing pauses, when Immich was in the way. */
export async function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  return await pRetry(work, {
    retries: 3,
    minTimeout: 100,
    factor: 4,
    shouldRetry: ({ error }) => faultOf(error) === 'conflict',
  });
}
