import { getLogger } from '@logtape/logtape';
import { type Config, isSharing } from '../config/config.ts';
import { explainSystemError, messageOf, sentenceOf, UserError } from '../errors.ts';
import { problemOf } from '../problems/problem.ts';
import { connect, type Connection, disconnect, explainDatabaseError } from '../postgres/connect.ts';
import { type HeldLock, tryInstanceLock } from '../postgres/lock.ts';
import { lossOf } from '../postgres/sockets.ts';
import { Meter, type Progress, together } from '../share/cycle/progress.ts';
import { KeptMark } from '../share/cycle/kept_mark.ts';
import { withdrawLockedAnyway } from '../share/locked_anyway.ts';
import type { CycleReport } from '../share/cycle/report.ts';
import { namesOfUsers } from '../share/selection/names.ts';
import { Sharing } from '../share/share.ts';
import { isPassing } from './patience.ts';
import { pause, settledWithin } from './pause.ts';
import { notePaused, noteResumed, readPaused } from './paused.ts';
import { type Counted, ServiceState } from './state.ts';
import { WriteSchedule } from './write_schedule.ts';

const logger = getLogger(['immich-sidecar', 'service']);

/** A batch that has not ended this long after the service was told to stop is rolled back; 10 s are promised for both. */
const GRACE_MS = 7_000;

/** When whatever still goes on is left alone, such as connecting to a host that does not answer. */
const LONGEST_END_MS = 9_000;

/** The first pause after a failure. Each further one is twice as long, up to the interval between cycles. */
const FIRST_PAUSE_MS = 1_000;

/** A first copy's embeddings may take hours: this often something else may come before them, such as a photo that was locked. */
const EMBEDDINGS_MS = 30_000;

export interface SchedulerOptions {
  readonly config: Config;
  readonly version: string;
  readonly progress: Progress;
  /** Reads the configuration again. Throws what is wrong with it. */
  readonly readConfig: () => Promise<Config>;
  readonly onCycle: (report: CycleReport) => void;
  /** Where it notes what it does; one of its own when left out. */
  readonly state?: ServiceState;
}

/**
 * Runs share cycles until it is told to stop. Whatever fails, it closes the connection, waits a little, and begins anew with
 * a fresh one: the lock is taken again, the tables are looked at again, and the first cycle looks at everything.
 */
