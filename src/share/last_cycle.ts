import type { Mark } from './cycle/changes.ts';
import type { Prepared } from './prepare.ts';

/** What is kept from one cycle for the next. */
export interface LastCycle {
  readonly prepared: Prepared;
  readonly mark: Mark;
  /** Selected assets that were not ready. */
  readonly waiting: readonly string[];
  /** When the last full cycle began, in milliseconds since the process did: the time of day may be set. */
  readonly fullAtMs: number;
}
