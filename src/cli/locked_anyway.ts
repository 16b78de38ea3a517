import { type LoadOptions, readDatabaseAnyway } from '../config/load.ts';
import { withdrawLockedAnyway } from '../share/locked_anyway.ts';
import { configureLogging, earlyFormat } from './logging.ts';
import { redactor } from './output.ts';

/**
 * What `sync` and `serve` do although their configuration is wrong, if it says rightly where the database is: what was locked is shared no longer.
 * Never throws; what hinders it is in the log.
 */
export async function withdrawLockedWithout(load: LoadOptions): Promise<void> {
  const database = readDatabaseAnyway(load);
  if (database === undefined) return;
  redactor.add(database.password);
  await configureLogging({ level: 'info', format: earlyFormat(load.env) });
  await withdrawLockedAnyway(database);
}
