import type { Outcome } from './outcome.ts';

/** A file that was not written, and is what it was before unless it is unsettled. */
export class WriteProblem extends Error {
  override name = 'WriteProblem';
  /** Something is left to be settled, such as a temporary file that cannot be removed now: the journal's row stays for the next run. */
  isUnsettled = false;

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

/** A file that was not written because of some of the tags in its plan: without these it may be. */
export class TagProblem extends WriteProblem {
  override name = 'TagProblem';

  /** @param tags by their names; none when it is not known which are to blame */
  constructor(path: string, reason: string, readonly tags: readonly string[]) {
    super('unwritable', path, reason);
  }
}
