import type { DatabaseConfig } from '../../src/config/config.ts';
import { jobsOf } from '../../src/demo/jobs.ts';
import { generateBulk } from '../../src/demo/library/bulk.ts';
import type { GeneratedAccounts } from '../../src/demo/library/result.ts';
import { EXTERNAL_ROOT, MEDIA_LOCATION } from '../../src/demo/roots.ts';
import type { CycleReport } from '../../src/share/cycle.ts';
import { findPostgres } from '../harness/binaries.ts';
import { startServer } from '../harness/server.ts';
import { configOf, onServer } from '../harness/server_databases.ts';
import { ensureTemplate } from '../harness/templates.ts';
import { writeFloor } from './share_floor.ts';

/** What `bench share` prints. */
export interface ShareBench {
  readonly assets: number;
  readonly faces: number;
  readonly links: number;
  /** One cycle of the program in a process of its own, without the start of that process. */
  readonly seconds: number;
  /** The same rows of Immich's tables, written by one INSERT … SELECT per table in one transaction. */
  readonly floorSeconds: number;
  readonly ratioToFloor: number;
  /** Peak resident memory of the program. */
  readonly rssMiB: number;
}

/** PostgreSQL as it comes, with durable commits; only room for the tables in memory. */
const SETTINGS = Object.freeze({ shared_buffers: '512MB', max_wal_size: '4GB' });

const RELEASE = 'v3.1.0';
const FACES_PER_ASSET = 2;

/**
 * Measures the first copy of a library: a server of its own, a fresh database for each of the two measurements, two
 * faces and two generated files for each asset, no vector index. Throws when there is no PostgreSQL server to start.
 */
export async function benchShare(assets: number): Promise<ShareBench> {
  const bin = await findPostgres();
  if (bin === undefined) throw new Error('This benchmark needs the server binaries of PostgreSQL (initdb, postgres).');
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-bench-' }));
  const server = await startServer(bin, SETTINGS);
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
    const floorDatabase = await clone('floor');
    const floorSeconds = await onServer(server.url, floorDatabase.name, (sql) => writeFloor(sql, accounts));
    const { report, rssMiB } = await runShare(await clone('share'), directory, accounts);
    const [job] = report.jobs;
    if (job?.created !== assets) throw new Error(`only ${job?.created} of ${assets} assets were mirrored`);
    return {
      assets,
      faces: job.faces,
      links: job.links,
      seconds: round(report.seconds),
      floorSeconds: round(floorSeconds),
      ratioToFloor: round(report.seconds / floorSeconds),
      rssMiB,
    };
  } finally {
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs one cycle in a process of its own, so that its memory is its own, with the flags of `deno task sync`. */
async function runShare(
  database: DatabaseConfig,
  directory: string,
  accounts: GeneratedAccounts,
): Promise<{ report: CycleReport; rssMiB: number }> {
  const [job] = jobsOf(accounts, 'bob');
  if (job === undefined) throw new Error('the demo has no job');
  const child = await new Deno.Command(Deno.execPath(), {
    args: ['run', '--v8-flags=--optimize-for-size', '-A', new URL('./share_child.ts', import.meta.url).pathname],
    env: {
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
    },
    cwd: directory,
    stderr: 'inherit',
  }).output();
  if (!child.success) throw new Error(`the program ended with ${child.code}`);
  return JSON.parse(new TextDecoder().decode(child.stdout));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
