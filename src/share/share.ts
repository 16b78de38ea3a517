import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { Linker } from '../files/linker.ts';
import { PathMap, type Root } from '../files/path_map.ts';
import { assertImmichDatabase, type ImmichInstance, readInstance } from '../immich/instance.ts';
import { assertImmichAtRest, keepMigrationsOut, readMigrations } from '../immich/migrations.ts';
import { assertRights } from '../immich/rights.ts';
import { type ImmichSchema, readImmichSchema } from '../immich/schema.ts';
import type { Connection, Sql } from '../postgres/connect.ts';
import { assertInstanceLock, type InstanceLock, withInstanceLock } from '../postgres/lock.ts';
import { migrate, newestVersion, schemaVersion } from '../postgres/migrate.ts';
import { assertReadable } from '../postgres/ownership.ts';
import { retryTransient } from '../postgres/retry.ts';
import { lossOf } from '../postgres/sockets.ts';
import { inRolledBackTransaction, inTransaction } from '../postgres/transaction.ts';
import { readWaiting } from './selection/candidates.ts';
import { advance, type Mark, readChanges, readMark, readRechecks } from './cycle/changes.ts';
import { nothingHappened, runCycle } from './cycle/cycle.ts';
import { planCycle, type PlanSink } from './cycle/dry_run.ts';
import type { Progress } from './cycle/progress.ts';
import type { CycleReport } from './cycle/report.ts';
import { LIMITS, type Limits } from './cycle/limits.ts';
import { chosenJobs, type Tools, type View } from './cycle/tools.ts';
import { isBehindLink } from '../files/behind_link.ts';
import { EmbeddingBacklog, type EmbeddingQueues } from './phases/embedding_queue.ts';
import { resolveJob } from './jobs/job.ts';
import { checkJobs } from './checks/jobs.ts';
import { hasLinksBelow } from './mirrors/journal.ts';
import { checkMounts } from './checks/mounts.ts';
import { checkScans } from './checks/scans.ts';
import { MIGRATIONS } from './schema/migrations.ts';
import { makeOwnTables, OWN_SCHEMAS } from './schema/own_tables.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** More than two batches at a time gain nothing on the machines this is made for, and cost memory. */
const MAX_COPY_WORKERS = 2;

export interface CycleOptions {
  /** Only this job; the others still keep their mirrors. */
  readonly jobName?: string | undefined;
  readonly progress: Progress;
  /** Ends the cycle between two transactions, with what it is aborted with as the error. */
  readonly signal?: AbortSignal | undefined;
  /** How long to copy embeddings, in milliseconds; the next cycle goes on with them. Default: until all are there. */
  readonly embeddingsMs?: number | undefined;
}

/** Runs one full cycle. Throws UserError and RefusedError before anything was written; see runCycle for the rest. */
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
  limits: Limits = LIMITS,
): Promise<T> {
  return await withInstanceLock(sql, (lock) => work(new Sharing(sql, config, version, lock, limits)));
}

/**
 * Cycle after cycle over the configured jobs. The first is a full one, and so are the one after an error, the one after
 * something fundamental has changed (libraries, users, Immich itself), and one every few hours; the others look at
 * what has changed since the last.
 */
export class Sharing {
  #last: LastCycle | undefined;
  readonly #embeddings: EmbeddingQueues = new Map();

  constructor(
    readonly sql: Connection,
    readonly config: Config,
    readonly version: string,
    readonly lock: InstanceLock,
    readonly limits: Limits = LIMITS,
  ) {}

  /** Throws UserError and RefusedError before anything was written; see runCycle for the rest. */
  async cycle(options: CycleOptions): Promise<CycleReport> {
    const last = this.#last;
    this.#last = undefined; // an error makes the next cycle a full one
    const isDue = last === undefined || options.jobName !== undefined ||
      performance.now() - last.fullAtMs > this.config.reconcileHours * 3_600_000;
    const [startedAt, beganMs] = [new Date().toISOString(), performance.now()];
    const report = isDue ? await this.#full(options) : await this.#changesOnly(last, options);
    // With the look at what has changed, which is all that most cycles consist of.
    return { ...report, startedAt, seconds: (performance.now() - beganMs) / 1000 };
  }

