import { isAboutRows } from '../../postgres/faults.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Isolation } from '../../postgres/transaction.ts';
import type { Database } from './tools.ts';

/**
 * Runs `work` over `items`, a transaction for each batch. Returns what it returned, batch by batch.
 *
 * When PostgreSQL refuses a row, or somebody else keeps changing one, the batch is halved, and halved again, until the offending item
 * stands alone: that one is left out and `onRefused` hears why. Everything else goes through.
 */
export async function inBatches<Item, Result>(
  database: Database,
  items: readonly Item[],
  work: (tx: Sql, batch: Item[]) => Promise<Result>,
  onRefused: (item: Item, error: unknown) => void,
  isolation?: Isolation,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += database.batchSize) {
    results.push(
      ...await halving(database, items.slice(start, start + database.batchSize), work, onRefused, isolation),
    );
  }
  return results;
}

/** The same for work that counts. Returns the sum. */
export async function countInBatches<Item>(
  database: Database,
  items: readonly Item[],
  work: (tx: Sql, batch: Item[]) => Promise<number>,
  onRefused: (item: Item, error: unknown) => void,
  isolation?: Isolation,
): Promise<number> {
  return (await inBatches(database, items, work, onRefused, isolation)).reduce((total, count) => total + count, 0);
}

async function halving<Item, Result>(
  database: Database,
  batch: Item[],
  work: (tx: Sql, batch: Item[]) => Promise<Result>,
  onRefused: (item: Item, error: unknown) => void,
  isolation?: Isolation,
): Promise<Result[]> {
  const [only] = batch;
  if (only === undefined) return [];
  try {
    return [await database.transaction((tx) => work(tx, batch), isolation)];
  } catch (error) {
    if (!isAboutRows(error)) throw error;
    if (batch.length === 1) {
      onRefused(only, error);
      return [];
    }
    const middle = Math.ceil(batch.length / 2);
    return [
      ...await halving(database, batch.slice(0, middle), work, onRefused, isolation),
      ...await halving(database, batch.slice(middle), work, onRefused, isolation),
    ];
  }
}
