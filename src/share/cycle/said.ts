import type { Problem } from '../../problems/problem.ts';

/** More are not told apart: what is beyond is counted in the report, and not said one by one. */
const MOST = 10_000;

/** What the log has said of single photos: a photo that stays as it is would fill it, a line for each cycle. */
export class Said {
  #before: ReadonlySet<string> = new Set();
  #now = new Set<string>();

  /** Whether this is to be said: it is new, or it was gone, or another file or reason than before. */
  isNews(problem: Problem): boolean {
    const { code, where } = problem;
    const key = JSON.stringify([code, where.job, where.assetId, where.photo, where.table]);
    const isNews = !this.#now.has(key) && !this.#before.has(key) && this.#now.size < MOST;
    if (this.#now.size < MOST) this.#now.add(key);
    return isNews;
  }

  /** A full cycle has looked at everything: what it did not find is gone, and is said again when it comes back. */
  fullCycleEnded(): void {
    this.#before = this.#now;
    this.#now = new Set();
  }
}
