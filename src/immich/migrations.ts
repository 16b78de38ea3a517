import type { Fragment, Sql } from '../postgres/connect.ts';
import { FaultError } from '../postgres/faults.ts';

/**
 * Numbers of Immich's own advisory locks (`DatabaseLock` in its server/src/enum.ts, the same from 2.0.0 on), each taken as
 * one bigint and held by one session. Every process of Immich takes the first when it starts, and migrates while it holds it
 * (database.service.ts); the second is held while Immich restores a backup (maintenance-worker.service.ts).
 */
const MIGRATIONS_LOCK = 200;
const MAINTENANCE_LOCK = 621;

/** Throws FaultError (`conflict`) while Immich migrates its database or restores a backup. */
export async function assertImmichAtRest(sql: Sql): Promise<void> {
  const rows = await sql<{ id: number }[]>`
    SELECT objid::int AS id
    FROM pg_locks
    WHERE locktype = 'advisory'
      AND classid = 0
      AND objid IN (${MIGRATIONS_LOCK}, ${MAINTENANCE_LOCK})
      AND objsubid = 1
      AND mode = 'ExclusiveLock'
      AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  if (rows.some(({ id }) => id === MAINTENANCE_LOCK)) throw busy('is restoring a backup of its database');
  if (rows.length > 0) throw busy('is starting and may be migrating its database');
}

/**
 * Says which migrations have run; a word that is equal later means that the tables are the same. Empty when the table does not tell: what it
 * lacks is for missingFrom to say.
 */
export async function readMigrations(sql: Sql): Promise<string> {
  const columns = await sql`
    SELECT FROM pg_attribute
    WHERE attrelid = to_regclass('public.kysely_migrations') AND attname = 'name' AND NOT attisdropped`;
  return columns.length > 0 ? await readState(sql) : '';
}

async function readState(sql: Sql): Promise<string> {
  const [row] = await sql<{ state: string }[]>`SELECT ${migrationState(sql)} AS state`;
  return row?.state ?? '';
}

/** What readMigrations says, as an expression; for a database that has the table. */
export function migrationState(sql: Sql): Fragment {
  return sql`(SELECT concat_ws(' ', count(*), max(name)) FROM kysely_migrations)`;
}

/**
 * Keeps Immich's migrations out of a transaction until it ends, and makes sure that none has run since `before` was read.
 * Immich waits for the lock that is shared here; once it waits, no further transaction of ours gets it.
 *
 * Throws FaultError: `conflict` while Immich migrates, `schema` when it has.
 */
export async function keepMigrationsOut(tx: Sql, before: string): Promise<void> {
  const [[lock], now] = await Promise.all([
    tx<{ granted: boolean }[]>`SELECT pg_try_advisory_xact_lock_shared(${MIGRATIONS_LOCK}) AS granted`,
    before === '' ? before : readState(tx),
  ]);
  if (lock?.granted !== true) throw busy('is starting and may be migrating its database');
  if (now !== before) {
    throw new FaultError('schema', 'Immich has migrated its database meanwhile.', {
      remedy: 'Run again; what was begun is finished or undone then.',
    });
  }
}

function busy(what: string): FaultError {
  return new FaultError('conflict', `Immich ${what}.`, { remedy: 'Run again when Immich is up.' });
}
