import type { Connection, Sql } from './connect.ts';
import { assertInstanceLock, type InstanceLock } from './lock.ts';

/**
 * Runs `work` in one transaction that sees one snapshot of the database and that only the instance holding the lock
 * can commit. REPEATABLE READ, because an asset is copied with a dozen statements and must not change in between;
 * our transactions insert rows or update mirrors, so a conflict with Immich is rare and simply tried again.
 */
export async function inTransaction<T>(
  sql: Connection,
  lock: InstanceLock,
  work: (tx: Sql) => Promise<T>,
): Promise<T> {
  return await sql.begin('ISOLATION LEVEL REPEATABLE READ', async (tx) => {
    await assertInstanceLock(tx, lock);
    return await work(tx);
  }) as T;
}

/** Runs `work` in a transaction and rolls everything back, whatever it did: how a dry run leaves no trace. */
export async function inRolledBackTransaction<T>(sql: Connection, work: (tx: Sql) => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  const rollback = new Error('rolled back on purpose');
  try {
    await sql.begin('ISOLATION LEVEL REPEATABLE READ', async (tx) => {
      result = { value: await work(tx) };
      throw rollback;
    });
  } catch (error) {
    if (error !== rollback) throw error;
  }
  if (result === undefined) throw new Error('the transaction ended without a result');
  return result.value;
}
