import type { DatabaseConfig } from '../../src/config/config.ts';
import type { Sql } from '../../src/postgres/connect.ts';
import { jobsOf } from '../../src/demo/jobs.ts';
import { generateBulk } from '../harness/bulk_library/bulk.ts';
import type { GeneratedAccounts } from '../../src/demo/library_generator/result.ts';
import { EXTERNAL_ROOT, MEDIA_LOCATION } from '../../src/demo/roots.ts';
import { binariesForOneServer } from '../harness/binaries.ts';
import { startServer } from '../harness/server.ts';
import { configOf, onServer } from '../harness/server_databases.ts';
import { ensureTemplate } from '../harness/templates.ts';

const RELEASE = 'v3.1.0';
const FACES_PER_ASSET = 2;

/** A large library on a server of its own, and its files. */
export interface BenchLibrary {
  readonly directory: string;
  readonly accounts: GeneratedAccounts;
  /** A fresh database with the library in it. */
  clone(name: string): Promise<DatabaseConfig>;
  /** The address of the server. */
  readonly url: string;
}

/**
 * Runs `work` with a library of Alice's: two faces and two generated files for each asset, no vector index, PostgreSQL as it comes
 * (durable commits) but for `settings`.
 */
export async function withBenchLibrary<T>(
  assets: number,
  settings: Readonly<Record<string, string>>,
  work: (library: BenchLibrary) => Promise<T>,
): Promise<T> {
  await using binaries = await binariesForOneServer();
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-bench-' }));
  const server = await startServer(binaries.bin, settings);
  try {
    const template = await ensureTemplate(server.url, RELEASE);
    const accounts = await onServer(server.url, template, async (sql) => {
      const generated = await generateBulk(sql, {
        assets,
        facesPerAsset: FACES_PER_ASSET,
        people: Math.max(1, Math.round(assets / 100)),
        mediaLocation: MEDIA_LOCATION,
        localMedia: `${directory}/media`,
        externalRoot: EXTERNAL_ROOT,
        localExternal: `${directory}/external`,
      });
      await sql`VACUUM ANALYZE`;
      return generated;
    });
    const clone = async (name: string) => {
      await onServer(server.url, 'postgres', async (sql) => {
        await sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)}`;
        await sql`CHECKPOINT`;
      });
      return configOf(server.url, name);
    };
    return await work({ directory, accounts, clone, url: server.url });
  } finally {
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

/**
 * Runs a module of this folder in a process of its own, so that its memory is its own, with the configuration of one job.
 * Returns what it prints. Throws when it fails.
 *
 * @param flags for V8; those of `deno task sync` when left out
 */
export async function runChild<T>(
  module: string,
  database: DatabaseConfig,
  library: BenchLibrary,
  args: readonly string[] = [],
  flags: readonly string[] = ['--v8-flags=--optimize-for-size'],
): Promise<T> {
  const child = await new Deno.Command(Deno.execPath(), {
    args: ['run', ...flags, '-A', new URL(module, import.meta.url).pathname, ...args],
    env: variablesOf(database, library),
    cwd: library.directory,
    stderr: 'inherit',
  }).output();
  if (!child.success) throw new Error(`the program ended with ${child.code}`);
  return JSON.parse(new TextDecoder().decode(child.stdout));
}

/** The configuration of one job, as the environment has it. */
export function variablesOf(database: DatabaseConfig, { directory, accounts }: BenchLibrary): Record<string, string> {
  const [job] = jobsOf(accounts, 'bob');
  if (job === undefined) throw new Error('the demo has no job');
  return {
    DB_HOSTNAME: database.hostname,
    DB_PORT: String(database.port),
    DB_USERNAME: database.username,
    DB_PASSWORD: database.password.reveal(),
    DB_DATABASE_NAME: database.name,
    UPLOAD_LOCATION: `${directory}/media`,
    EXTERNAL_LIBRARY_DIR: `${directory}/external`,
    SOURCE_USER_ID: job.sourceUserId,
    TARGET_USER_ID: job.targetUserId,
    TARGET_LIBRARY_ID: job.targetLibraryId,
    SHARED_PATH_PREFIX: job.sourcePathPrefix ?? '',
    TARGET_PATH_PREFIX: job.targetPathPrefix,
  };
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The statements in this database since pg_stat_statements was reset, but for those about itself. */
export async function countStatements(sql: Sql): Promise<number> {
  const [row] = await sql<{ calls: number }[]>`
    SELECT sum(calls)::int AS calls
    FROM pg_stat_statements
    WHERE query NOT LIKE '%pg_stat_statements%'
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return row?.calls ?? 0;
}
