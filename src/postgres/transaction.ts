import type { Connection, Sql } from './connect.ts';
import { assertInstanceLock, type InstanceLock } from './lock.ts';
import { lossOf, refusedAfter } from './sockets.ts';

/** What else has to hold inside a transaction before it does anything. Throws when it does not. */
export type Guard = (tx: Sql) => Promise<void>;

/**
 * Runs `work` in one transaction that sees one snapshot of the database and that only the instance holding the lock
 * can commit. REPEATABLE READ, because an asset is copied with a dozen statements and must not change in between;
 * our transactions insert rows or update mirrors, so a conflict with Immich is rare and simply tried again.
 */
export async function inTransaction<T>(
  sql: Connection,
  lock: InstanceLock,
  work: (tx: Sql) => Promise<T>,
  guard: Guard = async () => {},
): Promise<T> {
  return await begin(sql, async (tx) => {
    await Promise.all([assertInstanceLock(tx, lock), guard(tx)]);
    return await work(tx);
  });
}

/** Runs `work` in a transaction and rolls everything back, whatever it did: how a dry run leaves no trace. */
export async function inRolledBackTransaction<T>(sql: Connection, work: (tx: Sql) => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  const rollback = new Error('rolled back on purpose');
  try {
    await begin(sql, async (tx) => {
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
async function begin<T>(sql: Connection, work: (tx: Sql) => Promise<T>): Promise<T> {
  const lost = lossOf(sql);
  return await sql.begin('ISOLATION LEVEL REPEATABLE READ', (tx) =>
    new Promise<T>((resolve, reject) => {
      work(refusedAfter(lost, tx)).then(
        (value) => lost.aborted || resolve(value),
        (error) => lost.aborted || reject(error),
      );
    })) as T;
}
