import { getLogger } from '@logtape/logtape';
import { Cron } from 'croner';
import type { Config } from '../config/config.ts';
import { messageOf } from '../errors.ts';
import { problemOf } from '../problems/problem.ts';
import type { Progress } from '../share/cycle/progress.ts';
import { writeTimesOf } from '../config/write_times.ts';
import { abortAfter, SLICE_MS } from './slice.ts';
import type { ServiceState } from './state.ts';
import { ChangeWriter } from './write_changes.ts';

const logger = getLogger(['immich-sidecar', 'service']);

/** With nothing but on-change, and an API that does not tell of all that changes. */
const NIGHTLY = '0 3 * * *';

/** When write-back is due, between two share cycles, and when it has to stop. */
export class WriteSchedule implements AsyncDisposable {
  readonly #cron: Cron | undefined;
  readonly #changes: ChangeWriter | undefined;
  #dueAtMs: number | undefined;
  /** When the run that has begun must end. */
  #endsAtMs: number | undefined;

  /** `now`: the clock, in milliseconds since the epoch. */
  constructor(readonly config: Config, readonly state: ServiceState, readonly now: () => number = Date.now) {
    const { schedule, scheduleZone, source } = config.write;
    const times = schedule === undefined ? undefined : writeTimesOf(schedule);
    const cron = times?.cron ?? (times?.isOnChange && source === 'api' ? NIGHTLY : undefined);
    this.#cron = cron === undefined ? undefined : new Cron(cron, { paused: true, timezone: scheduleZone });
    this.#changes = times?.isOnChange ? new ChangeWriter(config, state, now) : undefined;
    this.#plan();
  }

  /**
   * Writes what has changed, if that is wanted, and runs write-back if its time has come. Never throws: what went wrong is in the state and in the log, and the next time comes. Returns
   * whether more is to be done at once.
   */
  async runIfDue(signal: AbortSignal, progress: Progress): Promise<boolean> {
    if (this.#changes !== undefined && this.#isOpen() && await this.#changes.write(signal)) this.beginNow();
    if (this.#dueAtMs === undefined || this.now() < this.#dueAtMs) return false;
    const { config, state } = this;
    state.enter('writing');
    const { modules, window, scheduleZone } = config.write;
    this.#endsAtMs ??= window === undefined ? Infinity : nextAt(window.to, scheduleZone, this.now());
    using end = abortAfter(Math.min(SLICE_MS, this.#endsAtMs - this.now()));
    try {
      // Loaded when it is needed: a service that only shares does without 6 MiB.
      const { writeBack } = await import('../writeback/write_back.ts');
      const report = await writeBack(config, {
        fields: modules,
        isDryRun: false,
        isResume: true,
        clearCheckpoint: false,
        clearAlbumCache: false,
        since: undefined,
        signal: AbortSignal.any([signal, end.signal]),
        progress,
        onPlan: () => {},
        onOutcome: (assetId, outcome) => this.#changes?.ended(assetId, outcome),
      });
      state.wrote(report);
      const { written, failed } = report.outcomes;
      logger.info('write-back: {assets} looked at, {written} written, {failed} failed, in {seconds} s', {
        assets: report.assets,
        written,
        failed,
        seconds: Math.round(report.seconds),
      });
      if (report.interrupted && this.now() < this.#endsAtMs) return !signal.aborted;
    } catch (error) {
      state.writeFailed(error);
      logger.error('write-back failed: {problem}', { problem: messageOf(error), code: problemOf(error).code });
    }
    this.#plan();
    return false;
  }

  /** The next look finds that its time has come. */
  beginNow(): void {
    this.#dueAtMs = this.now();
  }

  /** Lets go of what is held to learn of changes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#changes?.close();
  }

  /** Whether this is a time of day at which may be written. */
  #isOpen(): boolean {
    const { window, scheduleZone } = this.config.write;
    if (window === undefined) return true;
    const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(this.now()).toZonedDateTimeISO(scheduleZone);
    const now = hour * 60 + minute;
    const isAfter = now >= window.from;
    const isBefore = now < window.to;
    return window.from < window.to ? isAfter && isBefore : isAfter || isBefore;
  }

  #plan(): void {
    const next = this.#cron?.nextRun(new Date(this.now())) ?? undefined;
    this.#dueAtMs = next?.getTime();
    this.#endsAtMs = undefined;
    this.state.writeScheduled(next);
  }
}

/** When this minute of the day comes next in the given zone. Milliseconds since the epoch. */
function nextAt(minute: number, timeZone: string, nowMs: number): number {
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone);
  const today = now.with({ hour: Math.floor(minute / 60), minute: minute % 60, second: 0, millisecond: 0 });
  const next = Temporal.ZonedDateTime.compare(today, now) > 0 ? today : today.add({ days: 1 });
  return next.epochMilliseconds;
}
