import { type Named, shuffled } from './mutant.ts';
import type { Place } from './place.ts';
import type { Result } from './results.ts';

/** What a test file does when there is no fault: its time, and the lines of src that it comes by. */
interface Baseline {
  readonly passes: boolean;
  readonly seconds: number;
  readonly lines: Readonly<Record<string, readonly number[]>>;
}

/** More than this no test file may take without a fault. */
const BASELINE_LIMIT_SECONDS = 900;

/** A machine that is busy with other things must not be taken for a fault. */
const PATIENCE = 6;
const LEAST_LIMIT_SECONDS = 90;

/**
 * The test files, and which of them come by a line. Each is run once without a fault, with coverage, when somebody first asks for it,
 * and what it has seen is kept in the scratch directory: it holds for one commit.
 */
export class Tests {
  readonly #baselines = new Map<string, Promise<Baseline>>();

  constructor(private readonly files: readonly string[], private readonly directory: string) {}

  /**
   * Those that may notice, the most promising first: of the same room, those that have found many, the quick ones. A test counts as one that has found
   * something and missed something, so that each gets its turn.
   */
  inOrder(mutant: Named, results: readonly Result[]): string[] {
    const room = (path: string) => path.split('/')[1] ?? '';
    const found = new Map<string, number>();
    const asked = new Map<string, { times: number; seconds: number }>();
    for (const { by, tests } of results) {
      if (by !== undefined) found.set(by, (found.get(by) ?? 0) + 1);
      for (const { file, seconds } of tests) {
        const before = asked.get(file) ?? { times: 0, seconds: 0 };
        asked.set(file, { times: before.times + 1, seconds: before.seconds + seconds });
      }
    }
    const promise = (file: string) => {
      const { times, seconds } = asked.get(file) ?? { times: 0, seconds: 0 };
      const chance = ((found.get(file) ?? 0) + 1) / (times + 2);
      return chance / ((seconds + 10) / (times + 1)) * (room(file) === room(mutant.file) ? 10 : 1);
    };
    // In another order for each mutant, or all places would wait for the same first run.
    return shuffled(this.files, mutant.start).sort((a, b) => promise(b) - promise(a));
  }

  /** How long a test file may take with this fault, in seconds; undefined when it does not come by, or fails without any fault. */
  async limitFor(file: string, mutant: Named, place: Place): Promise<number | undefined> {
    const { passes, seconds, lines } = await this.#baseline(file, place);
    const seen = lines[mutant.file] ?? [];
    const comesBy = seen.some((line) => line >= mutant.firstLine && line <= mutant.lastLine);
    return passes && comesBy ? Math.max(LEAST_LIMIT_SECONDS, seconds * PATIENCE) : undefined;
  }

  /** Files that fail without any fault, as far as they were asked. */
  async unfit(): Promise<string[]> {
    const all = await Promise.all([...this.#baselines].map(async ([file, one]) => (await one).passes ? [] : [file]));
    return all.flat().sort();
  }

  /** The place has no fault in it while this runs for the first time. */
  #baseline(file: string, place: Place): Promise<Baseline> {
    const known = this.#baselines.get(file) ?? this.#read(file).catch(() => this.#measure(file, place));
    this.#baselines.set(file, known);
    return known;
  }

  async #read(file: string): Promise<Baseline> {
    return JSON.parse(await Deno.readTextFile(this.#path(file)));
  }

  async #measure(file: string, place: Place): Promise<Baseline> {
    const profiles = await Deno.makeTempDir({ prefix: 'mutation-coverage-' });
    try {
      let { outcome, seconds } = await place.test(file, BASELINE_LIMIT_SECONDS, { coverage: profiles });
      if (outcome !== 'passed') {
        ({ outcome, seconds } = await place.test(file, BASELINE_LIMIT_SECONDS, { coverage: profiles }));
      }
      const baseline: Baseline = { passes: outcome === 'passed', seconds, lines: await place.coveredLines(profiles) };
      await Deno.mkdir(this.directory, { recursive: true });
      await Deno.writeTextFile(this.#path(file), JSON.stringify(baseline));
      return baseline;
    } finally {
      await Deno.remove(profiles, { recursive: true });
    }
  }

  #path(file: string): string {
    return `${this.directory}/${file.replaceAll('/', '+')}.json`;
  }
}
