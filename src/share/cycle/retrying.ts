import { leftOutForNow } from '../stops/stops.ts';
import type { Problem } from '../../problems/problem.ts';
import type { ToldRetries } from './report.ts';
import {
  afterCycle,
  afterLookAtJobs,
  areSame,
  isAsBefore,
  isDue,
  NOTHING_FAILED,
  photosDue,
  restoreRetries,
  type Retries,
  saidAgain,
  type StoredRetries,
  storeRetries,
  toldOf,
  type Tried,
  triedAtOnce,
} from './retries.ts';
import type { LeftOut } from './tools.ts';

/** What has failed so far, from cycle to cycle, and when it is tried again (retries.ts). */
export class Retrying {
  #retries: Retries = NOTHING_FAILED;
  /** Whether the next process would not know all of it. */
  isUnkept = false;

  /**
   * @param nowMs a clock that is never set
   * @param most so many photos are tried one by one
   */
  constructor(readonly nowMs: () => number, readonly most: number) {}

  get photosDue(): string[] {
    return photosDue(this.#retries, this.nowMs());
  }

  /** Whether everything is to be looked at, for what is no photo's. */
  get isRestDue(): boolean {
    return isDue(this.#retries.rest, this.nowMs());
  }

  /** Whether it is time to look which shares can be worked on. */
  get isLeftOutDue(): boolean {
    return isDue(this.#retries.leftOut, this.nowMs());
  }

  get told(): ToldRetries {
    return toldOf(this.#retries, this.nowMs());
  }

  /** Notes that it was looked which shares can be worked on, and returns whether these are left out as before. */
  isLeftOutAgain(leftOut: readonly LeftOut[]): boolean {
    const isSame = areSame(namesOf(leftOut), this.#retries.leftOut?.names ?? []);
    this.noteLeftOut(leftOut);
    return isSame;
  }

  /** See CycleOptions.retriesAll. */
  tryAtOnce(): void {
    this.#retries = triedAtOnce(this.#retries);
  }

  /** What a cycle says again that has looked at these photos only. */
  saidAgain(looked: ReadonlySet<string>): Problem[] {
    return saidAgain(this.#retries, looked);
  }

  /** A cycle has ended. */
  noteCycle(tried: Omit<Tried, 'nowMs' | 'most'>): void {
    this.#note(afterCycle(this.#retries, { ...tried, nowMs: this.nowMs(), most: this.most }));
  }

  /** It was looked which shares can be worked on. */
  noteLeftOut(leftOut: readonly LeftOut[]): void {
    this.#note(afterLookAtJobs(this.#retries, namesOf(leftOut), this.nowMs()));
  }

  /** For the next process. `atMs`: now, by the database's clock. */
  store(atMs: number): StoredRetries {
    const nowMs = this.nowMs();
    this.isUnkept = false;
    return storeRetries(this.#retries, (dueMs) => atMs + dueMs - nowMs);
  }

  /** Of the last process. */
  restore(stored: StoredRetries, atMs: number): void {
    const nowMs = this.nowMs();
    this.#retries = restoreRetries(stored, (dueAtMs) => nowMs + dueAtMs - atMs);
  }

  #note(retries: Retries): void {
    this.isUnkept ||= !isAsBefore(this.#retries, retries);
    this.#retries = retries;
  }
}

/** The shares that may be worked on again at any moment. */
function namesOf(leftOut: readonly LeftOut[]): string[] {
  return leftOutForNow(leftOut).map(({ job }) => job);
}
