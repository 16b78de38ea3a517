import type { Job } from '../jobs/job.ts';
import type { Standing } from './outcome.ts';

/** Counting where everything stands looks at every asset of a source: it takes at most so much of the time. */
const SHARE_OF_TIME = 0.02;

/** When it is time to count again, and what. A small library is counted in every cycle that did something, a large one every few minutes. */
export class Counting {
  #nextAtMs = -Infinity;
  /** Jobs that cycles have worked on since they were counted. */
  readonly #expected = new Set<string>();
  /** Jobs of which something waits or is left out: it may not be meant any more, which concerns no job. */
  readonly #unsettled = new Set<string>();

  /** `nowMs`: a clock that is never set. */
  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextAtMs;
  }

  /** A cycle has worked on these. */
  expect(jobs: readonly Pick<Job, 'name'>[]): void {
    for (const { name } of jobs) this.#expected.add(name);
  }

  /** Those of these jobs that are to be counted. */
  expected<One extends Pick<Job, 'name'>>(jobs: readonly One[]): readonly One[] {
    return jobs.filter(({ name }) => this.#expected.has(name) || this.#unsettled.has(name));
  }

  counted(
    standings: ReadonlyMap<string, Pick<Standing, 'selected' | 'mirrored'>>,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    for (const [job, { selected, mirrored }] of standings) {
      this.#expected.delete(job);
      if (selected === mirrored) this.#unsettled.delete(job);
      else this.#unsettled.add(job);
    }
    this.#nextAtMs = endedAtMs + (endedAtMs - startedAtMs) / SHARE_OF_TIME;
  }
}
