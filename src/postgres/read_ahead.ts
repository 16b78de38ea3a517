/**
 * The same items, with the next one asked for while the current one is being worked on. An error comes when its item's
 * turn comes; when the consumer stops early, the item under way is waited for and the source is closed.
 */
export async function* readAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let next = settled(iterator.next());
  try {
    for (;;) {
      const result = (await next)();
      if (result.done) return;
      next = settled(iterator.next());
      yield result.value;
    }
  } finally {
    await next;
    await iterator.return?.();
  }
}

/** Never rejects, so that nothing is unhandled while nobody waits: gives a function that returns or throws. */
async function settled<T>(promise: Promise<T>): Promise<() => T> {
  try {
    const value = await promise;
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
