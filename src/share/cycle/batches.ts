import type { Sql } from '../../postgres/connect.ts';
import type { Context } from './context.ts';

/** Runs `work` over `items`, a transaction for each batch, and adds up what it returns. */
export async function inBatches<T>(
  context: Context,
  items: readonly T[],
  work: (tx: Sql, batch: T[]) => Promise<number>,
): Promise<number> {
  let total = 0;
  for (let start = 0; start < items.length; start += context.batchSize) {
    const batch = items.slice(start, start + context.batchSize);
    total += await context.transaction((tx) => work(tx, batch));
  }
  return total;
}
