import type { Mark } from './cycle/changes.ts';
import type { Failures } from './cycle/tally.ts';
import type { Prepared } from './prepare.ts';

/** What is kept from one cycle for the next. */
export interface LastCycle {
  readonly prepared: Prepared;
  readonly mark: Mark;
  /** Selected assets that were not ready. */
  readonly waiting: readonly string[];
  /** Photos are tried again in each cycle; what else failed since everything was looked at, by a new process, which looks at everything. */
  readonly failures: Failures;
  /** When the last full cycle began, in milliseconds since the process did: the time of day may be set. */
  readonly fullAtMs: number;
}
