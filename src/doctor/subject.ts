import { type Config, isSharing } from '../config/config.ts';
import { Linker } from '../files/linker.ts';
import type { PathMap } from '../files/path_map.ts';
import { ImmichApi } from '../immich/api/client.ts';
import { readPermissions, readServerVersion, type ServerVersion } from '../immich/api/server.ts';
import { type Catalog, readCatalog } from '../immich/catalog.ts';
import { assertImmichDatabase, type ImmichInstance, readInstance } from '../immich/instance.ts';
import { type ImmichSchema, planSchema } from '../immich/schema.ts';
import {
  connect,
  type Connection,
  disconnect,
  explainDatabaseError,
  type Fragment,
  READ_ONLY,
} from '../postgres/connect.ts';
import { faultOf } from '../postgres/faults.ts';
import { newestVersion, schemaVersion } from '../postgres/migrate.ts';
import { type LibraryScan, lookAtTargetLibraries } from '../share/checks/scans.ts';
import type { Progress } from '../share/cycle/progress.ts';
import { completeJobs } from '../share/jobs/complete.ts';
import type { Job } from '../share/jobs/job.ts';
import { hasLinksBelow } from '../share/mirrors/journal.ts';
import { MIGRATIONS } from '../share/schema/migrations.ts';
import { isSelectedNow } from '../share/selection/selection.ts';
import { pathMapOf } from '../share/jobs/path_map_of.ts';
import { type Directory, lookAtRoots } from './directories.ts';
import { NotLookedAt, type Verdict, verdictOf, warn } from './finding.ts';
import { ExifTool } from './exiftool.ts';
import { Need } from './need.ts';
import { withTimeout } from './timeout.ts';
import { sampleOriginals, type Samples } from './write_sample.ts';

export interface SubjectOptions {
  /** Throws ConfigError. */
  readonly load: () => Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Looks at every mirror instead of a sample. */
  readonly isThorough: boolean;
  /** Mirrors in one query when all of them are looked at; 1,000 when left out. */
  readonly mirrorsPerQuery?: number;
  readonly progress: Progress;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A server in the same network answers in milliseconds. */
const API_TIMEOUT_MS = 5_000;

/** ExifTool ends at once when it is told to. */
const PATIENCE_MS = 2_000;

/**
 * What is examined: each part is made when a check asks for it, and says why it cannot be had. The database is only read:
 * its sessions are read-only.
 */
export class Subject implements AsyncDisposable {
  readonly options: SubjectOptions;

  constructor(options: SubjectOptions) {
    this.options = options;
  }

  readonly config = new Need<Config>('The configuration has problems.', () => this.options.load());

  readonly sql = new Need<Connection>('There is no connection to the database.', async () => {
    return await connect((await this.config.use()).database, READ_ONLY);
  });

  readonly catalog = new Need<Catalog>('This is not a database of Immich.', async () => {
    const sql = await this.sql.use();
    await assertImmichDatabase(sql);
    return await readCatalog(sql);
  });

  readonly schema = new Need<ImmichSchema>("Immich's tables are not as sharing needs them.", async () => {
    return planSchema(await this.catalog.use());
  });

  readonly instance = new Need<ImmichInstance>("Immich's tables cannot be read.", async () => {
    await this.catalog.use();
    return await readInstance(await this.sql.use(), (await this.config.use()).uploadLocationMount);
  });

  /** The configured jobs; there is at least one. */
  readonly jobs = new Need<readonly Job[]>('The shares cannot be read.', async () => {
    const config = await this.config.use();
    if (!isSharing(config)) throw new NotLookedAt('No shares are configured, so nothing is shared.');
    const [instance, paths] = [await this.instance.use(), await this.paths.use()];
    await this.reachable.use(); // resolving looks at the disk
    const { jobs } = await completeJobs(await this.sql.use(), await this.schema.use(), config, {
      instance,
      paths,
      hasOwnTables: await this.ownVersion.use() === newestVersion(MIGRATIONS),
    });
    if (jobs.length === 0) throw new NotLookedAt('Nobody has a photo in a shared album yet.');
    return jobs;
  });

  /** What scans of the target libraries would import. */
  readonly scans = new Need<readonly LibraryScan[]>('It is not known what scans would import.', async () => {
    const [sql, jobs, paths] = [await this.sql.use(), await this.jobs.use(), await this.paths.use()];
    return await lookAtTargetLibraries(sql, jobs, paths);
  });

