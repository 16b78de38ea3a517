import { count } from '../../config/words.ts';
import { getLogger } from '@logtape/logtape';
import { readCatalog } from '../../immich/catalog.ts';
import { hasOf } from '../../immich/schema.ts';
import { readMigrations } from '../../immich/migrations.ts';
import { peopleModelOf } from '../../immich/people.ts';
import { missingFrom } from '../../immich/requirements.ts';
import { assertRights } from '../../immich/rights.ts';
import type { Connection } from '../../postgres/connect.ts';
import { sqlStateOf } from '../../postgres/faults.ts';
import { newestVersion, schemaVersion } from '../../postgres/migrate.ts';
import { assertReadable } from '../../postgres/ownership.ts';
import type { Problem } from '../../problems/problem.ts';
import type { Limits } from '../cycle/limits.ts';
import type { Database } from '../cycle/tools.ts';
import { MIGRATIONS } from '../schema/migrations.ts';
import { OWN_SCHEMAS } from '../schema/own_tables.ts';
import type { Uncovered } from '../people/taken_covers.ts';
import { findLocked, type LockingSchema, withdrawLocked } from './locked.ts';
import type { RemovalResult } from './remove.ts';
import type { Withdrawal } from './withdrawal.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

const logger = getLogger(['immich-sidecar', 'share']);

/**
 * Withdraws what its owners have locked, whatever else is wrong: with a job, a disk, or the parts of Immich's tables that only the rest of
 * a cycle needs. Nothing is asked of the configuration. Of a database that lacks what even this needs, or that a newer version of this
 * program has worked on, nothing is touched; the cycle then refuses it by name. The caller holds the instance lock, and Immich is not
 * migrating.
 *
 * @param databaseFor for Immich's migrations as they are now
 */
export async function withdrawLockedFirst(
  sql: Connection,
  limits: Limits,
  { databaseFor, makeTables }: {
    readonly databaseFor: (migrations: string) => Database;
    /** Brings our own tables to the newest version. */
    readonly makeTables: () => Promise<void>;
  },
): Promise<RemovalResult> {
  const result: { withdrawn: Withdrawal[]; problems: Problem[]; uncovered: Uncovered[] } = {
    withdrawn: [],
    problems: [],
    uncovered: [],
  };
  const migrations = await readMigrations(sql);
  const catalog = await readCatalog(sql);
  // First of all, as even to ask whether a table is there fails in a schema that we may not look into, such as after Immich has restored a backup.
  await assertReadable(sql, OWN_SCHEMAS);
  const version = await schemaVersion(sql, MIGRATIONS);
  if (missingFrom(catalog, 'locking').length > 0 || version === 0 || version > newestVersion(MIGRATIONS)) return result;
  const schema: LockingSchema = { people: peopleModelOf(catalog), has: hasOf(catalog) };
  const database = databaseFor(migrations);
  let isNewest = version === newestVersion(MIGRATIONS);
  try {
    for await (const page of findLocked(sql, 'all', limits)) {
      if (!isNewest) await makeTables();
      isNewest = true;
      const { withdrawn, problems, uncovered } = await withdrawLocked(database, schema, page);
      result.withdrawn.push(...withdrawn);
      result.problems.push(...problems);
      result.uncovered.push(...uncovered);
    }
  } catch (error) {
    if (sqlStateOf(error) === INSUFFICIENT_PRIVILEGE) await assertRights(sql, catalog); // names what is missing, and the remedy
    throw error;
  }
  if (result.withdrawn.length > 0) {
    logger.info('removed {photos} that the owner has locked', { photos: count(result.withdrawn.length, 'photo') });
  }
  return result;
}
