import { ConfigError } from '../config/problems.ts';
import { count } from '../config/words.ts';
import type { UserError } from '../errors.ts';
import { EventLog, type ServiceEvent } from './events.ts';
import { PROBLEMS } from '../problems/codes.ts';
import { LEFT_OUT, type Problem, problem, problemOf } from '../problems/problem.ts';
import { type CycleReport, problemsOf } from '../share/cycle/report.ts';
import type { ProgressFigures } from '../share/cycle/progress.ts';
import type { Standing } from '../share/cycle/outcome.ts';
import type { OpenDecisionCount } from '../share/both_ways/count.ts';
import type { PairSharing } from '../share/explain/because.ts';
import type { WriteReport } from '../writeback/run/report.ts';

/**
 * What the service is doing: `connecting` to the database or waiting for it, `standby` while another instance is at work,
 * `working` on a cycle, `writing` back into files, `waiting` for the next cycle, `stopped`;
 * `unconfigured` while the configuration is wrong, or there is none.
 */
export type ServicePhase = 'unconfigured' | 'connecting' | 'standby' | 'working' | 'writing' | 'waiting' | 'stopped';

/** One cycle, or one attempt at it. */
export interface CycleRecord {
  readonly startedAt: string;
  readonly seconds: number;
  /** `partial`: finished, but something failed or was held back. */
  readonly outcome: 'done' | 'partial' | 'failed';
  readonly report?: CycleReport;
  readonly error?: Problem;
}

/** A batch takes a fraction of a second; who looks needs no more news than this. */
const PROGRESS_PAUSE_MS = 500;

/** Enough for the charts of a dashboard; a report takes some 2 kB. */
const KEPT_CYCLES = 100;

/** What is known of scheduled write-back. */
export interface WriteState {
  readonly nextRunAt: string | undefined;
  readonly last: WriteReport | undefined;
  readonly error: Problem | undefined;
  /** What was written as it changed, since the service has begun; undefined: nothing. */
  readonly changes: WrittenChanges | undefined;
}

/** With WRITE_SCHEDULE=on-change. */
export interface WrittenChanges {
  readonly written: number;
  readonly failed: number;
  readonly lastAt: string;
}

/** What everybody has from others by now. */
export interface Counted {
  readonly sharing: readonly PairSharing[];
  /** How many bytes are not stored a second time, by job. */
  readonly saved?: ReadonlyMap<string, number>;
  /** What waits for a person, by job. */
  readonly decisions?: ReadonlyMap<string, OpenDecisionCount>;
}

/** What the service knows about itself. Written by the scheduler only; pages and metrics read it at any time. */
export class ServiceState {
  readonly startedAt: string = new Date().toISOString();
  #phase: ServicePhase = 'connecting';
  #nextRunAt: string | undefined;
  #failuresInARow = 0;
  #configProblems: readonly Problem[] = [];
  #progress: ProgressFigures | undefined;
  #toldAtMs = 0;
  readonly #events = new EventLog();
  #pausedSince: string | undefined;
  #write: WriteState = { nextRunAt: undefined, last: undefined, error: undefined, changes: undefined };
  readonly #cycles: CycleRecord[] = [];
  readonly #standings = new Map<string, Standing>();
  readonly #countedAt = new Map<string, string>();
  readonly #received = new Map<string, number>();
  #sharing: readonly PairSharing[] = [];
  #saved: ReadonlyMap<string, number> = new Map();
  #decisions: ReadonlyMap<string, OpenDecisionCount> = new Map();
  #userNames: ReadonlyMap<string, string> = new Map();
  readonly #listeners = new Set<() => void>();

  get phase(): ServicePhase {
    return this.#phase;
  }

  /** When something will be tried or looked at again; undefined while it is. */
  get nextRunAt(): string | undefined {
    return this.#nextRunAt;
  }

  get failuresInARow(): number {
    return this.#failuresInARow;
  }

  /** Photos and videos that were shared since the process began, by job. */
  get received(): ReadonlyMap<string, number> {
    return this.#received;
  }

  /** The last cycles, oldest first. */
  get cycles(): readonly CycleRecord[] {
    return this.#cycles;
  }

  /** Where everything stands, by job, as it was counted last. */
  get standings(): ReadonlyMap<string, Standing> {
    return this.#standings;
  }

  /** What users are called, by what jobs call them: an id, an e-mail or a name. */
  get userNames(): ReadonlyMap<string, string> {
    return this.#userNames;
  }

  /** Of the copy, or the write-back, that goes on; undefined when there is none. */
  get progress(): ProgressFigures | undefined {
    return this.#progress;
  }

  /** When the standings were counted, by job. */
  get countedAt(): ReadonlyMap<string, string> {
    return this.#countedAt;
  }

  /** What has happened, the oldest first. */
  get events(): readonly ServiceEvent[] {
    return this.#events.all;
  }

  /** Since when nothing is shared or written, as somebody has paused that; undefined when nobody has. */
  get pausedSince(): string | undefined {
    return this.#pausedSince;
  }

  get write(): WriteState {
    return this.#write;
  }

  /** Why not all is well; empty when it is. */
  get problems(): Problem[] {
    const last = this.#cycles.at(-1);
    const all = last?.report === undefined ? [] : problemsOf(last.report);
    const leftOut = all.filter(({ code }) => LEFT_OUT.has(code));
    const failed = all.filter(({ code }) => !LEFT_OUT.has(code) && !PROBLEMS[code].waits).length;
    return [
      ...this.#configProblems,
      last?.error,
      ...(last?.report?.brakes ?? []).map(({ job }) => problem('brake', { job })),
      // Without the reason, which may name directories.
      ...leftOut.flatMap(({ code, where: { job } }) => job === undefined ? [] : [problem(code, { job })]),
      failed > 0 ? problem('photos-failed', {}, String(failed)) : undefined,
      this.#write.error,
    ].filter((one) => one !== undefined);
  }

