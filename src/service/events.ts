import { count, countPhotos } from '../config/words.ts';
import { PROBLEMS } from '../problems/codes.ts';
import { describeProblem, type Problem } from '../problems/problem.ts';
import { type CycleReport, problemsOf } from '../share/cycle/report.ts';
import type { WriteReport } from '../writeback/run/report.ts';

/** Something that has happened, in people's words. */
export interface ServiceEvent {
  readonly at: string;
  readonly kind: 'done' | 'trouble' | 'decision';
  /** Names jobs and counts; no photo and no path. */
  readonly what: string;
  /** More, for somebody who has signed in: photos, paths, messages of errors. */
  readonly details: readonly string[];
}

/** What somebody reads back; a line takes some 200 bytes. */
const MOST_EVENTS = 200;

/** Of a cycle that left out a thousand photos, a few say why. */
const MOST_DETAILS = 20;

/** The last of what has happened. */
export class EventLog {
  readonly #events: ServiceEvent[] = [];
  /** How many photos waited or failed in the cycle before: the same number again is no news. */
  #waiting = 0;
  #braked: ReadonlySet<string> = new Set();
  #hasFailed = false;

  /** The oldest first. */
  get all(): readonly ServiceEvent[] {
    return this.#events;
  }

  add(kind: ServiceEvent['kind'], what: string, details: readonly string[] = []): void {
    const at = new Date().toISOString();
    this.#events.push({ at, kind, what, details: details.slice(0, MOST_DETAILS) });
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  cycleEnded(report: CycleReport): void {
    if (this.#hasFailed) this.add('done', 'Sharing works again');
    this.#hasFailed = false;
    for (const { job, created, withdrawn } of report.jobs) {
      const gone = Object.values(withdrawn).reduce((sum, number) => sum + number, 0);
      if (created > 0) this.add('done', `${job}: ${countPhotos(created)} shared`);
      if (gone > 0) this.add('done', `${job}: ${countPhotos(gone)} removed`);
    }
    for (const { job, mirrors, total } of report.brakes.filter((brake) => !this.#braked.has(brake.job))) {
      this.add(
        'decision',
        `${job}: ${mirrors.toLocaleString('en')} of ${count(total, 'photo')} would be removed; a decision is needed`,
      );
    }
    this.#braked = new Set(report.brakes.map(({ job }) => job));
    const problems = problemsOf(report);
    // Not every cycle looks at what waits.
    if (problems.length > 0 && problems.length !== this.#waiting) {
      const isTrouble = problems.some(({ code }) => !PROBLEMS[code].waits);
      this.add(
        isTrouble ? 'trouble' : 'done',
        `${count(problems.length, 'photo')} ${isTrouble ? 'failed' : 'waiting'}`,
        problems.map(describeProblem),
      );
    }
    if (problems.length > 0) this.#waiting = problems.length;
  }

  failed(problem: Problem): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.add('trouble', `Sharing was interrupted: ${PROBLEMS[problem.code].what}`, [problem.what, problem.remedy]);
  }

  wrote({ assets, outcomes, interrupted, troubles }: WriteReport): void {
    const { written, failed } = outcomes;
    if (interrupted && written + failed === 0) return;
    const what = `Write-back: ${count(written, 'photo')} written${failed > 0 ? `, ${failed} failed` : ''}, of ${
      assets.toLocaleString('en')
    }`;
    this.add(failed > 0 ? 'trouble' : 'done', what, troubles.map(({ path, reason }) => `${path}: ${reason}`));
  }
}
