import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { Linker } from '../files/linker.ts';
import { PathMap, type Root } from '../files/path_map.ts';
import { assertImmichDatabase, type ImmichInstance, readInstance } from '../immich/instance.ts';
import { assertImmichAtRest, keepMigrationsOut, readMigrations } from '../immich/migrations.ts';
import { type ImmichSchema, readImmichSchema } from '../immich/schema.ts';
import type { Connection, Sql } from '../postgres/connect.ts';
import { assertInstanceLock, type InstanceLock, withInstanceLock } from '../postgres/lock.ts';
import { migrate, newestVersion, schemaVersion } from '../postgres/migrate.ts';
import { retryTransient } from '../postgres/retry.ts';
import { lossOf } from '../postgres/sockets.ts';
import { inRolledBackTransaction, inTransaction } from '../postgres/transaction.ts';
import { readWaiting } from './selection/candidates.ts';
import { advance, type Mark, readChanges, readMark } from './cycle/changes.ts';
import type { Context } from './cycle/context.ts';
import { LIMITS, type Limits } from './cycle/limits.ts';
import { type CycleReport, nothingHappened, type Progress, runCycle } from './cycle/cycle.ts';
import { planCycle, type PlanSink } from './cycle/dry_run.ts';
import { isBehindLink } from './jobs/detect_placement.ts';
import type { EmbeddingBacklog } from './phases/embedding_queue.ts';
import { type Job, resolveJob } from './jobs/job.ts';
import { checkJobs } from './checks/jobs.ts';
import { hasLinksBelow } from './mirrors/journal.ts';
import { checkMounts } from './checks/mounts.ts';
import { checkScans } from './checks/scans.ts';
import { MIGRATIONS } from './schema/migrations.ts';

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
  return await withSharing(sql, config, options.version, (sharing) => sharing.cycle(options), options.limits);
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
  readonly #embeddings: EmbeddingBacklog['queues'] = new Map();

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
      Date.now() - last.fullAtMs > this.config.reconcileHours * 3_600_000;
    const startedAt = new Date();
    const report = isDue ? await this.#full(options) : await this.#changesOnly(last, options);
    // With the look at what has changed, which is all that most cycles consist of.
    return { ...report, startedAt: startedAt.toISOString(), seconds: (Date.now() - startedAt.getTime()) / 1000 };
  }

  async #full(options: CycleOptions): Promise<CycleReport> {
    const { sql, config, lock } = this;
    const fullAtMs = Date.now();
    const prepared = await prepare(sql, config, options.jobName, this.limits);
    // The first look at our own tables is made without writing, so that a refusal leaves the database as it was.
    await inRolledBackTransaction(sql, (tx) => check(tx, prepared));
    await inTransaction(sql, lock, (tx) => migrate(tx, MIGRATIONS));
    const mark = await readMark(sql, prepared.schema);
    this.#embeddings.clear(); // all are looked at again
    const context = this.#context(prepared, options);
    const report = await runCycle(context, prepared.chosen, prepared.only, this.version, options.progress);
    if (prepared.only === undefined) {
      await clearRechecks(context, mark);
      const waiting = await readAllWaiting(sql, prepared, 'all');
      if (waiting.length <= this.limits.waiting) this.#last = { prepared, mark, waiting, fullAtMs };
    }
    return report;
  }

  async #changesOnly(last: LastCycle, options: CycleOptions): Promise<CycleReport> {
    const { sql, lock } = this;
    await assertInstanceLock(sql, lock);
    const { schema, jobs } = last.prepared;
    const mark = await readMark(sql, schema);
    const { scope, hasPeopleNews } = await readChanges(sql, last.prepared, last.mark, mark, last.waiting);
    if (scope === 'all') return await this.#full(options);
    // What is known of directories must not outlive a cycle.
    const prepared = {
      ...last.prepared,
      scope,
      linker: new Linker(last.prepared.paths.roots.map(({ local }) => local)),
    };
    if (scope.length === 0 && !hasPeopleNews && !mark.isBraked && this.#embeddings.size === 0) {
      this.#last = { ...last, mark: advance(last.mark, mark) };
      return nothingHappened();
    }
    const context = this.#context(prepared, options);
    const report = await runCycle(context, jobs, undefined, this.version, options.progress);
    await clearRechecks(context, mark);
    const looked = new Set(scope);
    const waiting = last.waiting.filter((id) => !looked.has(id));
    if (scope.length > 0) waiting.push(...await readAllWaiting(sql, prepared, scope));
    if (waiting.length <= this.limits.waiting) this.#last = { ...last, mark: advance(last.mark, mark), waiting };
    return report;
  }

  /** Runs `work` with what applying works with: for commands that are not cycles. The next cycle is a full one. */
  async apply<T>(work: (context: Context) => Promise<T>): Promise<T> {
    this.#last = undefined;
    const prepared = await prepare(this.sql, this.config, undefined, this.limits);
    await inTransaction(this.sql, this.lock, (tx) => migrate(tx, MIGRATIONS));
    return await work(this.#context(prepared, {}));
  }

  #context(prepared: Prepared, options: Pick<CycleOptions, 'signal' | 'embeddingsMs'>): Context {
    const { sql, lock } = this;
    const signal = options.signal === undefined ? lossOf(sql) : AbortSignal.any([options.signal, lossOf(sql)]);
    const transaction: Context['transaction'] = (work, isolation) =>
      retryTransient(() => {
        signal.throwIfAborted();
        const guard = (tx: Sql) => keepMigrationsOut(tx, prepared.migrations);
        return inTransaction(sql, lock, work, { guard, isolation });
      });
    const backlog = { sliceMs: options.embeddingsMs, queues: this.#embeddings };
    return { ...prepared, sql, signal, transaction, backlog };
  }
}