  async #full(options: CycleOptions): Promise<CycleReport> {
    const { sql, config, lock, limits } = this;
    const fullAtMs = performance.now();
    const prepared = await prepare(sql, config, options.jobName, limits);
    // The first look at our own tables is made without writing, so that a refusal leaves the database as it was.
    await inRolledBackTransaction(sql, (tx) => check(tx, prepared));
    await inTransaction(sql, lock, makeOwnTables);
    const mark = await readMark(sql, prepared.schema);
    this.#embeddings.clear(); // all are looked at again
    const view: View = { ...prepared, sql, scope: 'all', rechecks: mark.rechecks };
    const report = await runCycle(view, this.#tools(prepared, options), this.version, options.progress);
    if (prepared.only === undefined) {
      const waiting = await readAllWaiting(view, limits.waiting);
      if (waiting.length <= limits.waiting) this.#last = { prepared, mark, waiting, fullAtMs };
    }
    return report;
  }

  async #changesOnly(last: LastCycle, options: CycleOptions): Promise<CycleReport> {
    const { sql, lock, limits } = this;
    await assertInstanceLock(sql, lock);
    const { schema, jobs, files } = last.prepared;
    const mark = await readMark(sql, schema);
    const { scope, hasPeopleNews } = await readChanges(sql, schema, jobs, {
      since: last.mark,
      now: mark,
      waiting: last.waiting,
      limit: limits.changes,
    });
    if (scope === 'all') return await this.#full(options);
    if (scope.length === 0 && !hasPeopleNews && !mark.isBraked && this.#embeddings.size === 0) {
      this.#last = { ...last, mark: advance(last.mark, mark) };
      return nothingHappened();
    }
    // What is known of directories must not outlive a cycle.
    const prepared: Prepared = {
      ...last.prepared,
      files: { ...files, linker: new Linker(files.paths.roots.map(({ local }) => local)) },
    };
    const view: View = { ...prepared, sql, scope, rechecks: mark.rechecks };
    const report = await runCycle(view, this.#tools(prepared, options), this.version, options.progress);
    const looked = new Set(scope);
    const waiting = last.waiting.filter((id) => !looked.has(id));
    if (scope.length > 0) waiting.push(...await readAllWaiting(view, limits.waiting));
    if (waiting.length <= limits.waiting) this.#last = { ...last, mark: advance(last.mark, mark), waiting };
    return report;
  }

