import type { Config } from '../config/config.ts';
import { count, list, named } from '../config/words.ts';
import { isPooled, PoolerError } from '../postgres/pooler.ts';
import { serverName } from '../postgres/server_name.ts';
import type { Check } from './check.ts';
import { fail, ok, type Verdict, warn } from './finding.ts';
import { ROLE_CHECKS } from './role.ts';
import type { Subject } from './subject.ts';

/** PostgreSQL itself. */
export const DATABASE_CHECKS: readonly Check[] = [
  { group: 'database', name: 'database.connection', look: lookAtConnection },
  { group: 'database', name: 'database.extensions', look: lookAtExtensions },
  ...ROLE_CHECKS,
  { group: 'database', name: 'database.clock', look: lookAtClock },
];

/** The oldest PostgreSQL that Immich 2 supports. */
const OLDEST_POSTGRES = 14;

async function lookAtConnection(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, { database }] = [await subject.sql.get(), await subject.config.use()];
  const [row] = await sql<{ version: string; number: number; isStandby: boolean }[]>`
    SELECT
      split_part(current_setting('server_version'), ' ', 1) AS version,
      current_setting('server_version_num')::int AS number,
      pg_is_in_recovery() AS "isStandby"`;
  if (row === undefined) throw new Error('a query without FROM returned no row');
  return [judgeServer({ ...row, isPooled: await isPooled(sql) }, database)];
}

export function judgeServer(
  server: {
    readonly version: string;
    readonly number: number;
    readonly isStandby: boolean;
    readonly isPooled: boolean;
  },
  { hostname, port, name, username }: Pick<Config['database'], 'hostname' | 'port' | 'name' | 'username'>,
): Verdict {
  const what = `PostgreSQL ${server.version} at ${serverName({ hostname, port })}, database ${named(name)}, user ${
    named(username)
  }`;
  if (server.isStandby) {
    return fail(`${what}: it is a standby, on which nothing can be written.`, 'Set DB_HOSTNAME to the primary server.');
  }
  if (server.isPooled) {
    const { message, remedy } = new PoolerError();
    return fail(`${what}: ${message}`, remedy);
  }
  if (server.number < OLDEST_POSTGRES * 10_000) {
    return warn(`${what}: older than Immich wants it.`, `Update PostgreSQL to ${OLDEST_POSTGRES} or later.`);
  }
  return ok(`${what}.`);
}

const EXTENSIONS: Readonly<Record<string, string>> = Object.freeze({
  vchord: 'VectorChord',
  vector: 'pgvector',
  vectors: 'pgvecto.rs',
});

async function lookAtExtensions(subject: Subject): Promise<readonly Verdict[]> {
  const sql = await subject.sql.use();
  const rows = await sql<{ name: string; version: string }[]>`
    SELECT extname AS name, extversion AS version
    FROM pg_extension
    WHERE extname = ANY (${Object.keys(EXTENSIONS)})
    ORDER BY extname`;
  const found = rows.map(({ name, version }) => `${EXTENSIONS[name]} ${version}`);
  return [ok(found.length === 0 ? 'No vector extension by a name that is known.' : `${list(found)}.`)];
}

/** Above what time servers leave, and far below what would put photos into the wrong order. */
const MOST_SKEW_MS = 5_000;

async function lookAtClock(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, { now = Date.now }] = [await subject.sql.use(), subject.options];
  const asked = now();
  const [row] = await sql<{ ms: number }[]>`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms`;
  const answered = now();
  return [judgeClock((asked + answered) / 2 - (row?.ms ?? 0), (answered - asked) / 2)];
}

/**
 * @param aheadMs by how much our clock is ahead of PostgreSQL's
 * @param doubtMs how far off that may be, as asking takes time
 */
export function judgeClock(aheadMs: number, doubtMs: number): Verdict {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  if (Math.abs(aheadMs) - doubtMs <= MOST_SKEW_MS) return ok("Our clock and PostgreSQL's agree.");
  return warn(
    `Our clock is ${count(seconds, 'second')} ${aheadMs > 0 ? 'ahead of' : 'behind'} PostgreSQL's.`,
    'Let both machines set their clocks by a time server (NTP).',
  );
}
