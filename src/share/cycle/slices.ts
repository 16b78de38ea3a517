import { setImmediate } from 'node:timers/promises';

/**
 * Longest time in milliseconds that file work keeps the event loop to itself. PostgreSQL, which copies the batch before at
 * the same time, waits that long for each of its answers to be heard.
 */
const SLICE_MS = 2;

/** Does work for each item, synchronous as a rule, and lets others have their turn in between. Throws what `signal` is aborted with. */
export async function inSlices<Item>(
  items: readonly Item[],
  work: (item: Item) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let sliceStart = performance.now();
  for (const item of items) {
    const working = work(item);
    if (working !== undefined) await working;
    if (performance.now() - sliceStart > SLICE_MS) {
      await setImmediate();
      signal?.throwIfAborted();
      sliceStart = performance.now();
    }
  }
}
