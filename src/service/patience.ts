import { getLogger } from '@logtape/logtape';
import pRetry from 'p-retry';
import type { Config } from '../config/config.ts';
import { sentenceOf } from '../errors.ts';
import { connect, type Connection, disconnect, explainDatabaseError } from '../postgres/connect.ts';
import { faultOf } from '../postgres/faults.ts';

const logger = getLogger(['immich-sidecar', 'service']);

/**
 * Runs `work` with a pool of its own, and again with another one when the database was not there, the connection was lost, or
 * Immich was migrating. Gives up when that has been going on for `databaseWaitSeconds`; a run that worked for longer than that
 * before it was interrupted starts them anew.
 *
 * Throws what `work` throws, with errors of the database that the user can repair explained.
 */
export async function patiently<T>(
  config: Pick<Config, 'database' | 'databaseWaitSeconds'>,
  work: (sql: Connection) => Promise<T>,
): Promise<T> {
  const patienceMs = config.databaseWaitSeconds * 1_000;
  let attemptAt = 0;
  let givingUpAt: number | undefined;
  let said = '';
  return await pRetry(async () => {
    attemptAt = performance.now();
    const sql = await connect(config.database);
    try {
      return await work(sql);
    } catch (error) {
      throw explainDatabaseError(error, config.database);
    } finally {
      await disconnect(sql);
    }
  }, {
    retries: Infinity,
    minTimeout: 500,
    maxTimeout: 5_000,
    shouldRetry: ({ error, retryDelay }) => {
      const now = performance.now();
      if (givingUpAt === undefined || now - attemptAt > patienceMs) givingUpAt = now + patienceMs;
      if (!isPassing(error) || now + retryDelay > givingUpAt) return false;
      const problem = sentenceOf(error);
      const seconds = Math.round((givingUpAt - now) / 1_000);
      logger[problem === said ? 'debug' : 'warn']('{problem} Trying again for up to {seconds} s.', {
        problem,
        seconds,
      });
      said = problem;
      return true;
    },
  });
}

/** Whether an error may be gone when everything is tried anew, with a fresh connection and a fresh look at the tables. */
export function isPassing(error: unknown): boolean {
  return ['lost', 'conflict', 'schema'].includes(faultOf(error));
}
