import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { Linker } from '../files/linker.ts';
import { Rewritten } from '../files/rewritten.ts';
import { assertImmichAtRest } from '../immich/migrations.ts';
import { assertRights } from '../immich/rights.ts';
import type { Connection, Sql } from '../postgres/connect.ts';
import { assertInstanceLock, type InstanceLock, withInstanceLock } from '../postgres/lock.ts';
import { faultOf } from '../postgres/faults.ts';
import { retryTransient } from '../postgres/retry.ts';
import { inRolledBackTransaction, inTransaction } from '../postgres/transaction.ts';
import { describeProblem, type Problem } from '../problems/problem.ts';
import { readSaved } from './standing/saved.ts';
import { readAllWaiting } from './selection/candidates.ts';
import { Alike } from './cycle/alike.ts';
import { advance, newsSince, readChanges, readMark } from './cycle/changes.ts';
import { setBackMs } from '../immich/feed/clock.ts';
import { nothingHappened, runCycle } from './cycle/cycle.ts';
import { KeptMark } from './cycle/kept_mark.ts';
import { Retrying } from './cycle/retrying.ts';
import type { CycleOptions } from './cycle/cycle_options.ts';
import type { CycleReport, UntoldReport } from './cycle/report.ts';
import { countDecisions, type OpenDecisionCount } from './both_ways/count.ts';
import { OwnerKey } from './both_ways/owner_key.ts';
import { Counting } from './cycle/counting.ts';
import { LIMITS, type Limits } from './cycle/limits.ts';
import { Said } from './cycle/said.ts';
import type { Database, Tools, View } from './cycle/tools.ts';
import { EmbeddingBacklog, type EmbeddingQueues } from './phases/embedding_queue.ts';
import { hasLockedFiles, removeLockedFiles } from './phases/unfinished.ts';
import { noteMissed } from './phases/grace.ts';
import { readNamesAgain } from './jobs/complete.ts';
import { type PairSharing, readAllSharing } from './explain/because.ts';
import { guardedDatabase } from './guarded_database.ts';
import { withdrawLockedFirst } from './mirrors/locked_first.ts';
import { areThumbnailsLeft, askForThumbnails } from './people/ask_for_thumbnails.ts';
import type { RemovalResult } from './mirrors/remove.ts';
import { findMovedMedia, moveImportPaths, moveNotedPaths } from './adoption/moved_media.ts';
import { readRules } from '../version.ts';
import {
  areJobsOtherwise,
  check,
  identityOfConfiguration,
  prepare,
  type Prepared,
  prepareWithLibraries,
} from './prepare.ts';
import { makeOwnTables } from './schema/own_tables.ts';
import type { LastCycle } from './last_cycle.ts';
import { isIntoSameName } from './shared_albums/same_name.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** How many changes that needed nothing are looked at again at most when a process ends and the next one starts. */
const KEEP_AFTER_CHANGES = 1_000;

/** The same as a time. No disk wakes up more often for somebody who changes nothing. */
const KEEP_AFTER_MS = 3_600_000;

/** Runs one cycle, which goes on where the last process has stopped unless it is to be a full one. Throws UserError and RefusedError before anything but locked photos was touched; see runCycle for the rest. */
export async function share(
  sql: Connection,
  config: Config,
  options: CycleOptions & { readonly version: string; readonly limits?: Limits },
): Promise<CycleReport> {
  const { version, limits } = options;
  return await withSharing(sql, config, version, (sharing) => sharing.cycle(options), limits);
}

/** Runs `work` with a Sharing, which keeps other instances away for as long as `work` takes. Throws RefusedError. */
export async function withSharing<T>(
  sql: Connection,
  config: Config,
  version: string,
  work: (sharing: Sharing) => Promise<T>,
  limits?: Limits,
  nowMs?: () => number,
): Promise<T> {
  return await withInstanceLock(sql, (lock) => work(new Sharing(sql, config, version, lock, limits, nowMs)));
}

