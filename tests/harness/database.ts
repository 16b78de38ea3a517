import postgres from 'postgres';
import type { DatabaseConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { RenderOptions } from '../../src/demo/schema/render.ts';
import { availableVector } from '../../src/demo/schema/install.ts';
import type { Connection } from '../../src/postgres/connect.ts';
import { servePGlite } from '../../src/demo/pglite.ts';
import type { Release } from './releases.ts';
import { createDatabase, serverUrl } from './server_databases.ts';
import { ensureDump, ensureTemplate, MEDIA_LOCATION } from './templates.ts';

export { type Release, RELEASES, REPRESENTATIVE, SPREAD } from './releases.ts';

/** Whether tests of this process run on a server: several sessions at once, and no rule about turns. */
export const HAS_SERVER = serverUrl() !== undefined;

export interface TestDatabase {
  /** A client for the test itself: a small pool on a server, one connection on PGlite. */
  readonly sql: Connection;
  /** What the program under test is given; the user is a superuser. */
  readonly config: DatabaseConfig;
  readonly backend: 'server' | 'pglite';
  readonly vector: RenderOptions['vector'];
  /** Ends `sql` and drops the database, whoever else is still connected. */
  close(): Promise<void>;
}

export interface ImmichDatabase extends TestDatabase {
  readonly release: Release;
}

export interface OpenOptions {
  /** As Immich sees it; `/data` when left out. */
  readonly mediaLocation?: string;
  /** The row `system-config`; none when left out. */
  readonly systemConfig?: Readonly<Record<string, unknown>>;
  /** A database of the server to clone instead of the release's empty one. */
  readonly template?: string;
  /** The address of a server other than the one that all tests share. */
  readonly server?: string;
}

/**
 * A database of its own with the empty tables of an Immich release, and the rows that installImmichSchema writes.
 *
 * With `TEST_POSTGRES_URL` (set by tests/run.ts) it is a clone on that server, else PGlite. Tests need not care,
 * but for one rule: **on PGlite connections must take turns**. Its socket server puts all connections into a single
 * session and does not keep the messages of one query together. An idle connection is harmless, and a query that
 * arrives during another connection's transaction waits for its end; but two connections at work at the same moment
 * get each other's rows (measured with pglite-socket 0.2.17: 51 wrong answers of 400). So run the program under test
 * with a pool of one, and do not touch `sql` until it has returned. Session state (SET, advisory locks, temporary
 * tables) is shared too, and outlives a connection. A test that needs two sessions says `ignore: !HAS_SERVER`.
 */
export async function openImmich(release: Release, options: OpenOptions = {}): Promise<ImmichDatabase> {
  const url = options.server ?? serverUrl();
  const database = url
    ? await openOnServer(url, options.template ?? await ensureTemplate(url, release))
    : await openOnPGlite(await ensureDump(release));
  try {
    await setInstanceRows(database.sql, options);
    return { ...database, release };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Opens a database, hands it to `use`, and closes it whatever happens. */
export async function withImmich<T>(release: Release, use: (database: ImmichDatabase) => Promise<T>): Promise<T> {
  const database = await openImmich(release);
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}

/** A database with nothing in it; see openImmich for the rule about connections. */
export async function openEmpty(): Promise<TestDatabase> {
  const url = serverUrl();
  return url ? await openOnServer(url, 'template1') : await openOnPGlite();
}

async function openOnServer(url: string, template: string): Promise<TestDatabase> {
  const { config, drop } = await createDatabase(url, template);
  return await opened('server', config, 4, drop);
}

async function openOnPGlite(dump?: Blob): Promise<TestDatabase> {
  const { port, close } = await servePGlite(dump);
  const config = {
    hostname: '127.0.0.1',
    port,
    username: 'postgres',
    password: new Secret('any'),
    name: 'postgres',
    maxConnections: 1,
  };
  return await opened('pglite', config, 1, close);
}

async function opened(
  backend: TestDatabase['backend'],
  config: DatabaseConfig,
  max: number,
  discard: () => Promise<void>,
): Promise<TestDatabase> {
  const sql: Connection = postgres({
    host: config.hostname,
    port: config.port,
    username: config.username,
    password: config.password.reveal(),
    database: config.name,
    max,
    onnotice: () => {},
  });
  const close = async () => {
    await sql.end({ timeout: 1 });
    await discard();
  };
  try {
    return { sql, config, backend, vector: await availableVector(sql), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function setInstanceRows(sql: Connection, options: OpenOptions): Promise<void> {
  const { mediaLocation = MEDIA_LOCATION, systemConfig } = options;
  if (mediaLocation !== MEDIA_LOCATION) {
    await sql`
      UPDATE system_metadata
      SET value = jsonb_build_object('location', ${mediaLocation}::text)
      WHERE key = 'MediaLocation'`;
  }
  if (systemConfig) {
    await sql`
      INSERT INTO system_metadata (key, value)
      VALUES ('system-config', ${JSON.stringify(systemConfig)}::text::jsonb)`;
  }
}
