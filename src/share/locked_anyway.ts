import { assertImmichAtRest } from '../immich/migrations.ts';
import type { Connection } from '../postgres/connect.ts';
import { withInstanceLock } from '../postgres/lock.ts';
import { inTransaction } from '../postgres/transaction.ts';
import { LIMITS } from './cycle/limits.ts';
import { guardedDatabase } from './guarded_database.ts';
import { withdrawLockedFirst } from './mirrors/locked_first.ts';
import type { LockedRemoval } from './mirrors/locked.ts';
import { makeOwnTables } from './schema/own_tables.ts';

/**
 * Withdraws what its owners have locked where there can be no cycle, as nobody knows of any job: the rows, as a cycle does before anything
 * else. Files go with the next cycle. Throws RefusedError, as when another instance is at work.
 */
export async function withdrawLockedAnyway(sql: Connection): Promise<LockedRemoval> {
  return await withInstanceLock(sql, async (lock) => {
    await assertImmichAtRest(sql);
    let isMarkGone = false;
    // The state directory is not known; without the row its number means nothing.
    const before = async () => {
      if (isMarkGone) return;
      await inTransaction(sql, lock, (tx) => tx`DELETE FROM immich_sidecar_marks.mark`);
      isMarkGone = true;
    };
    return await withdrawLockedFirst(sql, LIMITS, {
      databaseFor: (migrations) =>
        guardedDatabase({ sql, lock, limits: LIMITS, migrations, signal: undefined, before }),
      makeTables: () => inTransaction(sql, lock, makeOwnTables),
    });
  });
}
