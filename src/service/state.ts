import { messageOf, UserError } from '../errors.ts';
import type { CycleReport } from '../share/cycle.ts';

/**
 * What the service is doing: `connecting` to the database or waiting for it, `standby` while another instance is at work,
 * `working` on a cycle, `waiting` for the next one, `stopped`.
 */
export type Phase = 'connecting' | 'standby' | 'working' | 'waiting' | 'stopped';

/** One cycle, or one attempt at it. */
export interface CycleRecord {
  readonly startedAt: string;
  readonly seconds: number;
  /** `partial`: finished, but something failed or was held back. */
  readonly outcome: 'done' | 'partial' | 'failed';
  readonly report?: CycleReport;
  readonly error?: Problem;
}

/** What a person is told about an error. */
export interface Problem {
  readonly message: string;
  readonly remedy?: string;
}

/** Enough for the charts of a dashboard; a report takes some 2 kB. */
const KEPT_CYCLES = 100;

/** What the service knows about itself. Written by the scheduler only; whoever shows it reads it at any time. */
export class ServiceState {
  readonly startedAt: string = new Date().toISOString();
  #phase: Phase = 'connecting';
  #nextRunAt: string | undefined;
  #failuresInARow = 0;
  #configProblem: Problem | undefined;
  readonly #cycles: CycleRecord[] = [];

  get phase(): Phase {
    return this.#phase;
  }

  /** When something will be tried or looked at again; undefined while it is. */
  get nextRunAt(): string | undefined {
    return this.#nextRunAt;
  }

  get failuresInARow(): number {
    return this.#failuresInARow;
  }

  /** The last cycles, oldest first. */
  get cycles(): readonly CycleRecord[] {
    return this.#cycles;
  }

  /** Why not all is well, as sentences; empty when it is. */
  get degraded(): string[] {
    const reasons: string[] = [];
    if (this.#configProblem !== undefined) reasons.push(this.#configProblem.message);
    const last = this.#cycles.at(-1);
    if (last?.error !== undefined) reasons.push(last.error.message);
    for (const brake of last?.report?.brakes ?? []) {
      reasons.push(`Sharing of ${JSON.stringify(brake.job)} holds back withdrawals until they are confirmed.`);
    }
    const failures = last?.report?.jobs.reduce((sum, job) => sum + job.failures.length, 0) ?? 0;
    if (failures > 0) reasons.push(`${failures} failures in the last cycle.`);
    return reasons;
  }

  enter(phase: Phase, nextRunAtMs?: number): void {
    this.#phase = phase;
    this.#nextRunAt = nextRunAtMs === undefined ? undefined : new Date(nextRunAtMs).toISOString();
  }

  succeeded(report: CycleReport): void {
    this.#failuresInARow = 0;
    const { startedAt, seconds, complete } = report;
    this.#record({ startedAt, seconds, outcome: complete ? 'done' : 'partial', report });
  }

  failed(error: unknown, startedAtMs: number): void {
    this.#failuresInARow++;
    this.#record({
      startedAt: new Date(startedAtMs).toISOString(),
      seconds: (Date.now() - startedAtMs) / 1000,
      outcome: 'failed',
      error: problemOf(error),
    });
  }

  /** `problem`: why a changed configuration could not be taken over; undefined when it was. */
  reloaded(problem?: unknown): void {
    this.#configProblem = problem === undefined ? undefined : problemOf(problem);
  }

  #record(cycle: CycleRecord): void {
    this.#cycles.push(cycle);
    if (this.#cycles.length > KEPT_CYCLES) this.#cycles.shift();
  }
}

function problemOf(error: unknown): Problem {
  const message = messageOf(error);
  return error instanceof UserError ? { message, remedy: error.remedy } : { message };
}