export class Scheduler {
  readonly state: ServiceState;
  readonly #options: SchedulerOptions;
  readonly #progress: Progress;
  #config: Config;
  #reload = new AbortController();
  #woken = new AbortController();
  #writing: WriteSchedule | undefined;
  readonly #errands: Errand[] = [];
  #retriesAll = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.state = options.state ?? new ServiceState();
    this.#config = options.config;
    this.#progress = together(options.progress, new Meter((figures) => this.state.progressed(figures)));
  }

  /** Returns when `stop` is aborted, at most 10 seconds later, with no transaction open. */
  async run(stop: AbortSignal): Promise<void> {
    this.#lookWhetherPaused();
    while (!stop.aborted) {
      const signal = AbortSignal.any([stop, this.#reload.signal]);
      const startedAtMs = Date.now();
      try {
        await settledWithin(this.#work(signal), stop, LONGEST_END_MS);
      } catch (error) {
        for (const { giveUp } of this.#errands.splice(0)) giveUp(error);
        if (signal.aborted) continue;
        this.state.failed(error, startedAtMs);
        const pauseMs = this.#pauseAfterFailure();
        report(error, pauseMs);
        this.state.enter('connecting', Date.now() + pauseMs);
        await pause(pauseMs, signal);
      }
    }
    this.state.enter('stopped');
  }

  /** The configuration that is used now. */
  get config(): Config {
    return this.#config;
  }

  /** Lets a cycle begin at once, or as soon as what is being done has ended, that also tries what failed and is not due yet. */
  shareNow(): void {
    this.#retriesAll = true;
    this.wake();
  }

  /** Lets the next cycle begin at once, or as soon as what is being done has ended. */
  wake(): void {
    this.#woken.abort();
  }

  /**
   * Shares and writes nothing from now on, also after a restart: what goes on ends with its present batch. What is locked is withdrawn all the
   * same. Throws UserError when that cannot be kept.
   */
  pause(): void {
    notePaused(this.#config.write.stateDirectory);
    this.#lookWhetherPaused();
    this.#beginAnew('somebody has paused it');
  }

  /** Shares and writes again. Throws UserError when that cannot be kept. */
  resume(): void {
    noteResumed(this.#config.write.stateDirectory);
    this.#lookWhetherPaused();
    this.wake();
  }

  /** Lets write-back begin as soon as the present cycle has ended. Returns false when it is not scheduled, so that nothing may be written. */
  writeNow(): boolean {
    if (this.#config.write.schedule === undefined || this.#writing === undefined) return false;
    this.#writing.beginNow();
    this.wake();
    return true;
  }

  /**
   * Runs `work` between two cycles, on the connection that the service has, and returns what it does. Throws UserError when the service
   * is not the one that works, or has stopped meanwhile.
   */
  async between<T>(work: (sql: Connection, config: Config) => Promise<T>): Promise<T> {
    if (!isSharing(this.#config)) {
      throw new UserError('Nothing is shared.', { problemCode: 'not-at-work', remedy: 'Run setup to set up a share.' });
    }
    return await this.#errand((sql, config) => {
      if (sql === undefined) throw new Error('there is no connection');
      return work(sql, config);
    });
  }

  /**
   * Runs `work` between two cycles, while nothing else is written into files. Its signal is aborted when it has to end. Throws UserError as above.
   */
  async aside<T>(work: (config: Config, signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.#errand((_, config, signal) => work(config, signal));
  }

  async #errand<T>(work: (...given: Parameters<Errand['run']>) => Promise<T>): Promise<T> {
    if (this.state.phase === 'connecting' || this.state.phase === 'standby' || this.state.phase === 'stopped') {
      throw new UserError('The service is not at work on the database.', {
        problemCode: 'not-at-work',
        remedy: 'Wait until it is, or ask the instance that works.',
      });
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#errands.push({
      run: async (...given) => await work(...given).then(resolve, reject),
      giveUp: reject,
    });
    this.wake();
    return await promise;
  }

  /** Takes over the configuration as it is now, after the current batch; keeps the old one if there is a mistake in it. */
  async reload(): Promise<void> {
    try {
      this.#config = await this.#options.readConfig();
      this.state.reloaded();
      logger.info('the configuration was read again');
      this.#beginAnew('the configuration has changed');
    } catch (error) {
      this.refuseReload(error);
    }
  }

  /** Keeps the configuration as it was, and reports why. */
  refuseReload(error: unknown): void {
    this.state.reloaded(error);
    logger.error('the configuration was read again and is not used: {problem}', {
      problem: messageOf(error),
      code: problemOf(error).code,
    });
  }

  #beginAnew(why: string): void {
    const before = this.#reload;
    this.#reload = new AbortController();
    before.abort(new Error(why));
  }

  /** What lies in the state directory counts: somebody may have put it there, or removed it. */
  #lookWhetherPaused(): boolean {
    const since = readPaused(this.#config.write.stateDirectory);
    const before = this.state.pausedSince;
    this.state.knowPaused(since);
    if (since !== undefined && before === undefined) {
      logger.info('paused: nothing is shared or written until it is resumed');
    }
    if (since === undefined && before !== undefined) logger.info('resumed');
    return since !== undefined;
  }

  /** One connection's life: until it is lost, something fails, or `signal` is aborted. Always throws. */
  async #work(signal: AbortSignal): Promise<never> {
    const config = this.#config;
    if (!isSharing(config)) return await this.#onlyWrite(config, signal);
    this.state.enter('connecting');
    const sql = await connect(config.database);
    try {
      const lock = await this.#lock(sql, config, signal);
      const sharing = new Sharing(sql, config, this.#options.version, lock);
      const isOver = AbortSignal.any([signal, lossOf(sql)]);
      await using writing = this.#writing = new WriteSchedule(config, this.state);
      this.state.knowUsers(await namesOfUsers(sql, usersOf(config)));
      while (true) {
        await this.#runErrands(sql, config, isOver);
        if (this.#lookWhetherPaused()) {
          const startedAtMs = Date.now();
          this.state.enter('waiting');
          const withdrawn = await settledWithin(sharing.onlyLocked({ signal }), isOver, GRACE_MS);
          this.state.lookedForLocked(withdrawn, startedAtMs);
          await this.#waitForNext('waiting', config, isOver);
          continue;
        }
        this.state.enter('working');
        const cycle = sharing.cycle({
          progress: this.#progress,
          signal,
          embeddingsMs: EMBEDDINGS_MS,
          retriesAll: this.#retriesAll,
        });
        this.#retriesAll = false;
        const done = await settledWithin(cycle, isOver, GRACE_MS);
        let counted: Counted | undefined;
        try {
          // It is counted when the jobs are, which is no more than a small share of the time.
          const isCounted = done.jobs.some(({ standing }) => standing !== undefined);
          if (isCounted) counted = await settledWithin(countAll(sharing), isOver, GRACE_MS);
        } finally {
          // Whatever that has come to, the cycle was done.
          this.state.succeeded(done, counted);
          this.#options.onCycle(done);
        }
        if (done.hasBacklog) continue;
        if (await writing.runIfDue(isOver, this.#progress)) continue;
        await this.#waitForNext('waiting', config, isOver);
      }
    } catch (error) {
      throw explainSystemError(explainDatabaseError(error, config.database));
    } finally {
      await disconnect(sql, { isHurried: true });
    }
  }

  /** Where nothing is shared: no lock and no tables of ours, and no connection where this service has never shared. Always throws. */
  async #onlyWrite(config: Config, signal: AbortSignal): Promise<never> {
    const hasShared = new KeptMark(config.write.stateDirectory).mayCount;
    if (hasShared) {
      logger.info(
        'nothing is shared any more; what was shared stays with those who have received it, unless it is locked. immich-sidecar unshare removes it',
      );
    }
    await using writing = this.#writing = new WriteSchedule(config, this.state);
    while (true) {
      await this.#runErrands(undefined, config, signal);
      if (hasShared) await withdrawLockedAnyway(config.database);
      if (!this.#lookWhetherPaused() && await writing.runIfDue(signal, this.#progress)) continue;
      await this.#waitForNext('waiting', config, signal);
    }
  }

  async #runErrands(sql: Connection | undefined, config: Config, isOver: AbortSignal): Promise<void> {
    for (const errand of this.#errands.splice(0)) {
      await settledWithin(errand.run(sql, config, isOver), isOver, GRACE_MS);
    }
  }

  /** Waits until this is the instance that works. */
  async #lock(sql: Connection, config: Config, signal: AbortSignal): Promise<HeldLock> {
    const isOver = AbortSignal.any([signal, lossOf(sql)]);
    while (true) {
      const lock = await tryInstanceLock(sql);
      if (lock !== undefined) {
        if (this.state.phase === 'standby') logger.info('the other immich-sidecar is gone; taking over');
        return lock;
      }
      if (this.state.phase !== 'standby') {
        logger.info('another immich-sidecar is at work on this database; standing by');
      }
      await this.#waitForNext('standby', config, isOver);
    }
  }

  async #waitForNext(phase: 'waiting' | 'standby', config: Config, isOver: AbortSignal): Promise<void> {
    const intervalMs = config.syncIntervalSeconds * 1_000;
    this.state.enter(phase, Date.now() + intervalMs);
    if (this.#errands.length === 0) await pause(intervalMs, AbortSignal.any([isOver, this.#woken.signal]));
    if (this.#woken.signal.aborted) this.#woken = new AbortController();
    isOver.throwIfAborted();
  }

  #pauseAfterFailure(): number {
    const doubled = FIRST_PAUSE_MS * 2 ** Math.min(this.state.failuresInARow - 1, 20);
    return Math.min(doubled, this.#config.syncIntervalSeconds * 1_000);
  }
}

/** Something that somebody wants done between two cycles. */
interface Errand {
  /** `sql`: undefined where nothing is shared. */
  run(sql: Connection | undefined, config: Config, isOver: AbortSignal): Promise<unknown>;
  giveUp(reason: unknown): void;
}

async function countAll(sharing: Sharing): Promise<Counted> {
  return { sharing: await sharing.sharedBy(), saved: await sharing.saved(), decisions: await sharing.decisions() };
}

/** As jobs call them: by id, e-mail or name. */
function usersOf({ jobs }: Config): string[] {
  return jobs.flatMap(({ sourceUserId, targetUserId }) => [sourceUserId, targetUserId]);
}

/** What waiting repairs is a warning; the rest is an error with its remedy, or with its trace if it is ours. */
function report(error: unknown, pauseMs: number): void {
  const seconds = pauseMs / 1_000;
  const [problem, { code }] = [sentenceOf(error), problemOf(error)];
  if (isPassing(error)) logger.warn('{problem} Trying again in {seconds} s.', { problem, seconds, code });
  else if (error instanceof UserError) {
    logger.error('{problem} {remedy} Trying again in {seconds} s.', { problem, remedy: error.remedy, seconds, code });
  } else {
    const trace = error instanceof Error ? error.stack : undefined;
    logger.error('internal error: {problem} Trying again in {seconds} s.\n{trace}', { problem, seconds, trace, code });
  }
}
