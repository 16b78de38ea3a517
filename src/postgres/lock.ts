import { RefusedError } from '../errors.ts';
import type { Connection, Sql } from './connect.ts';

/** 'imsi' and 1: Immich's own advisory locks are small single numbers and cannot meet a pair. */
const LOCK_CLASS = 0x696d7369;
const LOCK_ID = 1;

/** The lock that lets only one immich-sidecar write to a database, as held by one session. */
export interface InstanceLock {
  /** The server process of the session that holds it. */
  readonly pid: number;
}

/**
 * Runs `work` while a session of `sql` holds the instance lock. With a pool of several connections one of them is set
 * aside for it; a pool of one keeps lock and work together.
 *
 * Throws RefusedError when another immich-sidecar holds the lock.
 */
export async function withInstanceLock<T>(sql: Connection, work: (lock: InstanceLock) => Promise<T>): Promise<T> {
  const reserved = sql.options.max > 1 ? await sql.reserve() : undefined;
  const session = reserved ?? sql;
  try {
    const [row] = await session<{ locked: boolean; pid: number }[]>`
      SELECT pg_try_advisory_lock(${LOCK_CLASS}, ${LOCK_ID}) AS locked, pg_backend_pid() AS pid`;
    if (row?.locked !== true) throw anotherInstance();
    try {
      return await work({ pid: row.pid });
    } finally {
      await session`SELECT pg_advisory_unlock(${LOCK_CLASS}, ${LOCK_ID})`.catch(() => {
        // the session is gone, and its lock with it
      });
    }
  } finally {
    reserved?.release();
  }
}

/**
 * Makes sure, inside a transaction, that the lock is still ours. It is lost without a sign when the session that holds it
 * ends, and another instance may be at work by now. Throws RefusedError.
 */
export async function assertInstanceLock(tx: Sql, lock: InstanceLock): Promise<void> {
  const [row] = await tx<{ held: boolean }[]>`
    SELECT EXISTS (
      SELECT 1
      FROM pg_locks
      WHERE locktype = 'advisory'
        AND classid = ${LOCK_CLASS}
        AND objid = ${LOCK_ID}
        AND objsubid = 2
        AND granted
        AND pid = ${lock.pid}
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS held`;
  if (row?.held !== true) {
    throw new RefusedError('The connection that kept other instances away was lost.', {
      remedy: 'Run again; what was begun is finished or undone then.',
    });
  }
}

function anotherInstance(): RefusedError {
  return new RefusedError('Another immich-sidecar is at work on this database.', {
    remedy: 'Wait until it has finished, or stop it.',
  });
}