/** What is kept from one cycle for the next. */
interface LastCycle {
  readonly prepared: Prepared;
  readonly mark: Mark;
  /** Selected assets that were not ready. */
  readonly waiting: readonly string[];
  /** When the last full cycle began, in milliseconds since the epoch. */
  readonly fullAtMs: number;
}

async function readAllWaiting(sql: Sql, { jobs, limits }: Prepared, scope: Context['scope']): Promise<string[]> {
  const waiting: string[] = [];
  for (const job of jobs) waiting.push(...await readWaiting(sql, job, scope, limits.waiting + 1));
  return waiting;
}

/** What a command asked for was looked at. What it has asked since stays. */
async function clearRechecks(context: Context, { rechecks }: Mark): Promise<void> {
  if (rechecks.length === 0) return;
  await context.transaction(async (tx) => {
    await tx`DELETE FROM immich_sidecar_decisions.recheck WHERE source_asset_id = ANY (${rechecks as string[]}::uuid[])`;
  });
}

/** Plans one full cycle and hands every plan to `sink`. Leaves the database and all files as they are. */
export async function dryRun(
  sql: Connection,
  config: Config,
  options: { readonly jobName?: string | undefined; readonly sink: PlanSink },
): Promise<void> {
  await planOnly(sql, config, options.jobName, async (tx, prepared) => {
    await check(tx, prepared);
    await planCycle(tx, prepared, prepared.chosen, prepared.only, options.sink);
  });
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

interface Prepared extends Omit<Context, 'sql' | 'signal' | 'transaction' | 'backlog'> {
  /** Immich's migrations when its tables were looked at. */
  readonly migrations: string;
  /** The jobs of this run. */
  readonly chosen: readonly Job[];
  readonly only: Job | undefined;
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
      remedy: `Configured are: ${jobs.map((job) => JSON.stringify(job.name)).join(', ')}.`,
    });
  }
  const linker = new Linker(paths.roots.map((root) => root.local));
  return {
    migrations,
    schema,
    linker,
    paths,
    jobs,
    scope: 'all',
    brake: config.brake,
    limits,
    // One connection holds the lock and one plans.
    copyWorkers: Math.max(1, Math.min(MAX_COPY_WORKERS, config.database.maxConnections - 2)),
    // While embeddings are copied, hardly anything is planned.
    vectorWorkers: Math.max(1, Math.min(config.vectorWorkers, config.database.maxConnections - 1)),
    chosen: only === undefined ? jobs : [only],
    only,
  };
}

/** Checks everything that the user could have got wrong. */
async function check(tx: Sql, prepared: Prepared): Promise<void> {
  await migrate(tx, MIGRATIONS);
  for (const warning of await checkJobs(tx, prepared.schema, prepared.jobs)) logger.warn('{warning}', { warning });
  for (const warning of await checkScans(tx, prepared.jobs, prepared.paths)) logger.warn('{warning}', { warning });
  for (const job of prepared.chosen) await checkMounts(tx, job, prepared.linker, prepared.paths);
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
