import type { Sql } from '../../postgres/connect.ts';
import type { Isolation } from '../../postgres/transaction.ts';
import type { Context } from './context.ts';

/** Runs `work` over `items`, a transaction for each batch, and adds up what it returns. */
export async function inBatches<T>(
  context: Context,
  items: readonly T[],
  work: (tx: Sql, batch: T[]) => Promise<number>,
  isolation?: Isolation,
): Promise<number> {
  let total = 0;
  for (let start = 0; start < items.length; start += context.limits.batch) {
    const batch = items.slice(start, start + context.limits.batch);
    total += await context.transaction((tx) => work(tx, batch), isolation);
  }
  return total;
}
