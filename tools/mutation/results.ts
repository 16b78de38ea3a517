import type { Named } from './mutant.ts';
import { type Entry, trialsOf } from './trials.ts';

/** What became of a mutant. `invalid` ones (types, or PostgreSQL's grammar) count for nothing; `uncovered` ones have survived. */
export type Outcome = 'killed' | 'late' | 'survived' | 'uncovered' | 'invalid';

export interface Result {
  readonly id: string;
  readonly line: number;
  readonly outcome: Outcome;
  /** The test file that noticed, and the test in it. */
  readonly by?: string;
  readonly test?: string;
  /** Test files that came by. */
  readonly asked: readonly string[];
}

/** A mutant that no test can notice, as it changes nothing that anybody can see. */
export interface Equivalent {
  readonly id: string;
  readonly reason: string;
}

export interface Score {
  readonly killed: number;
  /** Tests did not end in time: counts as noticed. */
  readonly late: number;
  readonly survived: readonly Result[];
  readonly equivalent: number;
  readonly invalid: number;
  /** From 0 to 1, of those that are neither equivalent nor invalid; NaN without any. */
  readonly share: number;
}

/** The last result of each mutant counts. Pure. */
export function scoreOf(results: readonly Result[], equivalents: readonly Equivalent[]): Score {
  const isEquivalent = new Set(equivalents.map(({ id }) => id));
  const last = [...new Map(results.map((result) => [result.id, result])).values()];
  const counting = last.filter(({ id, outcome }) => outcome !== 'invalid' && !isEquivalent.has(id));
  const survived = counting.filter(({ outcome }) => outcome === 'survived' || outcome === 'uncovered');
  const late = counting.filter(({ outcome }) => outcome === 'late').length;
  return {
    killed: counting.length - survived.length - late,
    late,
    survived,
    equivalent: last.filter(({ id, outcome }) => outcome !== 'invalid' && isEquivalent.has(id)).length,
    invalid: last.filter(({ outcome }) => outcome === 'invalid').length,
    share: (counting.length - survived.length) / counting.length,
  };
}

/** What the tests have found out about each mutant; where that is nothing, what is known from before. Pure. */
export function resultsOf(chosen: readonly Named[], entries: readonly Entry[], before: readonly Result[]): Result[] {
  const trials = trialsOf(entries);
  const known = new Map(before.map((result) => [result.id, result]));
  return chosen.map(({ id, firstLine: line }, number): Result => {
    const { outcome, by, asked } = trials.get(number) ?? { outcome: undefined, asked: new Map<string, number>() };
    const own = known.get(id);
    if (own !== undefined && (outcome === undefined || outcome === 'survived')) return own;
    return {
      id,
      line,
      outcome: outcome ?? 'uncovered',
      ...(by === undefined ? {} : { by: by.file, test: by.test }),
      asked: [...asked.keys()],
    };
  });
}

/** JSON, a result a line; a line that a killed run has left unfinished is left out. */
export async function readResults(path: string): Promise<Result[]> {
  const text = await Deno.readTextFile(path).catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Result];
    } catch {
      return [];
    }
  });
}
