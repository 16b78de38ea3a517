import { Random } from '../../../harness/drawing.ts';

/** Choices that follow from a seed. */
export class Choices {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random.below(limit));
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** Throws when there is nothing to choose from. */
  of<T>(things: readonly T[]): T {
    const thing = things[this.below(things.length)];
    if (thing === undefined) throw new Error('There is nothing to choose from.');
    return thing;
  }
}

/** Turns a thing into a similar one, mostly a worse one. */
export type Mutation<T> = (thing: T, choices: Choices) => T;

/** Two of them change places. */
export function swapped<T>(things: readonly T[], choices: Choices): T[] {
  const [a, b] = [choices.below(things.length), choices.below(things.length)];
  return things.map((thing, index) => (index === a ? things[b] : index === b ? things[a] : undefined) ?? thing);
}

/** One of them comes twice, the second time anywhere. */
export function repeated<T>(things: readonly T[], choices: Choices): T[] {
  return things.length === 0 ? [] : things.toSpliced(choices.below(things.length + 1), 0, choices.of(things));
}

/** One of them is missing. */
export function shortened<T>(things: readonly T[], choices: Choices): T[] {
  return things.toSpliced(choices.below(things.length), 1);
}

/** One of them is another. */
export function replaced<T>(things: readonly T[], choices: Choices, mutation: Mutation<T>): T[] {
  const at = choices.below(things.length);
  return things.map((thing, index) => index === at ? mutation(thing, choices) : thing);
}
