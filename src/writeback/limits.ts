/** How much is kept in memory or waits at once. Made once for each run; tests make them small, so that each is reached. */
export interface WriteLimits {
  /** Writes of the ledger that are not urgent and share a transaction. */
  readonly waiting: number;
  /** Assets whose file somebody may be at work on, and that are looked at again at the end of the run. Memory must stay flat, also when a whole library has just been copied. */
  readonly young: number;
  /** Troubles that are reported, the first ones. */
  readonly troubles: number;
  /** Directories of which it is remembered whether they have sidecars. */
  readonly directories: number;
}

export const WRITE_LIMITS: WriteLimits = Object.freeze({
  waiting: 1_000,
  young: 1_000,
  troubles: 100,
  directories: 10_000,
});
