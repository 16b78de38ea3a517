/** Waits for so many milliseconds, or until `signal` is aborted. Never throws. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
  });
}

/**
 * What `work` comes to, or the reason of `signal` if that is aborted and `work` has not ended `graceMs` later. Then nobody
 * hears of it any more.
 */
export async function settledWithin<T>(work: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  const settled = new AbortController();
  const settling = work.finally(() => settled.abort());
  const givingUp = new Promise<never>((_, reject) => {
    const wait = () => pause(graceMs, settled.signal).then(() => settled.signal.aborted || reject(signal.reason));
    if (signal.aborted) wait();
    else signal.addEventListener('abort', wait, { once: true, signal: settled.signal });
  });
  return await Promise.race([settling, givingUp]);
}
