import type { Progress } from './progress.ts';

/** How one cycle is run. */
export interface CycleOptions {
  /** Only this job; the others still keep their mirrors. Looks at everything. */
  readonly jobName?: string | undefined;
  /** Looks at everything, whatever is known of the last cycle. */
  readonly isFull?: boolean | undefined;
  /** Tries all that failed before at once, whenever it is due. */
  readonly retriesAll?: boolean | undefined;
  readonly progress: Progress;
  /** Ends the cycle between two transactions, with what it is aborted with as the error. */
  readonly signal?: AbortSignal | undefined;
  /** How long to copy embeddings, in milliseconds; the next cycle goes on with them. Default: until all are there. */
  readonly embeddingsMs?: number | undefined;
}
