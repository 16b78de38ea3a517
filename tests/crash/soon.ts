import assert from 'node:assert/strict';

/** Nothing may wait for ever for an answer that does not come. */
export async function soon<T>(work: Promise<T>, what: () => string): Promise<T> {
  const patience = Promise.withResolvers<never>();
  const timer = setTimeout(() => patience.reject(new assert.AssertionError({ message: `wedged: ${what()}` })), 180_000);
  try {
    return await Promise.race([work, patience.promise]);
  } finally {
    clearTimeout(timer);
  }
}
