import type { Outcome } from './outcome.ts';

/** A file that was not written, and is what it was before. */
export class WriteProblem extends Error {
  override name = 'WriteProblem';

  constructor(
    readonly outcome: Extract<Outcome, 'unwritable' | 'changed-meanwhile' | 'failed' | 'not-found'>,
    readonly path: string,
    /** A sentence without full stop, which does not repeat the path. */
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`${reason}: ${JSON.stringify(path)}`, { cause });
  }
}
