import { getLogger } from '@logtape/logtape';
import type { DatabaseConfig } from '../config/config.ts';
import { sentenceOf } from '../errors.ts';
import { assertImmichAtRest } from '../immich/migrations.ts';
import { connect, type Connection, disconnect, explainDatabaseError } from '../postgres/connect.ts';
import { BusyError, withInstanceLock } from '../postgres/lock.ts';
import { inTransaction } from '../postgres/transaction.ts';
import { describeProblem, problemOf } from '../problems/problem.ts';
import { LIMITS } from './cycle/limits.ts';
import { guardedDatabase } from './guarded_database.ts';
import { withdrawLockedFirst } from './mirrors/locked_first.ts';
import type { RemovalResult } from './mirrors/remove.ts';
import { makeOwnTables } from './schema/own_tables.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/**
 * Withdraws what its owners have locked where there can be no cycle, as nobody knows of any job: the rows, as a cycle does before anything
 * else. Files go with the next cycle. Never throws; what hinders it is in the log.
 */
export async function withdrawLockedAnyway(database: DatabaseConfig): Promise<void> {
  try {
    const sql = await connect(database);
    try {
      const { problems } = await withdrawLocked(sql);
      for (const problem of problems) {
        logger.warn('{problem}', { problem: describeProblem(problem), code: problem.code });
      }
    } catch (error) {
      throw explainDatabaseError(error, database);
    } finally {
      await disconnect(sql);
    }
  } catch (error) {
    if (error instanceof BusyError) return; // that instance has a configuration, and withdraws them itself
    logger.warn('whether any shared photo was locked meanwhile could not be looked at: {problem}', {
      problem: sentenceOf(error),
      code: problemOf(error).code,
    });
  }
}

async function withdrawLocked(sql: Connection): Promise<RemovalResult> {
  return await withInstanceLock(sql, async (lock) => {
    await assertImmichAtRest(sql);
    let isMarkGone = false;
    // The state directory is not known; without the row its number means nothing.
    const before = async () => {
      if (isMarkGone) return;
      await inTransaction(sql, lock, (tx) => tx`DELETE FROM immich_sidecar_marks.mark`);
      isMarkGone = true;
    };
    return await withdrawLockedFirst(sql, LIMITS, {
      databaseFor: (migrations) =>
        guardedDatabase({ sql, lock, limits: LIMITS, migrations, signal: undefined, before }),
      makeTables: () => inTransaction(sql, lock, makeOwnTables),
    });
  });
}
