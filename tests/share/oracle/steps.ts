import fc from '../../harness/drawing.ts';

/** One deed, and whether a cycle follows it. */
export interface Step {
  readonly deed: string;
  /** What the deed chooses by. */
  readonly picks: readonly number[];
  readonly isFollowedByCycle: boolean;
  /** The program is started anew before that cycle. */
  readonly isRestart: boolean;
}

/** Everything a history follows from. */
export interface Plan {
  /** `shared albums`: no jobs, but what is in albums reaches all members, in all directions. */
  readonly circle: 'one way' | 'both ways' | 'triangle' | 'two targets' | 'chain' | 'shared albums';
  readonly sameClusterGroup: boolean;
  /** What targets change on mirrors goes to the sources. */
  readonly isTwoWay?: boolean;
  readonly steps: readonly Step[];
}

/** Deeds between two cycles: seven on average. */
const CYCLE_EVERY = 7;

/**
 * Histories of exactly `length` steps out of these deeds. A history that fails is made smaller by leaving steps out, first many,
 * then few; what is left means the same, as every deed chooses anew from what is there.
 */
export class Histories extends fc.Arbitrary<Plan> {
  readonly #step: fc.Arbitrary<Step>;
  readonly #frame: fc.Arbitrary<Omit<Plan, 'steps'>>;

  /** `circle`: of all histories, instead of any. Only in those that go both ways there are chains, in which people are shown further. */
  constructor(deeds: readonly string[], readonly length: number, circle?: Plan['circle'], isTwoWay = false) {
    super();
    const oneIn = (count: number) => fc.nat(count - 1).map((number) => number === 0);
    this.#step = fc.record({
      deed: fc.constantFrom(...deeds),
      picks: fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }),
      isFollowedByCycle: oneIn(CYCLE_EVERY),
      isRestart: oneIn(5),
    });
    this.#frame = fc.record({
      circle: circle === undefined
        ? fc.constantFrom('one way', 'both ways', 'triangle', 'two targets', ...isTwoWay ? ['chain'] as const : [])
        : fc.constant(circle),
      sameClusterGroup: fc.boolean(),
      ...isTwoWay ? { isTwoWay: fc.constant(true) } : {},
    });
  }

  override generate(random: fc.Random): fc.Value<Plan> {
    const steps = Array.from({ length: this.length }, () => this.#step.generate(random, undefined).value);
    return new fc.Value({ ...this.#frame.generate(random, undefined).value, steps }, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Plan {
    return typeof value === 'object' && value !== null && 'steps' in value;
  }

  override shrink(plan: Plan, context?: unknown): fc.Stream<fc.Value<Plan>> {
    const from = context instanceof Cut ? context : new Cut(Math.floor(plan.steps.length / 2), plan.steps.length);
    return fc.stream(smaller(plan, from));
  }
}

/** Where a piece was cut out: what lies behind it was tried before. */
class Cut {
  constructor(readonly size: number, readonly end: number) {}
}

/** The end cut off, then pieces further to the front; then smaller pieces, down to single steps. */
function* smaller(plan: Plan, from: Cut): Generator<fc.Value<Plan>> {
  const { steps } = plan;
  let end = Math.min(from.end, steps.length);
  for (let size = from.size; size >= 1; size = Math.floor(size / 2)) {
    for (; end > 0; end -= size) {
      const start = Math.max(end - size, 0);
      yield new fc.Value({ ...plan, steps: [...steps.slice(0, start), ...steps.slice(end)] }, new Cut(size, start));
    }
    end = steps.length;
  }
}
