import { RefusedError } from '../errors.ts';
import type { Connection, Sql } from './connect.ts';

/** 'imsi' and 1: Immich's own advisory locks are small single numbers and cannot meet a pair. */
const LOCK_CLASS = 0x696d7369;
const LOCK_ID = 1;

/**
 * Runs `work` while this session holds the lock that lets only one immich-sidecar write to a database.
 * Throws RefusedError when another one holds it.
 */
export async function withInstanceLock<T>(sql: Connection, work: () => Promise<T>): Promise<T> {
  const [row] = await sql<{ locked: boolean }[]>`SELECT pg_try_advisory_lock(${LOCK_CLASS}, ${LOCK_ID}) AS locked`;
  if (row?.locked !== true) throw anotherInstance();
  try {
    return await work();
  } finally {
    await sql`SELECT pg_advisory_unlock(${LOCK_CLASS}, ${LOCK_ID})`.catch(() => {
      // the session is gone, and its lock with it
    });
  }
}

/**
 * Makes sure, inside a transaction, that no other instance works. The session lock is lost without a sign when the
 * client reconnects; taking it again for the transaction succeeds at once if we still hold it or nobody else does.
 */
export async function assertInstanceLock(sql: Sql): Promise<void> {
  const [row] = await sql<{ locked: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(${LOCK_CLASS}, ${LOCK_ID}) AS locked`;
  if (row?.locked !== true) throw anotherInstance();
}

function anotherInstance(): RefusedError {
  return new RefusedError('Another immich-sidecar is at work on this database.', {
    remedy: 'Wait until it has finished, or stop it.',
  });
}
