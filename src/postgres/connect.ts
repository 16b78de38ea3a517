import postgres from 'postgres';
import type { DatabaseConfig } from '../config/config.ts';
import { EXIT, messageOf, NotNowError, UserError } from '../errors.ts';
import { connectionProblem } from './connection_problem.ts';
import { FaultError, faultOf, sqlStateOf } from './faults.ts';
import { serverName } from './server_name.ts';
import { lossOf, rememberLoss, Sockets } from './sockets.ts';

/** A connection, or a transaction on one: what a statement needs. */
export type Sql = postgres.ISql<Record<string, unknown>>;
export type Connection = postgres.Sql<Record<string, unknown>>;
export type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** Immich is live in the same database: nothing of ours may wait or hold on for long. */
const TIMEOUTS = Object.freeze({
  /** A lock that Immich holds longer than this is not waited for; the batch is tried again. */
  lock_timeout: 5_000,
  /** Two orders of magnitude above the slowest batch measured (0.9 s for 1,000 assets on a NAS-like core). */
  statement_timeout: 120_000,
  /** If this program stalls inside a transaction, PostgreSQL ends it rather than hold Immich up. */
  idle_in_transaction_session_timeout: 120_000,
  /** The session that holds the instance lock says nothing for as long as a first copy takes. */
  idle_session_timeout: 0,
});

/** Our statements are wide and short: compiling one takes longer than running it. */
const PLANNER = Object.freeze({ jit: 'off' });

/** How values become text: we compare some of them, as text, with what an earlier session wrote. */
const FORMATS = Object.freeze({ TimeZone: 'UTC', DateStyle: 'ISO, YMD', extra_float_digits: 1 });

/** How long the network may take to say anything, in seconds. */
const CONNECT_TIMEOUT = 10;

/** Settings of a session, by PostgreSQL's names, for a connection that only looks: nothing is written, nor waited for. */
export const READ_ONLY: Readonly<Record<string, string | number>> = Object.freeze({
  default_transaction_read_only: 'on',
  lock_timeout: 3_000,
  statement_timeout: 15_000,
});

/**
 * Connects with a pool of `config.maxConnections`, opened as they are needed. Everything works with a single one, which
 * is all that the embedded database of the demo can serve. Once one of its connections is lost the pool is lost: every
 * statement fails, and a new pool has to be made (see Sockets and lossOf).
 *
 * @param session more settings of its sessions
 *
 * Throws UserError when the password is wrong or the database does not exist, PoolerError when a pooler refuses us, and FaultError when
 * no database answers.
 */
export async function connect(
  config: DatabaseConfig,
  session: Readonly<Record<string, string | number>> = {},
): Promise<Connection> {
  const { sql, searchPath } = await open(config, session);
  if (searchPath === undefined) return sql;
  await sql.end({ timeout: 0 });
  return (await open(config, { ...session, search_path: searchPath })).sql;
}

/** `searchPath`: the one to connect with instead, where the user's own leaves out the schema in which Immich has its tables. */
async function open(
  config: DatabaseConfig,
  session: Readonly<Record<string, string | number>>,
): Promise<{ readonly sql: Connection; readonly searchPath: string | undefined }> {
  const sockets = new Sockets();
  const options = {
    host: config.hostname,
    port: config.port,
    username: config.username,
    password: () => sockets.revealed(config.password),
    database: config.name,
    max: config.maxConnections,
    connect_timeout: CONNECT_TIMEOUT,
    // Neither may a session end by itself, as one of them holds the instance lock, nor a statement wait to be refused.
    max_lifetime: null,
    backoff: () => 0,
    connection: { application_name: 'immich-sidecar', ...TIMEOUTS, ...PLANNER, ...FORMATS, ...session },
    onnotice: () => {},
    socket: () => sockets.open(config),
  };
  const sql: Connection = postgres(options);
  rememberLoss(sql, sockets.lost);
  const end = sql.end;
  sql.end = (how) => {
    sockets.letGo();
    return end(how);
  };
  try {
    const [row] = await sql<{ found: boolean; path: string }[]>`
      SELECT 'public' = ANY (current_schemas(false)) AS found, current_setting('search_path') AS path`;
    const isMissing = row?.found === false && session['search_path'] === undefined;
    return { sql, searchPath: isMissing ? ['public', row.path].filter((part) => part !== '').join(', ') : undefined };
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw connectionProblem(error, config);
  }
}

/**
 * Closes a pool: waits for what is on its way, if there is anything left to wait for. `isHurried`: cuts the connections, and
 * PostgreSQL rolls back what was not committed.
 */
export async function disconnect(
  sql: Connection,
  { isHurried = false }: { readonly isHurried?: boolean } = {},
): Promise<void> {
  await sql.end({ timeout: isHurried || lossOf(sql).aborted ? 0 : 5 });
}

/**
 * A new connection is first asked for its array types. When that fails, postgres.js tells those who wait for the connection,
 * and also rejects a promise that nobody has (3.4.9, fetchArrayTypes), which would end the process.
 */
globalThis.addEventListener('unhandledrejection', (event) => {
  const query = event.reason instanceof Error ? (event.reason as { query?: unknown }).query : undefined;
  if (typeof query === 'string' && query.includes('b.typarray')) event.preventDefault();
});

/** What a server lacks, by SQLSTATE: what that is, and what to do. Nothing is lost: the transaction was rolled back. */
const SERVER: Readonly<Record<string, readonly [what: string, remedy: string]>> = Object.freeze({
  '53100': ['The disk of PostgreSQL is full', "Make room on the disk of Immich's database. Nothing is lost."],
  '53200': ['PostgreSQL has not enough memory', 'Give its machine or container more memory. Nothing is lost.'],
  '53400': ['PostgreSQL has reached a limit of its configuration', 'Look at the limit that the message names.'],
  '58030': ['The disk of PostgreSQL reported an error', 'Look at the log of PostgreSQL and at its disk.'],
  'XX001': ['PostgreSQL found damaged data', "Restore a backup of Immich's database, or ask for help with PostgreSQL."],
  'XX002': ['PostgreSQL found a damaged index', 'Run REINDEX DATABASE in psql, and look at the disk.'],
});

/** An error of a statement that the user can do something about, as such; anything else as it is. */
export function explainDatabaseError(error: unknown, config: DatabaseConfig): unknown {
  if (error instanceof UserError) return error;
  const state = sqlStateOf(error);
  if (state === '25006') {
    return new FaultError('lost', `PostgreSQL at ${serverName(config)} only lets us read: ${messageOf(error)}.`, {
      remedy:
        'Set DB_HOSTNAME to the primary server if this is a standby; else turn default_transaction_read_only off.',
      exitCode: EXIT.refused,
      cause: error,
    });
  }
  if (faultOf(error) === 'lost') {
    return new FaultError('lost', `The connection to PostgreSQL was lost (${state}).`, {
      remedy: 'Nothing is lost: run again when the database is up.',
      exitCode: EXIT.refused,
      cause: error,
    });
  }
  const lack = SERVER[state];
  if (lack !== undefined) {
    return new NotNowError(`${lack[0]}: ${messageOf(error)}.`, {
      problemCode: 'database-machine',
      remedy: lack[1],
      cause: error,
    });
  }
  if (state !== '42501') return error;
  return new UserError(`The database user ${JSON.stringify(config.username)} may not do this: ${messageOf(error)}.`, {
    problemCode: 'database-rights',
    remedy: 'immich-sidecar doctor names the rights that are missing, and the statements that grant them.',
    cause: error,
  });
}