  /** How many bytes are not stored a second time, by job. */
  get saved(): ReadonlyMap<string, number> {
    return this.#saved;
  }

  /** What waits for a person where changes go both ways, by job. */
  get decisions(): ReadonlyMap<string, OpenDecisionCount> {
    return this.#decisions;
  }

  /** What one user has from another, and why. */
  get sharing(): readonly PairSharing[] {
    return this.#sharing;
  }

  knowUsers(names: ReadonlyMap<string, string>): void {
    this.#userNames = names;
  }

  /** Calls `listener` after every change, until what is returned is disposed of. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  enter(phase: ServicePhase, nextRunAtMs?: number): void {
    this.#phase = phase;
    this.#nextRunAt = nextRunAtMs === undefined ? undefined : new Date(nextRunAtMs).toISOString();
    this.#changed();
  }

  knowPaused(since: string | undefined): void {
    if (since === this.#pausedSince) return;
    this.#pausedSince = since;
    this.#changed();
  }

  /** While it is paused: what was withdrawn all the same, as it was locked. Begins with nothing that failed before. */
  lookedForLocked(withdrawn: number, startedAtMs: number): void {
    if (withdrawn > 0) this.#events.add('done', `While paused: ${count(withdrawn, 'locked photo')} removed`);
    if (this.#failuresInARow === 0 && withdrawn === 0) return;
    this.#failuresInARow = 0;
    const seconds = (Date.now() - startedAtMs) / 1_000;
    this.#record({ startedAt: new Date(startedAtMs).toISOString(), seconds, outcome: 'done' });
  }

  progressed(figures: ProgressFigures | undefined): void {
    this.#progress = figures;
    const now = Date.now();
    if (figures !== undefined && now - this.#toldAtMs < PROGRESS_PAUSE_MS) return;
    this.#toldAtMs = now;
    this.#changed();
  }

  /** Something that somebody has done. */
  noted(what: string): void {
    this.#events.add('done', what);
    this.#changed();
  }

  /** `counted`: where it was counted in this cycle. */
  succeeded(report: CycleReport, counted?: Counted): void {
    if (counted !== undefined) {
      [this.#sharing, this.#saved] = [counted.sharing, counted.saved ?? new Map()];
      this.#decisions = counted.decisions ?? new Map();
    }
    this.#failuresInARow = 0;
    this.#events.cycleEnded(report);
    const { startedAt, seconds, complete } = report;
    const endedAt = new Date(Date.parse(startedAt) + seconds * 1_000).toISOString();
    for (const { job, standing } of report.jobs) {
      if (standing === undefined) continue;
      this.#standings.set(job, standing);
      this.#countedAt.set(job, endedAt);
    }
    this.#record({ startedAt, seconds, outcome: complete ? 'done' : 'partial', report });
  }

  failed(error: unknown, startedAtMs: number): void {
    this.#failuresInARow++;
    this.#events.failed(problemOf(error));
    this.#record({
      startedAt: new Date(startedAtMs).toISOString(),
      seconds: (Date.now() - startedAtMs) / 1000,
      outcome: 'failed',
      error: problemOf(error),
    });
  }

  /** `problem`: why a changed configuration could not be taken over; undefined when it was. */
  reloaded(problem?: unknown): void {
    const found = problem === undefined ? undefined : problemOf(problem);
    this.#configProblems = found === undefined ? [] : [found];
    if (found === undefined) {
      this.#events.add('done', 'The configuration was read again');
      this.#sharing = [];
      this.#standings.clear();
      this.#countedAt.clear();
    } else this.#events.add('trouble', 'The configuration was read again and is not used', [found.what]);
    this.#changed();
  }

  /** Nothing can begin: why, and every mistake of the configuration by itself. */
  misconfigured(error: UserError): void {
    this.#configProblems = error instanceof ConfigError
      ? error.problems.map(({ key, place, message, remedy }) => ({
        code: 'configuration',
        what: `${key} (${place}): ${message}`,
        where: { setting: key },
        remedy,
      }))
      : [problemOf(error)];
    this.enter('unconfigured');
  }

  writeScheduled(nextRunAt: Date | undefined): void {
    this.#write = { ...this.#write, nextRunAt: nextRunAt?.toISOString() };
    this.#changed();
  }

  wrote(report: WriteReport): void {
    this.#events.wrote(report);
    this.#write = { ...this.#write, last: report, error: undefined };
    this.#changed();
  }

  wroteChanges(report: WriteReport): void {
    this.#events.wrote(report);
    const { written, failed } = report.outcomes;
    const { written: before = 0, failed: failedBefore = 0 } = this.#write.changes ?? {};
    const changes = { written: before + written, failed: failedBefore + failed, lastAt: new Date().toISOString() };
    this.#write = { ...this.#write, changes, error: undefined };
    this.#changed();
  }

  writeFailed(error: unknown): void {
    this.#events.add('trouble', 'Write-back failed', [problemOf(error).what, problemOf(error).remedy]);
    this.#write = { ...this.#write, error: problemOf(error) };
    this.#changed();
  }

  #record(cycle: CycleRecord): void {
    for (const { job, created } of cycle.report?.jobs ?? []) {
      this.#received.set(job, (this.#received.get(job) ?? 0) + created);
    }
    this.#cycles.push(cycle);
    if (this.#cycles.length > KEPT_CYCLES) this.#cycles.shift();
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
