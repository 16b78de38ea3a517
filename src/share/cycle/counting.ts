/** Counting where everything stands looks at every asset of a source: it takes at most so much of the time. */
const SHARE_OF_TIME = 0.02;

/** When it is time to count again. A small library is counted in every cycle that did something, a large one every few minutes. */
export class Counting {
  #nextAtMs = -Infinity;

  /** `nowMs`: a clock that is never set. */
  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextAtMs;
  }

  counted(startedAtMs: number, endedAtMs: number): void {
    this.#nextAtMs = endedAtMs + (endedAtMs - startedAtMs) / SHARE_OF_TIME;
  }
}
