import pRetry from 'p-retry';
import { sqlStateOf } from './connect.ts';

/** Errors that say "not now": another transaction was in the way, or took too long. */
const TRANSIENT: ReadonlySet<string> = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available
  '57014', // statement timeout
]);

/** Whether an error is about the rows themselves (constraint, bad value, an exception raised by a trigger). */
export function isRowError(error: unknown): boolean {
  const state = sqlStateOf(error);
  return /^(22|23)...$/.test(state) || state === 'P0001';
}

/** Runs `work` again, up to three times with growing pauses, when Immich was in the way. */
export async function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  return await pRetry(work, {
    retries: 3,
    minTimeout: 100,
    factor: 4,
    shouldRetry: ({ error }) => TRANSIENT.has(sqlStateOf(error)),
  });
}