  /** Runs `work` with what plans are made from and applied with: for commands that are not cycles. The next cycle is a full one. */
  async apply<T>(work: (tools: Tools, view: View) => Promise<T>): Promise<T> {
    this.#last = undefined;
    const { sql, config, lock, limits } = this;
    const prepared = await prepare(sql, config, undefined, limits);
    await assertRights(sql, prepared.schema.catalog);
    await inTransaction(sql, lock, makeOwnTables);
    return await work(this.#tools(prepared, {}), { ...prepared, sql, scope: 'all', rechecks: [] });
  }

  #tools(prepared: Prepared, options: Pick<CycleOptions, 'signal' | 'embeddingsMs'>): Tools {
    const { sql, lock, limits } = this;
    const { schema, files, settings, mediaLocation, migrations } = prepared;
    const signal = options.signal === undefined ? lossOf(sql) : AbortSignal.any([options.signal, lossOf(sql)]);
    const transaction: Tools['database']['transaction'] = (work, isolation) =>
      retryTransient(() => {
        signal.throwIfAborted();
        const guard = (tx: Sql) => keepMigrationsOut(tx, migrations);
        return inTransaction(sql, lock, work, { guard, isolation });
      });
    const database = { sql, transaction, signal, batchSize: limits.batch };
    const backlog = new EmbeddingBacklog(this.#embeddings, options.embeddingsMs);
    return { database, schema, files, settings, limits, mediaLocation, backlog };
  }
}

/** What is kept from one cycle for the next. */
interface LastCycle {
  readonly prepared: Prepared;
  readonly mark: Mark;
  /** Selected assets that were not ready. */
  readonly waiting: readonly string[];
  /** When the last full cycle began, in milliseconds since the process did: the time of day may be set. */
  readonly fullAtMs: number;
}

/** One more than the limit of each job says that there are too many. */
async function readAllWaiting({ sql, jobs, scope }: View, limit: number): Promise<string[]> {
  const waiting: string[] = [];
  for (const job of jobs) waiting.push(...await readWaiting(sql, job, scope, limit + 1));
  return waiting;
}

/** Plans one full cycle and hands every plan to `sink`. Leaves the database and all files as they are. */
export async function dryRun(
  sql: Connection,
  config: Config,
  options: { readonly jobName?: string | undefined; readonly sink: PlanSink; readonly limits?: Limits },
): Promise<void> {
  const plan = async (tx: Sql, prepared: Prepared) => {
    await check(tx, prepared);
    await planCycle({ ...prepared, sql: tx, scope: 'all', rechecks: await readRechecks(tx) }, options.sink);
  };
  await planOnly(sql, config, options.jobName, plan, options.limits);
}

/** Runs `plan`, which only reads, with our own tables as they are, or as they would be. Changes nothing. */
export async function planOnly<T>(
  sql: Connection,
  config: Config,
  jobName: string | undefined,
  plan: (tx: Sql, prepared: Prepared) => Promise<T>,
  limits: Limits = LIMITS,
): Promise<T> {
  const prepared = await prepare(sql, config, jobName, limits);
  // Without our tables there is nothing to read from: they are made, and undone with the transaction. With them, planning
  // only reads, and a transaction would hold up Immich's vacuum for as long as a large library takes.
  if (await schemaVersion(sql, MIGRATIONS) === newestVersion(MIGRATIONS)) return await plan(sql, prepared);
  return await inRolledBackTransaction(sql, async (tx) => {
    await migrate(tx, MIGRATIONS);
    return await plan(tx, prepared);
  });
}

/** What is looked up before a cycle, or before anything is planned. */
export interface Prepared extends Omit<View, 'sql' | 'scope' | 'rechecks'> {
  /** Immich's migrations when its tables were looked at. */
  readonly migrations: string;
}

async function prepare(
  sql: Connection,
  config: Config,
  jobName: string | undefined,
  limits: Limits,
): Promise<Prepared> {
  await assertImmichAtRest(sql);
  await assertImmichDatabase(sql);
  const migrations = await readMigrations(sql);
  const schema: ImmichSchema = await readImmichSchema(sql);
  for (const note of schema.notes) logger.warn('{note}', { note });
  await assertReadable(sql, OWN_SCHEMAS);
  const instance = await readInstance(sql, config.uploadLocationMount);
  // A newer schema is refused later, by name; here it only must not be asked.
  const version = await schemaVersion(sql, MIGRATIONS);
  const hasExternalLinks = version > 0 && version <= newestVersion(MIGRATIONS) &&
    await hasLinksBelow(sql, config.externalLibraryMount);
  const paths = pathMapOf(config, instance, hasExternalLinks);
  const jobs = config.jobs.map((job) => resolveJob(job, instance, (path) => isBehindLink(path, paths)));
  const only = jobName === undefined ? undefined : jobs.find((job) => job.name === jobName);
  if (jobName !== undefined && only === undefined) {
    throw new UserError(`There is no job ${JSON.stringify(jobName)}.`, {
      problemCode: 'unknown-name',
      remedy: `Configured are: ${jobs.map((job) => JSON.stringify(job.name)).join(', ')}.`,
    });
  }
  return {
    migrations,
    schema,
    files: { linker: new Linker(paths.roots.map((root) => root.local)), paths },
    jobs,
    only,
    mediaLocation: instance.mediaLocation,
    limits,
    settings: {
      brake: config.brake,
      graceHours: config.offlineGraceHours,
      // One connection holds the lock and one plans.
      copyWorkers: Math.max(1, Math.min(MAX_COPY_WORKERS, config.database.maxConnections - 2)),
      // While embeddings are copied, hardly anything is planned.
      vectorWorkers: Math.max(1, Math.min(config.vectorWorkers, config.database.maxConnections - 1)),
    },
  };
}

/** Checks everything that the user could have got wrong. */
async function check(tx: Sql, prepared: Prepared): Promise<void> {
  await assertRights(tx, prepared.schema.catalog);
  await migrate(tx, MIGRATIONS);
  for (const warning of await checkJobs(tx, prepared.schema, prepared.jobs)) logger.warn('{warning}', { warning });
  for (const warning of await checkScans(tx, prepared.jobs, prepared.files.paths)) {
    logger.warn('{warning}', { warning });
  }
  for (const job of chosenJobs(prepared)) await checkMounts(tx, job, prepared.files);
}

/** PATH_MAP first, then the two directories every installation has. */
export function pathMapOf(config: Config, instance: ImmichInstance, hasExternalLinks: boolean): PathMap {
  const roots: Root[] = [...config.pathMap];
  roots.push({ immich: instance.mediaLocation, local: config.uploadLocation ?? instance.mediaLocation });
  const needsExternal = config.externalLibraryDir !== undefined || hasExternalLinks ||
    config.jobs.some((job) =>
      [job.sourcePathPrefix, job.targetPathPrefix].some((path) => path?.startsWith(`${config.externalLibraryMount}/`))
    );
  if (needsExternal) {
    const local = config.externalLibraryDir ?? config.externalLibraryMount;
    roots.push({ immich: config.externalLibraryMount, local });
  }
  return new PathMap(roots);
}
