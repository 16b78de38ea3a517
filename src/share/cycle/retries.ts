import { PROBLEMS } from '../../problems/codes.ts';
import { type Problem, problem } from '../../problems/problem.ts';
import type { ToldRetries } from './report.ts';
import { type Failures, problemKey } from './failures.ts';

/** Something that failed, and when it is tried again; in milliseconds of a clock that nobody sets. */
export interface Retry {
  /** How often in a row it has failed. */
  readonly attempts: number;
  readonly dueMs: number;
  /** Why: until then it is said again. */
  readonly problems: readonly Problem[];
}

/** A photo, by its own id or that of its mirror. */
export interface PhotoRetry extends Retry {
  /** It is to be removed from somebody's account: each cycle tries that. */
  readonly isUrgent: boolean;
}

/** The shares that are left out, and when is looked whether they can be worked on. */
export interface LeftOutRetry extends Omit<Retry, 'problems'> {
  readonly names: readonly string[];
}

/** Everything that failed and is still to be done. */
export interface Retries {
  readonly photos: ReadonlyMap<string, PhotoRetry>;
  /** What is no photo's, such as a person's: a look at everything tries it. */
  readonly rest: Retry | undefined;
  readonly leftOut: LeftOutRetry | undefined;
}

export const NOTHING_FAILED: Retries = Object.freeze({ photos: new Map(), rest: undefined, leftOut: undefined });

/** After the first failure, after the second, and so on, twice as long each time. */
interface Pauses {
  readonly firstMs: number;
  readonly secondMs: number;
  readonly longestMs: number;
}

/** What Immich was doing just then has passed in the next cycle. A disk that was forgotten is found within an hour. */
const PHOTO: Pauses = Object.freeze({ firstMs: 0, secondMs: 10_000, longestMs: 3_600_000 });

/** Looking takes a few statements for each share, and finds all of its photos again. */
const LEFT_OUT_JOBS: Pauses = Object.freeze({ firstMs: 0, secondMs: 10_000, longestMs: 300_000 });

/** Looking at everything may take minutes. */
const REST: Pauses = Object.freeze({ firstMs: 60_000, secondMs: 120_000, longestMs: 3_600_000 });

/** Of more photos than are tried one by one a few say why. */
const MOST_TOLD = 100;

function pauseMs({ firstMs, secondMs, longestMs }: Pauses, attempts: number): number {
  return attempts <= 1 ? firstMs : Math.min(longestMs, secondMs * 2 ** Math.min(attempts - 2, 30));
}

/** The photos that the next cycle is to look at. */
export function photosDue({ photos }: Retries, nowMs: number): string[] {
  return [...photos].filter(([, { isUrgent, dueMs }]) => isUrgent || dueMs <= nowMs).map(([id]) => id);
}

/** Whether the time has come for something that is tried as a whole. */
export function isDue(retry: Pick<Retry, 'dueMs'> | undefined, nowMs: number): boolean {
  return retry !== undefined && retry.dueMs <= nowMs;
}

/** The same for people, who have another clock. */
export function toldOf({ photos, rest, leftOut }: Retries, nowMs: number): ToldRetries {
  const times = [...photos.values(), rest, leftOut].flatMap((retry) => retry === undefined ? [] : [retry.dueMs]);
  const first = times.reduce((first, time) => Math.min(first, time), Infinity);
  const nextAt = first === Infinity ? undefined : new Date(Date.now() + Math.max(0, first - nowMs)).toISOString();
  return { photos: photos.size, nextAt };
}

/** Everything at once, and from then on as if it had failed for the first time: somebody is at it. */
export function triedAtOnce({ photos, rest, leftOut }: Retries): Retries {
  const anew = <Any extends Omit<Retry, 'problems'>>(retry: Any): Any => ({ ...retry, attempts: 0, dueMs: -Infinity });
  return {
    photos: new Map([...photos].map(([id, retry]) => [id, anew(retry)])),
    rest: rest && anew(rest),
    leftOut: leftOut && anew(leftOut),
  };
}

/** What is said again by a cycle that has not looked at it. */
export function saidAgain({ photos, rest }: Retries, looked: ReadonlySet<string>): Problem[] {
  return [
    ...[...photos].flatMap(([id, { problems }]) => looked.has(id) ? [] : problems),
    ...rest?.problems ?? [],
  ];
}

/** What a cycle has tried. */
export interface Tried {
  /** The photos that it has looked at. */
  readonly looked: 'all' | ReadonlySet<string>;
  /** Those of them that it looked at only as they were due. */
  readonly due: ReadonlySet<string>;
  readonly failures: Failures;
  readonly nowMs: number;
  /** So many photos are tried one by one; of more a look at everything is as fast. What is to be removed is tried in each cycle, however much it is. */
  readonly most: number;
}

