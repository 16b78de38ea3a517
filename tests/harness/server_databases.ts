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

const answering = new Set<string>();

/** The tests begin while their servers are being made (see tests/run.ts). */
async function untilItAnswers(sql: Connection): Promise<void> {
  const isComing = (error: unknown) => ['ECONNREFUSED', '57P03'].includes(String((error as { code?: unknown }).code));
  const deadline = Date.now() + 120_000;
  for (let isThere = false; !isThere;) {
    try {
      await sql`SELECT 1`;
      isThere = true;
    } catch (error) {
      if (!isComing(error) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Runs `use` with a connection to one database of the server, as the superuser. */
export async function onServer<T>(url: string, database: string, use: (sql: Connection) => Promise<T>): Promise<T> {
  const sql: Connection = postgres(url, { database, max: 1, onnotice: () => {} });
  try {
    if (!answering.has(url)) await untilItAnswers(sql);
    answering.add(url);
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** A new database like `template`, and how to get rid of it even while something is connected. */
export async function createDatabase(
  url: string,
  template: string,
): Promise<{ config: DatabaseConfig; drop: () => Promise<void> }> {
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  await onServer(url, 'postgres', (sql) => sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)}`);
  const drop = async () => {
    await onServer(url, 'postgres', (sql) => sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`);
  };
  return { config: configOf(url, name), drop };
}
