import { getLogger } from '@logtape/logtape';
import { RefusedError } from '../../errors.ts';
import type { Sql } from '../../postgres/connect.ts';
import { migrate, newestVersion, schemasOf, schemaVersion } from '../../postgres/migrate.ts';
import { letImmichBackUp } from '../../postgres/ownership.ts';
import { MIGRATIONS } from './migrations.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** The names of our schemas, oldest first. */
export const OWN_SCHEMAS: readonly string[] = Object.freeze(schemasOf(MIGRATIONS));

/**
 * Brings our own tables to the newest version, such that Immich can back them up. Call it in a transaction that only the instance at
 * work can commit. Throws RefusedError when they are newer than this program.
 */
export async function makeOwnTables(tx: Sql): Promise<void> {
  await migrate(tx, MIGRATIONS);
  const refused = await letImmichBackUp(tx, OWN_SCHEMAS);
  if (refused.length === 0) return;
  logger.warn('Immich cannot make backups of its database: its role may not read {names}. See immich-sidecar doctor.', {
    names: refused.map(({ name }) => name).join(', '),
  });
}

/** Throws RefusedError where our own tables are not there, or of an earlier version: for what writes into them without a cycle. */
export async function assertNewestTables(sql: Sql): Promise<void> {
  if (await schemaVersion(sql, MIGRATIONS) >= newestVersion(MIGRATIONS)) return;
  throw new RefusedError('The tables of immich-sidecar are of an earlier version.', {
    problemCode: 'older-tables',
    remedy: 'Run a sync first, which brings them up to date.',
  });
}
