interface Planned {
  readonly isSql: boolean;
  /** See roomOf and wordsOf, of the file that it is in. */
  readonly room: string;
  readonly words: readonly string[];
}

/** What a test file needs to know to try mutants. */
export interface Plan {
  /** By number. */
  readonly mutants: Readonly<Record<number, Planned>>;
  /** Where entries are added (see trials.ts). */
  readonly log: string;
  /** A file that is touched as long as the process is not caught in a loop. */
  readonly heartbeat: string;
  /** How long tests are run that come by a mutant and do not notice it; four times as long where names have to do with each other. */
  readonly seconds: number;
}

/** The exit code after which the same file is loaded again: something may still be at work in the process. */
export const RESTART = 75;

/** What PostgreSQL says of a statement that is none: such a mutant is as good as one that does not compile. */
export const NO_STATEMENT =
  /syntax error at or near|operator does not exist|must be type boolean|could not determine data type|argument of \w+ must|there is no unique or exclusion|must appear in the GROUP BY/;

/** These are in the path of nearly everything. */
const COMMON = new Set([
  'src',
  'tests',
  'test',
  'share',
  'writeback',
  'files',
  'immich',
  'tables',
  'statements',
  'phases',
  'cycle',
]);

/** The folder below `src` or `tests`. Pure. */
export function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** The words by which a file of the program and a test of it know each other, in the singular. Pure. */
export function wordsOf(text: string): string[] {
  const words = text.toLowerCase().split(/[^a-z]+/).filter((word) => word.length > 3 && !COMMON.has(word));
  return words.map((word) => word.replace(/ies$/, 'y').replace(/s$/, ''));
}
