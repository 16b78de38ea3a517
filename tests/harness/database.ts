import postgres from 'postgres';
import type { DatabaseConfig } from '../../src/config/config.ts';
import type { Connection } from '../../src/postgres/connect.ts';
import type { Release } from './releases.ts';
import { allowSchemas, asRole } from './role.ts';
import { anyServer, createDatabase, serverOf } from './server_databases.ts';
import { ensureTemplate, MEDIA_LOCATION } from './templates.ts';

export { type Release, RELEASES, REPRESENTATIVE, SPREAD } from './releases.ts';

export interface TestDatabase {
  /** A client for the test itself: a small pool. */
  readonly sql: Connection;
  /** What the program under test is given. Of a database of Immich the user has just the rights that `doctor` proposes (role.ts). */
  readonly config: DatabaseConfig;
  /** The same as a superuser, as Immich is one. */
  readonly superuser: DatabaseConfig;
  /** The address of the server, as the superuser. */
  readonly server: string;
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
  /** The address of a server other than those that all tests share. */
  readonly server?: string;
}

/** A database of its own with the empty tables of an Immich release, and the rows that installImmichSchema writes. */
export async function openImmich(release: Release, options: OpenOptions = {}): Promise<ImmichDatabase> {
  const server = options.server ?? serverOf(release);
  const database = await openOnServer(server, options.template ?? await ensureTemplate(server, release));
  try {
    await setInstanceRows(database.sql, options);
    await allowSchemas(database.sql);
    return { ...database, config: asRole(database.superuser), release };
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

/** A database with nothing in it. */
export async function openEmpty(): Promise<TestDatabase> {
  return await openOnServer(anyServer(), 'template1');
}

async function openOnServer(server: string, template: string): Promise<TestDatabase> {
  const { config, drop } = await createDatabase(server, template);
  const sql: Connection = postgres({
    host: config.hostname,
    port: config.port,
    username: config.username,
    password: config.password.reveal(),
    database: config.name,
    max: 4,
    onnotice: () => {},
  });
  const close = async () => {
    await sql.end({ timeout: 1 });
    await drop();
  };
  return { sql, config, superuser: config, server, close };
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
