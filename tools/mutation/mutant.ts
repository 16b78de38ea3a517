/** One small fault, put into the program to see whether a test notices. */
export interface Mutant {
  /** Relative to the repository, with slashes. */
  readonly file: string;
  /** What of the file's text is replaced: offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** What kind of fault: `&& to ||`, `SQL: condition removed`, … */
  readonly kind: string;
  /** SQL is no part of the types. */
  readonly isSql: boolean;
}

/** A mutant as a person reads it, and as it is found again after the file has changed elsewhere. */
export interface Named extends Mutant {
  /** File, kind, and the line before and after; a number where these are not the only ones. */
  readonly id: string;
  /** From 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** The lines it is in, without indentation. */
  readonly before: string;
  readonly after: string;
}

export function applied(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Names the mutants of one file. Two that read the same are told apart by number. */
export function named(text: string, mutants: readonly Mutant[]): Named[] {
  const seen = new Map<string, number>();
  return mutants.map((mutant) => {
    const from = text.lastIndexOf('\n', mutant.start - 1) + 1;
    const end = text.indexOf('\n', Math.max(mutant.start, mutant.end - 1));
    const to = end < 0 ? text.length : end;
    const lines = text.slice(from, to);
    const before = squeeze(lines);
    const after = squeeze(lines.slice(0, mutant.start - from) + mutant.replacement + lines.slice(mutant.end - from));
    const key = `${mutant.file} | ${mutant.kind} | ${before} | ${after}`;
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    const firstLine = text.slice(0, mutant.start).split('\n').length;
    return {
      ...mutant,
      before,
      after,
      id: times === 1 ? key : `${key} | ${times}`,
      firstLine,
      lastLine: firstLine + text.slice(mutant.start, mutant.end).split('\n').length - 1,
    };
  });
}

function squeeze(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** Numbers from 0 to 1 that a seed determines (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All of them, in an order that a seed determines. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = randomNumbers(seed);
  return items.map((item) => [random(), item] as const).sort(([a], [b]) => a - b).map(([, item]) => item);
}
