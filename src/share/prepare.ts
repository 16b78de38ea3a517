import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { Linker } from '../files/linker.ts';
import { findMovedMedia, type MovedMedia, moveImportPaths } from './adoption/moved_media.ts';
import { pathMapOf } from './jobs/path_map_of.ts';
import { assertImmichDatabase, readInstance } from '../immich/instance.ts';
import { assertImmichAtRest, readMigrations } from '../immich/migrations.ts';
import { assertRights } from '../immich/rights.ts';
import { type ImmichSchema, readImmichSchema } from '../immich/schema.ts';
import type { Connection, Sql } from '../postgres/connect.ts';
import { migrate, newestVersion, schemaVersion } from '../postgres/migrate.ts';
import { assertReadable } from '../postgres/ownership.ts';
import { type Limits } from './cycle/limits.ts';
import { type View } from './cycle/tools.ts';
import { checkJobs, isOtherwise } from './checks/check.ts';
import { completeJobs } from './jobs/complete.ts';
import type { Job } from './jobs/job.ts';
import { hasLinksBelow } from './mirrors/journal.ts';
import { MIGRATIONS } from './schema/migrations.ts';
import { OWN_SCHEMAS } from './schema/own_tables.ts';
import { makeLibraries } from './shared_albums/libraries.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** More than two batches at a time gain nothing on the machines this is made for, and cost memory. */
const MAX_COPY_WORKERS = 2;

/** What is looked up before a cycle, or before anything is planned. */
export interface Prepared extends Omit<View, 'sql' | 'scope' | 'rechecks'> {
  /** Immich's migrations when its tables were looked at. */
  readonly migrations: string;
  /** Our own tables were there then, and the newest. */
  readonly hasOwnTables: boolean;
  /** Immich's media lie elsewhere than when our tables were written: they have to follow before anything else is done. */
  readonly movedMedia: readonly MovedMedia[];
  /** The jobs before anything that may happen to them was looked at. */
  readonly configured: readonly Job[];
}

/**
 * What has to be the same for a mark of another process to count, apart from the database: of names what they stand for, and not what that is called.
 * `rules`: the digest of the program's files.
 */
export function identityOfConfiguration(
  { configured, mediaLocation, files, settings: { brake, graceHours } }: Prepared,
  version: string,
  rules: string | undefined,
): string {
  const jobs = configured.map(({ selection: _, remember: _noted, nameWarnings: _said, names, ...job }) => ({
    ...job,
    names: names.meant,
  }));
  return JSON.stringify({ version, rules, jobs, mediaLocation, roots: files.paths.roots, brake, graceHours });
}

/** @param libraryProblem why libraries for shared albums could not be made */
export async function prepare(
  sql: Connection,
  config: Config,
  jobName: string | undefined,
  limits: Limits,
  libraryProblem?: string,
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
  const hasOwnTables = version === newestVersion(MIGRATIONS);
  const hasExternalLinks = version > 0 && version <= newestVersion(MIGRATIONS) &&
    await hasLinksBelow(sql, config.externalLibraryMount);
  const paths = pathMapOf(config, instance, hasExternalLinks);
  const { jobs, sharedAlbums } = await completeJobs(sql, schema, config, {
    instance,
    paths,
    hasOwnTables,
    libraryProblem,
  });
  const only = jobName === undefined ? undefined : jobs.find((job) => job.name === jobName);
  if (jobName !== undefined && only === undefined) {
    throw new UserError(`There is no share ${JSON.stringify(jobName)}.`, {
      problemCode: 'unknown-name',
      remedy: `Configured are: ${jobs.map((job) => JSON.stringify(job.name)).join(', ')}.`,
    });
  }
  return {
    migrations,
    hasOwnTables,
    movedMedia: version > 0 && version <= newestVersion(MIGRATIONS)
      ? await findMovedMedia(sql, instance.mediaLocation, false)
      : [],
    schema,
    files: { linker: new Linker(paths.roots.map((root) => root.local)), paths },
    configured: jobs,
    jobs,
    sharedAlbums,
    only,
    leftOut: [],
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

/** The same, after what members of shared albums still need a library for got one, if there is a key for that. */
export async function prepareWithLibraries(
  sql: Connection,
  config: Config,
  jobName: string | undefined,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<Prepared> {
  const prepared = await prepare(sql, config, jobName, limits);
  const { made, problem } = await makeLibraries(config.immich, prepared.sharedAlbums?.libraries ?? [], signal);
  return made > 0 || problem !== undefined ? await prepare(sql, config, jobName, limits, problem) : prepared;
}

/** The same with the jobs that can be worked on. Call it in a transaction that is rolled back, or when our own tables are still to be made. */
export async function check(tx: Sql, prepared: Prepared): Promise<Prepared> {
  await assertRights(tx, prepared.schema.catalog);
  await migrate(tx, MIGRATIONS);
  if (prepared.movedMedia.length > 0) await moveImportPaths(tx, prepared.movedMedia);
  return { ...prepared, ...await checkJobs(tx, prepared) };
}

/**
 * Whether a job that was left out can be worked on now, or another one cannot. `looksAgain`: also for what only a look at accounts, libraries and directories tells, and after
 * libraries that could not be made were tried again.
 */
export async function areJobsOtherwise(
  sql: Sql,
  config: Config,
  prepared: Prepared,
  { looksAgain, signal }: { readonly looksAgain: boolean; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  const libraries = looksAgain ? prepared.sharedAlbums?.libraries ?? [] : [];
  const { made } = await makeLibraries(config.immich, libraries, signal);
  return made > 0 || await isOtherwise(sql, prepared, looksAgain);
}
