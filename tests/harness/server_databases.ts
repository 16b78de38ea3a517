import postgres from 'postgres';
import type { DatabaseConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { Connection } from '../../src/postgres/connect.ts';
import { type Release, RELEASES } from './releases.ts';

/**
 * The servers of this run, as tests/run.ts exports them: addresses with the password of a superuser, separated by spaces.
 * Throws Error where nobody has started one.
 */
export function serverUrls(): readonly string[] {
  const urls = (Deno.env.get('TEST_POSTGRES_URL') ?? '').split(' ').filter((url) => url !== '');
  if (urls.length === 0) {
    throw new Error(
      'No PostgreSQL server has been started for these tests. Run them with `deno task test [FILE]`, or name one in TEST_POSTGRES_URL.',
    );
  }
  return urls;
}

/** The server that has the databases of a release: the releases take turns, so each template is built once. */
export function serverOf(release: Release): string {
  return inTurn(RELEASES.indexOf(release));
}

let emptyDatabases = 0;

/** A server for a database of no release; the files' first is on the first. */
export function anyServer(): string {
  return inTurn(emptyDatabases++);
}

function inTurn(turn: number): string {
  const urls = serverUrls();
  return urls[turn % urls.length] ?? '';
}

export function configOf(url: string, name: string): DatabaseConfig {
  const { hostname, port, username, password } = new URL(url);
  return {
    hostname,
    port: Number(port || 5432),
    username: decodeURIComponent(username),
    password: new Secret(decodeURIComponent(password)),
    name,
    maxConnections: 4,
  };
}

const versions = new Map<string, number>();

/** The major version of a server, which is waited for: the tests begin while their servers are being made (see tests/run.ts). */
async function versionOf(url: string, sql: Connection): Promise<number> {
  const version = versions.get(url) ?? await untilItAnswers(sql);
  versions.set(url, version);
  return version;
}

async function untilItAnswers(sql: Connection): Promise<number> {
  const isComing = (error: unknown) => ['ECONNREFUSED', '57P03'].includes(String((error as { code?: unknown }).code));
  const deadline = Date.now() + 120_000;
  while (true) {
    try {
      const [row] = await sql<{ version: string }[]>`SELECT current_setting('server_version') AS version`;
      return parseInt(row?.version ?? '');
    } catch (error) {
      if (!isComing(error) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Runs `use` with a connection to one database of the server, as the superuser. */
export async function onServer<T>(url: string, database: string, use: (sql: Connection) => Promise<T>): Promise<T> {
  // Nobody reads arrays in the first, and each connection asks for their types.
  const sql: Connection = postgres(url, { database, max: 1, fetch_types: database !== 'postgres', onnotice: () => {} });
  try {
    await versionOf(url, sql);
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/**
 * A new database like `template`, and how to get rid of it even while something is connected. Its files are copied: to write all of them into the WAL, as
 * PostgreSQL does of itself since 15, took twice the time, and four times when the database is dropped.
 */
export async function createDatabase(
  url: string,
  template: string,
): Promise<{ config: DatabaseConfig; drop: () => Promise<void> }> {
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  await onServer(url, 'postgres', async (sql) => {
    const strategy = await versionOf(url, sql) >= 15 ? sql`STRATEGY file_copy` : sql``;
    await sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)} ${strategy}`;
  });
  const drop = async () => {
    await onServer(url, 'postgres', (sql) => sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`);
  };
  return { config: configOf(url, name), drop };
}
