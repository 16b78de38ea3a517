/** A moment by the database's clock, and by one of ours that is never set (performance.now()). All in milliseconds. */
export interface Moment {
  /** By the database's clock, since the epoch. */
  readonly atMs: number;
  /** By ours, which counts from the start of this process: when we asked for it, and when we were answered. */
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** Asks for the time by the database's clock. */
export async function timed<T extends { readonly atMs: number }>(ask: () => Promise<T>): Promise<T & Moment> {
  const askedMs = performance.now();
  const answer = await ask();
  return { ...answer, askedMs, answeredMs: performance.now() };
}

/**
 * By how much the database's clock may have been set back between two moments of one process; 0 unless it certainly was. Two clocks
 * that merely run at different speeds differ by milliseconds, which is then found, too. What was set back and then forward again by as
 * much is not.
 */
export function setBackMs(since: Moment, now: Moment): number {
  const elapsedMs = now.atMs - since.atMs;
  const [atLeastMs, atMostMs] = [now.askedMs - since.answeredMs, now.answeredMs - since.askedMs];
  return elapsedMs >= atLeastMs ? 0 : atMostMs - elapsedMs;
}
