/**
 * Everything that tests draw: one seed for all of them, the same in each run of the suite, so that a test fails for what somebody has
 * changed and for nothing else.
 */
import fc from 'fast-check';

/** `SEED=7` draws something else, `SEED=random` what nobody has seen yet: a test that fails tells its seed. */
export const SEED: number = chosen(Deno.env.get('SEED') ?? '');

fc.configureGlobal({ seed: SEED });

/** fast-check with this seed, wherever a test has no other. Tests import it from here (tests/architecture/rules.ts). */
export { default } from 'fast-check';

/** Numbers that follow from a seed, of a linear congruential generator. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    this.below(1);
  }

  /** A number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    this.#state = (this.#state * 1664525 + 1013904223) >>> 0;
    return this.#state / 2 ** 32 * limit;
  }
}

function chosen(value: string): number {
  if (value === '') return 0;
  const seed = value === 'random' ? Date.now() % 1_000_000 : Number(value);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new Error(`SEED is "random" or a whole number; "${value}" is neither.`);
  }
  return seed;
}