/**
 * Cycle after cycle over the configured jobs. The first goes on where the last process has stopped, if what that has left still
 * counts (see KeptMark). Otherwise it is a full one, and so are the one after an error, the one after something fundamental has
 * changed (libraries, users, Immich itself), and one every few hours; the others look at what has changed since the last.
 */
export class Sharing {
  #last: LastCycle | undefined;
  #isFirst = true;
  readonly #marks: KeptMark;
  readonly #rewritten: Rewritten;
  /** Since the mark was kept. */
  #unkept = { changes: 0, sinceMs: performance.now() };
  readonly #embeddings: EmbeddingQueues = new Map();
  readonly #said = new Said();
  /** As they were at the first cycle: what is put in the place of the program's files later is not what runs here. */
  #rules: string | undefined;
  readonly #counting = new Counting();
  readonly #ownerKey: OwnerKey;
  readonly #retrying: Retrying;

  /** `nowMs`: a clock that is never set, by which is tried again what failed. */
  constructor(
    readonly sql: Connection,
    readonly config: Config,
    readonly version: string,
    readonly lock: InstanceLock,
    readonly limits: Limits = LIMITS,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#retrying = new Retrying(nowMs, limits.waiting);
    this.#ownerKey = new OwnerKey(config.immich);
    this.#marks = new KeptMark(config.write.stateDirectory);
    this.#rewritten = new Rewritten(config.write.stateDirectory);
  }

  /** Throws UserError and RefusedError before anything but locked photos was touched; see runCycle for the rest. */
  async cycle(options: CycleOptions): Promise<CycleReport> {
    const [startedAt, beganMs] = [new Date().toISOString(), performance.now()];
    const isFull = options.isFull === true || options.jobName !== undefined;
    if (this.#isFirst) this.#rules = readRules();
    const last = this.#isFirst && !isFull ? await this.#resume(options) : this.#last;
    if (options.retriesAll === true) this.#retrying.tryAtOnce();
    const isFirst = this.#isFirst;
    [this.#isFirst, this.#last] = [false, undefined]; // an error makes the next cycle a full one
    const report = isFull || last === undefined || this.#isFullDue(last)
      ? await this.#full(options)
      : await this.#changesOnly(last, options, isFirst).catch((error) => {
        // A full cycle begins with locked photos, whatever fails after that; so the next process is not to end here, too.
        if (!options.signal?.aborted) this.#marks.discard();
        throw error;
      });
    await this.#keep(isFirst);
    if (options.jobName === undefined) this.#rewritten.forget();
    if (areThumbnailsLeft(report)) await askForThumbnails(this.config, options.signal);
    // With the look at what has changed, which is all that most cycles consist of.
    return { ...report, startedAt, seconds: (performance.now() - beganMs) / 1000, retries: this.#retrying.told };
  }

  #isFullDue({ fullAtMs }: Pick<LastCycle, 'fullAtMs'>): boolean {
    return performance.now() - fullAtMs > this.config.reconcileHours * 3_600_000 || this.#retrying.isRestDue;
  }

