import type postgres from 'postgres';
import type { Connection, Sql } from './connect.ts';
import { assertInstanceLock, type InstanceLock } from './lock.ts';
import { lossOf, refusedAfter, rememberLoss } from './sockets.ts';

/** What else has to hold inside a transaction before it does anything. Throws when it does not. */
export type Guard = (tx: Sql) => Promise<void>;

/**
 * What the statements of a transaction see. REPEATABLE READ: one snapshot, because an asset is copied with a dozen statements and must not
 * change in between; our transactions insert rows or update mirrors, so a conflict with Immich is rare and simply tried again.
 * READ COMMITTED: each what was committed before it, for work that locks rows, then looks again what is said about them elsewhere (a
 * snapshot would not show what the lock has waited for), then acts.
 */
export type Isolation = 'REPEATABLE READ' | 'READ COMMITTED';

/** Runs `work` in one transaction that only the instance holding the lock can commit. */
export async function inTransaction<T>(
  sql: Connection,
  lock: InstanceLock,
  work: (tx: Sql) => Promise<T>,
  { guard = async () => {}, isolation = 'REPEATABLE READ' }: {
    readonly guard?: Guard;
    readonly isolation?: Isolation | undefined;
  } = {},
): Promise<T> {
  return await begin(sql, isolation, async (tx) => {
    await Promise.all([assertInstanceLock(tx, lock), guard(tx)]);
    return await work(tx);
  });
}

/** Runs `work` in a transaction and rolls everything back, whatever it did: how a dry run leaves no trace. */
export async function inRolledBackTransaction<T>(sql: Connection, work: (tx: Sql) => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  const rollback = new Error('rolled back on purpose');
  try {
    await begin(sql, 'REPEATABLE READ', async (tx) => {
      result = { value: await work(tx) };
      throw rollback;
    });
  } catch (error) {
    if (error !== rollback) throw error;
  }
  if (result === undefined) throw new Error('the transaction ended without a result');
  return result.value;
}

/**
 * A transaction whose connection may be lost at any moment. postgres.js would send the next statement, or COMMIT, or
 * ROLLBACK, down a connection that is no more, which throws outside of any promise and ends the process (3.4.9,
 * tests/postgres/loss.test.ts). So after a loss statements throw, and `work` is not heard any more; sql.begin rejects.
 */
async function begin<T>(sql: Connection, isolation: Isolation, work: (tx: Sql) => Promise<T>): Promise<T> {
  const lost = lossOf(sql);
  return await sql.begin(`ISOLATION LEVEL ${isolation}`, (tx) => untilLost(lost, tx, work)) as T;
}

/**
 * Runs `work` as a part of the transaction `tx` that is rolled back by itself when it throws; the transaction goes on. `tx` comes from one of the functions
 * above.
 */
export async function inSavepoint<T>(tx: Sql, work: (tx: Sql) => Promise<T>): Promise<T> {
  const { savepoint } = tx as postgres.TransactionSql<Record<string, unknown>>;
  return await savepoint((part) => untilLost(lossOf(tx), part, work)) as T;
}

async function untilLost<T>(lost: AbortSignal, tx: Sql, work: (tx: Sql) => Promise<T>): Promise<T> {
  const guarded = refusedAfter(lost, tx);
  rememberLoss(guarded, lost);
  return await new Promise<T>((resolve, reject) => {
    work(guarded).then(
      (value) => lost.aborted || resolve(value),
      (error) => lost.aborted || reject(error),
    );
  });
}
