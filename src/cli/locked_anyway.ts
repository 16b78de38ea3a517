import { getLogger } from '@logtape/logtape';
import { type LoadOptions, readDatabaseAnyway } from '../config/load.ts';
import { sentenceOf } from '../errors.ts';
import { connect, disconnect, explainDatabaseError } from '../postgres/connect.ts';
import { BusyError } from '../postgres/lock.ts';
import { describeProblem, problemOf } from '../problems/problem.ts';
import { withdrawLockedAnyway } from '../share/locked_anyway.ts';
import { configureLogging, earlyFormat } from './logging.ts';
import { redactor } from './output.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/**
 * What `sync` and `serve` do although their configuration is wrong, if it says rightly where the database is: what was locked is shared no longer.
 * Never throws; what hinders it is in the log.
 */
export async function withdrawLockedWithout(load: LoadOptions): Promise<void> {
  const database = readDatabaseAnyway(load);
  if (database === undefined) return;
  redactor.add(database.password);
  await configureLogging({ level: 'info', format: earlyFormat(load.env) });
  try {
    const sql = await connect(database);
    try {
      const { problems } = await withdrawLockedAnyway(sql);
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
