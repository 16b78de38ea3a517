import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { Linker } from '../files/linker.ts';
import { PathMap, type Root } from '../files/path_map.ts';
import { assertImmichDatabase, type ImmichInstance, readInstance } from '../immich/instance.ts';
import { type ImmichSchema, readImmichSchema } from '../immich/schema.ts';
import type { Connection, Sql } from '../postgres/connect.ts';
import { withInstanceLock } from '../postgres/lock.ts';
import { migrate, newestVersion, schemaVersion } from '../postgres/migrate.ts';
import { retryTransient } from '../postgres/retry.ts';
import { inRolledBackTransaction, inTransaction } from '../postgres/transaction.ts';
import type { Context } from './context.ts';
import { type CycleReport, type Progress, runCycle } from './cycle.ts';
import { planCycle, type PlanSink } from './dry_run.ts';
import { type Job, resolveJob } from './job.ts';
import { checkJobs } from './job_checks.ts';
import { checkMounts } from './mount_checks.ts';
import { MIGRATIONS } from './schema/migrations.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** Assets in one transaction: a batch of this size takes some 0.3 s, and a bigger one is no faster. */
const BATCH_SIZE = 1_000;

/** More than two batches at a time gain nothing on the machines this is made for, and cost memory. */
const MAX_COPY_WORKERS = 2;

export interface ShareOptions {
  /** Only this job; the others still keep their mirrors. */
  readonly jobName?: string | undefined;
  readonly version: string;
  readonly progress: Progress;
}

/** Runs one share cycle. Throws UserError and RefusedError before anything was written; see runCycle for the rest. */
export async function share(sql: Connection, config: Config, options: ShareOptions): Promise<CycleReport> {
  const prepared = await prepare(sql, config, options.jobName);
  return await withInstanceLock(sql, async (lock) => {
    // The first look at our own tables is made without writing, so that a refusal leaves the database as it was.
    await inRolledBackTransaction(sql, (tx) => check(tx, prepared));
    await inTransaction(sql, lock, (tx) => migrate(tx, MIGRATIONS));
    const transaction: Context['transaction'] = (work) => retryTransient(() => inTransaction(sql, lock, work));
    const context: Context = { ...prepared, sql, transaction };
    return await runCycle(context, prepared.chosen, prepared.only, options.version, options.progress);
  });
}

/** Plans one cycle and hands every plan to `sink`. Leaves the database and all files as they are. */
export async function dryRun(
  sql: Connection,
  config: Config,
  options: { readonly jobName?: string | undefined; readonly sink: PlanSink },
): Promise<void> {
  const prepared = await prepare(sql, config, options.jobName);
  const plan = async (tx: Sql) => {
    await check(tx, prepared);
    await planCycle(tx, prepared, prepared.chosen, prepared.only, options.sink);
  };
  // Without our tables there is nothing to read from: they are made, and undone with the transaction. With them, planning
  // only reads, and a transaction would hold up Immich's vacuum for as long as a large library takes.
  if (await schemaVersion(sql) === newestVersion(MIGRATIONS)) await plan(sql);
  else await inRolledBackTransaction(sql, plan);
}

interface Prepared extends Omit<Context, 'sql' | 'transaction'> {
  /** The jobs of this run. */
  readonly chosen: readonly Job[];
  readonly only: Job | undefined;
}

async function prepare(sql: Connection, config: Config, jobName: string | undefined): Promise<Prepared> {
  await assertImmichDatabase(sql);
  const schema: ImmichSchema = await readImmichSchema(sql);
  for (const note of schema.notes) logger.warn('{note}', { note });
  const instance = await readInstance(sql, config.uploadLocationMount);
  const jobs = config.jobs.map((job) => resolveJob(job, instance));
  const only = jobName === undefined ? undefined : jobs.find((job) => job.name === jobName);
  if (jobName !== undefined && only === undefined) {
    throw new UserError(`There is no job ${JSON.stringify(jobName)}.`, {
      remedy: `Configured are: ${jobs.map((job) => JSON.stringify(job.name)).join(', ')}.`,
    });
  }
  const paths = pathMapOf(config, instance);
  const linker = new Linker(paths.roots.map((root) => root.local));
  return {
    schema,
    linker,
    paths,
    jobs,
    batchSize: BATCH_SIZE,
    // One connection holds the lock and one plans.
    copyWorkers: Math.max(1, Math.min(MAX_COPY_WORKERS, config.database.maxConnections - 2)),
    chosen: only === undefined ? jobs : [only],
    only,
  };
}

/** Checks everything that the user could have got wrong. */
async function check(tx: Sql, prepared: Prepared): Promise<void> {
  await migrate(tx, MIGRATIONS);
  for (const warning of await checkJobs(tx, prepared.schema, prepared.jobs)) logger.warn('{warning}', { warning });
  for (const job of prepared.chosen) await checkMounts(tx, job, prepared.linker, prepared.paths);
}

/** PATH_MAP first, then the two directories every installation has. */
function pathMapOf(config: Config, instance: ImmichInstance): PathMap {
  const roots: Root[] = [...config.pathMap];
  roots.push({ immich: instance.mediaLocation, local: config.uploadLocation ?? instance.mediaLocation });
  const needsExternal = config.externalLibraryDir !== undefined ||
    config.jobs.some((job) =>
      [job.sourcePathPrefix, job.targetPathPrefix].some((path) => path?.startsWith(`${config.externalLibraryMount}/`))
    );
  if (needsExternal) {
    const local = config.externalLibraryDir ?? config.externalLibraryMount;
    roots.push({ immich: config.externalLibraryMount, local });
  }
  return new PathMap(roots);
}
