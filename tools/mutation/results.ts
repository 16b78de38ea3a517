/** What became of a mutant. `invalid` ones (types, or PostgreSQL's grammar) count for nothing; `uncovered` ones have survived. */
export type Outcome = 'killed' | 'late' | 'survived' | 'uncovered' | 'invalid';

export interface Result {
  readonly id: string;
  readonly line: number;
  readonly outcome: Outcome;
  /** The test file that noticed, and the test in it. */
  readonly by?: string;
  readonly test?: string;
  /** The files that were run, in this order. */
  readonly tests: readonly { readonly file: string; readonly seconds: number }[];
}

/** A mutant that no test can notice, as it changes nothing that anybody can see. */
export interface Equivalent {
  readonly id: string;
  readonly reason: string;
}

export interface Score {
  readonly noticed: number;
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
  return {
    noticed: counting.length - survived.length,
    survived,
    equivalent: last.filter(({ id, outcome }) => outcome !== 'invalid' && isEquivalent.has(id)).length,
    invalid: last.filter(({ outcome }) => outcome === 'invalid').length,
    share: (counting.length - survived.length) / counting.length,
  };
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