  /** The version of our own tables; 0 = there are none. */
  readonly ownVersion = new Need<number>('Our own tables cannot be read.', async () => {
    await this.catalog.use();
    return await schemaVersion(await this.sql.use(), MIGRATIONS);
  });

  /** The database, if our own tables are there and as this program knows them. */
  readonly ownTables = new Need<Connection>('Our own tables cannot be read.', async () => {
    const version = await this.ownVersion.use();
    if (version === 0) throw new NotLookedAt('Nothing was shared yet.');
    const newest = newestVersion(MIGRATIONS);
    if (version > newest) throw new NotLookedAt('Our own tables are those of a newer program.');
    if (version < newest) throw new NotLookedAt('The next sync brings our own tables up to date first.');
    return await this.sql.use();
  });

  readonly paths = new Need<PathMap>('It is not known where the directories are.', async () => {
    const [config, instance, version] = [
      await this.config.use(),
      await this.instance.use(),
      await this.ownVersion.use(),
    ];
    const isReadable = version > 0 && version <= newestVersion(MIGRATIONS);
    const hasExternal = isReadable && await hasLinksBelow(await this.sql.use(), config.externalLibraryMount);
    return pathMapOf(config, instance, hasExternal);
  });

  readonly directories = new Need<readonly Directory[]>('It is not known where the directories are.', async () => {
    return await lookAtRoots((await this.paths.use()).roots);
  });

  /** The directories, none of which blocks a look at it for ever. */
  readonly reachable = new Need<readonly Directory[]>('It is not known where the directories are.', async () => {
    const directories = await this.directories.use();
    if (directories.some(({ answers }) => !answers)) throw new NotLookedAt('A directory does not answer.');
    return directories;
  });

  /** For looking at files. */
  readonly linker = new Need<Linker>('The directories cannot be looked at.', async () => {
    const missing = (await this.reachable.use()).find(({ problem }) => problem !== undefined);
    if (missing !== undefined) throw new NotLookedAt('A directory is not here.');
    return new Linker((await this.paths.use()).roots.map(({ local }) => local));
  });

  readonly api = new Need<ImmichApi>('Immich cannot be asked.', async () => {
    const { url, apiKey } = (await this.config.use()).immich;
    if (apiKey === undefined) throw new NotLookedAt('No IMMICH_API_KEY; sharing does not need one.');
    return new ImmichApi({ url, apiKey, concurrency: 4, timeoutMs: API_TIMEOUT_MS, retries: 1 });
  });

  readonly server = new Need<ServerVersion>('Immich does not answer.', async () => {
    return await readServerVersion(await this.api.use());
  });

  /** What the API key may do. */
  readonly permissions = new Need<readonly string[]>('Immich does not accept the API key.', async () => {
    await this.server.use();
    return await readPermissions(await this.api.use());
  });

  /** Of a configuration that cannot be read: the one that comes along. */
  readonly exifTool = new Need<ExifTool>('ExifTool cannot be run.', async () => {
    return await ExifTool.open((await this.config.orNothing())?.write.exiftoolPath);
  });

  /** Some originals that write-back would write into. */
  readonly samples = new Need<Samples>('Nothing tells which files would be written into.', () => sampleOriginals(this));

  /** What a job selects, as a condition on the rows `a` of `asset`. (A condition itself must not be awaited: that runs it.) */
  readonly selection = new Need<(job: Job) => Fragment>('It is not known what the shares select.', async () => {
    await this.schema.use();
    const [sql, version] = [await this.sql.use(), await this.ownVersion.use()];
    return (job) => isSelectedNow(sql, job, version > 0);
  });

  /** What something that a check has thrown means. */
  async explain(error: unknown): Promise<Verdict> {
    if (error instanceof NotLookedAt) return verdictOf(error);
    if (faultOf(error) === 'conflict') {
      return warn('PostgreSQL took too long, or something else was in the way.', 'Try again when it has less to do.');
    }
    const config = await this.config.orNothing();
    return verdictOf(config === undefined ? error : explainDatabaseError(error, config.database));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exifTool = await this.exifTool.ifMade();
    // One that does not answer ends with this program.
    await withTimeout(PATIENCE_MS, async () => await exifTool?.[Symbol.asyncDispose]()).catch(() => {});
    const sql = await this.sql.ifMade();
    if (sql !== undefined) await disconnect(sql, { isHurried: true });
  }
}