/** What is still to be done after a cycle. A photo that has changed and fails is as one that fails for the first time. */
export function afterCycle(before: Retries, { looked, due, failures, nowMs, most }: Tried): Retries {
  const isAgain = (id: string) => looked === 'all' || due.has(id);
  const tried = [...failures.photos].map(([id, failed]): [string, PhotoRetry] => {
    const attempts = (isAgain(id) ? before.photos.get(id)?.attempts ?? 0 : 0) + 1;
    return [id, { ...failed, attempts, dueMs: nowMs + (failed.isUrgent ? 0 : pauseMs(PHOTO, attempts)) }];
  });
  const untried = looked === 'all' ? [] : [...before.photos].filter(([id]) => !looked.has(id));
  const photos = new Map([...untried, ...tried]);
  if (photos.size <= most) return { ...before, photos, rest: restOf(before, looked, failures.rest, nowMs) };
  const urgent = new Map([...photos].filter(([, { isUrgent }]) => isUrgent));
  const others = [...photos.values()].filter(({ isUrgent }) => !isUrgent);
  const problems = others.slice(0, MOST_TOLD).flatMap((retry) => retry.problems);
  return { ...before, photos: urgent, rest: restOf(before, looked, [...failures.rest, ...problems], nowMs) };
}

function restOf(
  { rest }: Retries,
  looked: Tried['looked'],
  problems: readonly Problem[],
  nowMs: number,
): Retry | undefined {
  if (looked !== 'all') {
    if (problems.length === 0) return rest;
    const known = rest ?? { attempts: 1, dueMs: nowMs + pauseMs(REST, 1), problems: [] };
    const keys = new Set(known.problems.map(problemKey));
    const more = problems.filter((problem) => !keys.has(problemKey(problem)));
    return { ...known, problems: [...known.problems, ...more] };
  }
  if (problems.length === 0) return undefined;
  const attempts = (rest?.attempts ?? 0) + 1;
  return { attempts, dueMs: nowMs + pauseMs(REST, attempts), problems };
}

/** The same after it was looked which shares can be worked on. */
export function afterLookAtJobs(before: Retries, names: readonly string[], nowMs: number): Retries {
  if (names.length === 0) return { ...before, leftOut: undefined };
  const isSame = before.leftOut !== undefined && areSame(before.leftOut.names, names);
  const attempts = (isSame ? before.leftOut?.attempts ?? 0 : 0) + 1;
  return { ...before, leftOut: { names, attempts, dueMs: nowMs + pauseMs(LEFT_OUT_JOBS, attempts) } };
}

/** Whether two lists have the same names, in whatever order. */
export function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.toSorted().join('\n') === others.toSorted().join('\n');
}

/** Whether the same has failed, as often, and the same shares are left out. */
export function isAsBefore(before: Retries, now: Retries): boolean {
  return before.photos.size === now.photos.size && before.rest?.attempts === now.rest?.attempts &&
    areSame(before.leftOut?.names ?? [], now.leftOut?.names ?? []) &&
    [...now.photos].every(([id, { attempts, isUrgent }]) => {
      const known = before.photos.get(id);
      return known !== undefined && (isUrgent || known.attempts === attempts);
    });
}

/** Retries as one process leaves them for the next, by the database's clock. */
export interface StoredRetries {
  readonly photos: readonly (StoredRetry & { readonly id: string; readonly isUrgent: boolean })[];
  readonly rest?: StoredRetry | undefined;
  readonly leftOut?: readonly string[] | undefined;
}

interface StoredRetry {
  readonly attempts: number;
  readonly dueAtMs: number;
  readonly problems: readonly StoredProblem[];
}

/** `what`: where it is more than what all problems of this code say. */
type StoredProblem = Pick<Problem, 'code' | 'where'> & { readonly what?: string };

/** `toClock`: a time by the other clock. Which shares can be worked on each process looks at when it begins. */
export function storeRetries({ photos, rest, leftOut }: Retries, toClock: (ms: number) => number): StoredRetries {
  const stored = ({ attempts, dueMs, problems }: Retry): StoredRetry => ({
    attempts,
    dueAtMs: Math.max(0, toClock(dueMs)), // JSON knows no infinity
    problems: problems.map(({ code, where, what }) => ({
      code,
      where,
      ...what === PROBLEMS[code].what ? {} : { what },
    })),
  });
  return {
    photos: [...photos].map(([id, retry]) => ({ id, isUrgent: retry.isUrgent, ...stored(retry) })),
    rest: rest && stored(rest),
    leftOut: leftOut?.names,
  };
}

/** The opposite. */
export function restoreRetries({ photos, rest, leftOut }: StoredRetries, toClock: (ms: number) => number): Retries {
  const restored = ({ attempts, dueAtMs, problems }: StoredRetry): Retry => ({
    attempts,
    dueMs: toClock(dueAtMs),
    problems: problems.map(({ code, where, what }) => ({
      ...problem(code, where),
      ...what === undefined ? {} : { what },
    })),
  });
  return {
    photos: new Map(photos.map(({ id, isUrgent, ...retry }) => [id, { ...restored(retry), isUrgent }])),
    rest: rest && restored(rest),
    leftOut: leftOut && { names: leftOut, attempts: 1, dueMs: toClock(0) },
  };
}