  /** Where the last process has stopped, if that still counts. Checks what the user could have got wrong since. */
  async #resume(options: CycleOptions): Promise<LastCycle | undefined> {
    try {
      return await this.#readLast(options);
    } catch (error) {
      if (faultOf(error) !== 'lost') await this.#withdrawLocked(options); // as a full cycle does before it can fail so
      throw error;
    }
  }

  async #readLast(options: CycleOptions): Promise<LastCycle | undefined> {
    const { sql, config, limits } = this;
    if (!this.#marks.mayCount || this.#rules === undefined) return undefined;
    const prepared = await prepare(sql, config, undefined, limits);
    if (!prepared.hasOwnTables) return undefined;
    const now = await readMark(sql, prepared.schema);
    const kept = await this.#marks.read(sql, identityOfConfiguration(prepared, this.version, this.#rules), now);
    if (kept === undefined || kept.waiting.length > limits.waiting) return undefined;
    const backMs = setBackMs(kept.mark, now);
    const fullAtMs = performance.now() - (now.atMs - kept.fullAtMs + backMs);
    const last = { prepared, mark: kept.mark, waiting: kept.waiting, fullAtMs };
    this.#retrying.restore(kept.retries, now.atMs + backMs);
    this.#unkept = { changes: 0, sinceMs: performance.now() - (now.atMs - kept.mark.atMs + backMs) };
    if (this.#isFullDue(last)) return last;
    const checked = await this.#checked(prepared, options);
    return this.#retrying.isLeftOutAgain(checked.leftOut) ? { ...last, prepared: checked } : undefined;
  }

  /**
   * Leaves the mark for the next process: after a cycle that has written something, and now and then. `isFirst`: a process that ends after
   * one cycle would look at the same changes again and again.
   */
  async #keep(isFirst: boolean): Promise<void> {
    if (this.#last === undefined || this.#embeddings.size > 0) return;
    const { sql, lock } = this;
    const { prepared, mark, waiting, fullAtMs } = this.#last;
    const { changes, sinceMs } = this.#unkept;
    const isMuch = changes >= (isFirst ? 1 : KEEP_AFTER_CHANGES) || performance.now() - sinceMs > KEEP_AFTER_MS;
    if (this.#marks.isThere && !isMuch && !this.#retrying.isUnkept) return;
    const toDatabase = (ms: number) => mark.atMs + ms - mark.answeredMs;
    const retries = this.#retrying.store(toDatabase(performance.now()));
    const state = { mark, waiting, retries, fullAtMs: toDatabase(fullAtMs) };
    await retryTransient(() =>
      inTransaction(
        sql,
        lock,
        (tx) => this.#marks.write(tx, identityOfConfiguration(prepared, this.version, this.#rules), state),
      )
    );
    this.#unkept = { changes: 0, sinceMs: performance.now() };
  }

  async #forgetMark(): Promise<void> {
    await this.#marks.void((work) => inTransaction(this.sql, this.lock, work));
  }

  /** Before anything that can fail (mirrors/locked_first.ts). */
  async #withdrawLocked({ signal }: Pick<CycleOptions, 'signal'>): Promise<RemovalResult> {
    const { sql, lock, limits } = this;
    await assertImmichAtRest(sql);
    return await withdrawLockedFirst(sql, limits, {
      databaseFor: (migrations) => this.#database(migrations, signal),
      makeTables: () => inTransaction(sql, lock, makeOwnTables),
    });
  }

  /** While sharing is paused: withdraws what owners have locked, with its files, and nothing else. Returns how many photos that were. */
  async onlyLocked(options: Pick<CycleOptions, 'signal'>): Promise<number> {
    await assertInstanceLock(this.sql, this.lock);
    const { withdrawn, problems } = await this.#withdrawLocked(options);
    for (const problem of problems) warnOf(problem);
    if (withdrawn.length > 0) this.#last = undefined;
    if (await hasLockedFiles(this.sql)) {
      const prepared = await prepare(this.sql, this.config, undefined, this.limits);
      await this.#removeLockedFiles(prepared, options.signal);
    }
    return withdrawn.length;
  }

  /** `earlier`: what was withdrawn when it was begun before. */
  async #full(options: CycleOptions, earlier?: RemovalResult): Promise<UntoldReport> {
    const { sql, config, limits } = this;
    const [fullAtMs, before] = [performance.now(), earlier ?? await this.#withdrawLocked(options)];
    const configured = await prepareWithLibraries(sql, config, options.jobName, limits, options.signal);
    const checked = await this.#checked(configured, options);
    await this.#makeOwnTables(checked);
    await this.#forgetMark();
    const mark = await readMark(sql, checked.schema);
    this.#rewritten.read();
    // From the mark on, changes are heard of; what was renamed just before must not be missed.
    const named = await readNamesAgain(sql, config, checked);
    if (named === 'something-else') return await this.#full(options, before);
    const prepared = { ...checked, jobs: named };
    this.#embeddings.clear(); // all are looked at again
    const tools = this.#tools(prepared, options);
    const rules = this.#rules && `${this.version} ${this.#rules}`;
    const alike = await Alike.begin(tools.database, prepared, { rules, trusts: options.isFull !== true });
    const view: View = { ...prepared, sql, scope: 'all', rechecks: mark.rechecks, beganMs: mark.atMs, alike };
    const how = { ...options, version: this.version, before, news: newsSince(mark, view, limits) };
    const { report, failures, worked } = await runCycle(view, tools, how);
    if (prepared.only === undefined) {
      this.#retrying.noteCycle({ looked: 'all', due: new Set(), failures });
      const waiting = await readAllWaiting(view, worked, limits.waiting, failures.photos);
      this.#retrying.noteLeftOut(prepared.leftOut);
      this.#remember({ prepared, mark, waiting, fullAtMs });
    }
    return report;
  }

  /** A refusal leaves the database as it was: own tables that are made for the first look stay only when nothing is refused. */
  async #checked(configured: Prepared, { signal }: CycleOptions): Promise<Prepared> {
    const look = (tx: Sql) => check(tx, configured);
    try {
      return configured.hasOwnTables || configured.movedMedia.length > 0
        ? await inRolledBackTransaction(this.sql, look)
        : await inTransaction(this.sql, this.lock, look);
    } catch (error) {
      if (error instanceof UserError && configured.hasOwnTables) await this.#withoutJobs(configured, signal);
      throw error;
    }
  }

  /** What is done of a cycle where no job can be worked on. */
  async #withoutJobs(configured: Prepared, signal: AbortSignal | undefined): Promise<void> {
    const database = this.#database(configured.migrations, signal);
    await noteMissed(database, { ...configured, sql: this.sql, scope: 'all' });
    await this.#removeLockedFiles(configured, signal);
  }

  async #removeLockedFiles(configured: Prepared, signal: AbortSignal | undefined): Promise<void> {
    const database = this.#database(configured.migrations, signal);
    await removeLockedFiles({ database, files: configured.files }, { ...configured, sql: this.sql }, warnOf);
  }

  async #changesOnly(last: LastCycle, options: CycleOptions, isFirst: boolean): Promise<UntoldReport> {
    const { sql, config, lock, limits } = this;
    await assertInstanceLock(sql, lock);
    const { schema, jobs, files, sharedAlbums } = last.prepared;
    const mark = await readMark(sql, schema);
    const due = new Set(this.#retrying.photosDue);
    const { scope, hasPeopleNews, hasNameNews } = await readChanges(sql, schema, jobs, {
      since: last.mark,
      now: mark,
      waiting: last.waiting,
      failed: [...due, ...this.#rewritten.read()],
      isKept: isFirst,
      limit: limits.changes,
      sharedAlbums,
    });
    const look = { looksAgain: this.#retrying.isLeftOutDue, signal: options.signal };
    if (scope === 'all' || await areJobsOtherwise(sql, config, last.prepared, look)) return await this.#full(options);
    if (look.looksAgain) this.#retrying.noteLeftOut(last.prepared.leftOut);
    const named = hasNameNews ? await readNamesAgain(sql, config, last.prepared) : jobs;
    if (named === 'something-else') return await this.#full(options);
    // What is news of people and names alone is not to be news to each process to come.
    this.#unkept.changes += Math.max(scope.length, Number(hasPeopleNews || hasNameNews));
    const isRenamed = named !== jobs || (hasNameNews && (isFirst || jobs.some(isIntoSameName)));
    const looked = new Set([...scope, ...due]);
    const again = this.#retrying.saidAgain(looked);
    // What is due may be a photo that no job is about any more.
    const isQuiet = looked.size === 0 && mark.rechecks.length === 0 && !hasPeopleNews && !isRenamed;
    if (isQuiet && !mark.isBraked && !mark.hasLockedFiles && this.#embeddings.size === 0) {
      this.#last = { ...last, mark: advance(last.mark, mark) };
      return nothingHappened(last.prepared, { progress: options.progress, said: this.#said, again });
    }
    // What is known of directories must not outlive a cycle.
    const prepared: Prepared = {
      ...last.prepared,
      jobs: named,
      files: { ...files, linker: new Linker(files.paths.roots.map(({ local }) => local)) },
    };
    const view: View = { ...prepared, sql, scope, rechecks: mark.rechecks, beganMs: mark.atMs };
    const { report, failures, worked } = await runCycle(view, this.#tools(prepared, options), {
      ...options,
      version: this.version,
      again,
    });
    this.#retrying.noteCycle({ looked, due, failures });
    const waiting = last.waiting.filter((id) => !looked.has(id));
    if (scope.length > 0) waiting.push(...await readAllWaiting(view, worked, limits.waiting, failures.photos));
    this.#remember({ ...last, prepared: { ...last.prepared, jobs: named }, mark: advance(last.mark, mark), waiting });
    return report;
  }

  /** With too much that waits the next cycle looks at everything. */
  #remember(last: LastCycle): void {
    if (last.waiting.length <= this.limits.waiting) this.#last = last;
  }

  /** What each user has from another, and why. Empty when the last cycle has failed. Reads only. */
  async sharedBy(): Promise<PairSharing[]> {
    if (this.#last === undefined) return [];
    const { schema, jobs } = this.#last.prepared;
    return await readAllSharing(this.sql, schema, jobs);
  }

  /** How many bytes each job does not store a second time. Reads only. */
  async saved(): Promise<ReadonlyMap<string, number>> {
    return this.#last === undefined ? new Map() : await readSaved(this.sql);
  }

  /** What waits for a person where changes go both ways, by job. Empty when the last cycle has failed. Reads only. */
  async decisions(): Promise<ReadonlyMap<string, OpenDecisionCount>> {
    return this.#last === undefined ? new Map() : await countDecisions(this.sql, this.#last.prepared);
  }

  /** Runs `work` with what plans are made from and applied with: for commands that are not cycles. The next cycle is a full one. */
  async apply<T>(work: (tools: Tools, view: View) => Promise<T>): Promise<T> {
    this.#last = undefined;
    const { sql, config, limits } = this;
    const prepared = await prepare(sql, config, undefined, limits);
    await assertRights(sql, prepared.schema.catalog);
    await this.#makeOwnTables(prepared);
    return await work(this.#tools(prepared, {}), { ...prepared, sql, scope: 'all', rechecks: [] });
  }

  /** Brings our own tables to the newest version, and to where Immich's media are now. */
  async #makeOwnTables({ mediaLocation, migrations }: Prepared): Promise<void> {
    await inTransaction(this.sql, this.lock, makeOwnTables);
    const { transaction } = this.#database(migrations, undefined);
    for (const moved of await findMovedMedia(this.sql, mediaLocation, true)) {
      logger.info('Immich has its media in {now} now, and had them in {was}: what is known of shared photos follows.', {
        ...moved,
      });
      await transaction((tx) => moveImportPaths(tx, [moved]));
      while (await transaction((tx) => moveNotedPaths(tx, moved)) > 0);
    }
  }

  #tools(prepared: Prepared, options: Pick<CycleOptions, 'signal' | 'embeddingsMs'>): Tools {
    const { schema, files, settings, mediaLocation, migrations } = prepared;
    const database = this.#database(migrations, options.signal);
    const backlog = new EmbeddingBacklog(this.#embeddings, options.embeddingsMs);
    return {
      database,
      schema,
      files,
      settings,
      limits: this.limits,
      mediaLocation,
      backlog,
      said: this.#said,
      counting: this.#counting,
      ownerKey: this.#ownerKey,
    };
  }

  #database(migrations: string, signal: AbortSignal | undefined): Database {
    const { sql, lock, limits } = this;
    return guardedDatabase({ sql, lock, limits, migrations, signal, before: () => this.#forgetMark() });
  }
}

function warnOf(problem: Problem): void {
  logger.warn('{problem}', { problem: describeProblem(problem), code: problem.code });
}
