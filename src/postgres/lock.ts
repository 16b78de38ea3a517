import { EXIT, RefusedError } from '../errors.ts';
import type { Connection, Fragment, Sql } from './connect.ts';
import { FaultError, faultOf } from './faults.ts';
import { isPooled, PoolerError } from './pooler.ts';
import { lossOf, refusedAfter } from './sockets.ts';

/** 'imsi' and a number: Immich's own advisory locks are small single numbers and cannot meet a pair. */
const LOCK_CLASS = 0x696d7369;

/** Held by one session for as long as its instance works. */
const INSTANCE = 1;

/**
 * Shared by every transaction of the instance that works, until it ends. Who has just taken the lock waits here until the
 * last transaction of the one before has ended, which may go on for a while after its process was killed.
 */
const TRANSACTIONS = 2;

/** The lock that lets only one immich-sidecar write to a database, as held by one session. */
export interface InstanceLock {
  /** The server process of the session that holds it. */
  readonly pid: number;
}

/** The same, in the hands of the one who took it. */
export interface HeldLock extends InstanceLock {
  /** Gives it back, if it is not lost by then. Never throws. */
  release(): Promise<void>;
}

/**
 * Takes the instance lock if nobody has it. With a pool of several connections one of them is set aside for it; a pool of
 * one keeps lock and work together. Returns undefined when another immich-sidecar holds the lock. Throws PoolerError where the lock
 * would not hold.
 */
export async function tryInstanceLock(sql: Connection): Promise<HeldLock | undefined> {
  const reserved = sql.options.max > 1 ? await sql.reserve() : undefined;
  const session = refusedAfter(lossOf(sql), reserved ?? sql);
  if (await isPooled(session)) {
    reserved?.release(); // nothing is unlocked, as that might be another instance's
    throw new PoolerError();
  }
  const letGo = async () => {
    try {
      await session`SELECT pg_advisory_unlock(${LOCK_CLASS}, ${INSTANCE})`;
      if (!lossOf(sql).aborted) reserved?.release();
    } catch {
      // the session is gone, and its lock with it
    }
  };
  try {
    const [row] = await session<{ locked: boolean; pid: number }[]>`
      SELECT pg_try_advisory_lock(${LOCK_CLASS}, ${INSTANCE}) AS locked, pg_backend_pid() AS pid`;
    if (row?.locked !== true) {
      reserved?.release();
      return undefined;
    }
    await session`SELECT pg_advisory_lock(${LOCK_CLASS}, ${TRANSACTIONS})`;
    await session`SELECT pg_advisory_unlock(${LOCK_CLASS}, ${TRANSACTIONS})`;
    return { pid: row.pid, release: letGo };
  } catch (error) {
    await letGo();
    if (faultOf(error) === 'conflict') return undefined; // the one before is still busy
    throw error;
  }
}

/** Whether an immich-sidecar is at work on this database. Reads only. */
export async function isInstanceAtWork(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ held: boolean }[]>`SELECT ${isHeld(sql)} AS held`;
  return row?.held === true;
}

/** Whether the instance lock is held: by the session of this server process, or, without one, by anybody. */
function isHeld(sql: Sql, pid?: number): Fragment {
  return sql`EXISTS (
    SELECT 1
    FROM pg_locks
    WHERE locktype = 'advisory'
      AND classid = ${LOCK_CLASS}
      AND objid = ${INSTANCE}
      AND objsubid = 2
      AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND ${pid === undefined ? sql`true` : sql`pid = ${pid}`}
  )`;
}

/** Another instance holds the lock. */
export class BusyError extends RefusedError {
  override name = 'BusyError';
}

/** Runs `work` while the instance lock is held. Throws BusyError when another immich-sidecar holds it. */
export async function withInstanceLock<T>(sql: Connection, work: (lock: InstanceLock) => Promise<T>): Promise<T> {
  const lock = await tryInstanceLock(sql);
  if (lock === undefined) {
    throw new BusyError('Another immich-sidecar is at work on this database.', {
      problemCode: 'busy',
      remedy: 'Wait until it has finished, or stop it.',
    });
  }
  try {
    return await work(lock);
  } finally {
    await lock.release();
  }
}

/**
 * Makes sure, inside a transaction, that the lock is ours and stays so until the transaction ends. It is lost without a
 * sign when the session that holds it ends, and another instance may be at work by now. Throws FaultError.
 */
export async function assertInstanceLock(tx: Sql, lock: InstanceLock): Promise<void> {
  const [[shared], [row]] = await Promise.all([
    tx<{ granted: boolean }[]>`
      SELECT pg_try_advisory_xact_lock_shared(${LOCK_CLASS}, ${TRANSACTIONS}) AS granted`,
    tx<{ held: boolean }[]>`SELECT ${isHeld(tx, lock.pid)} AS held`,
  ]);
  if (shared?.granted !== true || row?.held !== true) {
    throw new FaultError('lost', 'The connection that kept other instances away was lost.', {
      remedy: 'Run again; what was begun is finished or undone then.',
      exitCode: EXIT.refused,
    });
  }
}
