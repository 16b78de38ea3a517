import { appendFileSync, readFileSync } from 'node:fs';

/** What is written down while the tests of one file try mutants: one JSON a line. */
export type Entry =
  & { readonly file: string; readonly test: string }
  & (
    /** The test begins, without a fault or with one. */
    | { readonly begun: true; readonly number?: number }
    /** The test passes without a fault, and this is what it comes by. */
    | { readonly reached: readonly number[]; readonly seconds: number }
    | {
      readonly number: number;
      readonly outcome: TrialOutcome;
      readonly seconds: number;
      readonly error?: string;
    }
    /** All that the test comes by was tried. `isFit`: it passed without a fault, before and afterwards. */
    | { readonly isFit: boolean }
  );

/** In place of a test's name: what was come by while the modules were loaded, and is computed only once. */
export const LOADING = 'while loading';

/** In place of a test's name: all tests of the file are done. */
export const FINISHED = 'finished';

/** `void`: this time it was not come by, as what was computed before was used again. */
export type TrialOutcome = 'killed' | 'late' | 'survived' | 'void' | 'invalid';

export function writeEntry(path: string, entry: Entry): void {
  appendFileSync(path, JSON.stringify(entry) + '\n');
}

/** Everything that was written down. A line that a killed process has left unfinished is left out. */
export function readEntries(path: string): Entry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Entry];
    } catch {
      return [];
    }
  });
}

/** What is known of one mutant. */
export interface Trials {
  /** The last of it that counts, or undefined where no test came by. */
  readonly outcome: Exclude<TrialOutcome, 'void'> | undefined;
  readonly by?: { readonly file: string; readonly test: string };
  /** How long tests took that have not noticed it. */
  readonly seconds: number;
  /** Test files that have not noticed it, and how often each was asked. */
  readonly asked: ReadonlyMap<string, number>;
}

/** A test that fails without a fault, too, has noticed nothing: not before it has passed once more without one. Pure. */
export function trialsOf(entries: readonly Entry[]): Map<number, Trials> {
  const unfit = new Set(entries.flatMap((entry) => 'isFit' in entry && !entry.isFit ? [keyOf(entry)] : []));
  const all = new Map<number, Trials>();
  for (const entry of entries) {
    if (!('outcome' in entry) || entry.outcome === 'void' || unfit.has(keyOf(entry))) continue;
    const { file, test, number, outcome } = entry;
    const before = all.get(number) ?? { outcome: undefined, seconds: 0, asked: new Map() };
    if (before.outcome !== undefined && before.outcome !== 'survived') continue;
    all.set(number, {
      outcome,
      seconds: before.seconds + entry.seconds,
      asked: new Map([...before.asked, [file, (before.asked.get(file) ?? 0) + 1]]),
      ...(outcome === 'killed' || outcome === 'late' ? { by: { file, test } } : {}),
    });
  }
  return all;
}

export function keyOf({ file, test }: { readonly file: string; readonly test: string }): string {
  return `${file} => ${test}`;
}
