import postgres from 'postgres';
import type { DatabaseConfig } from '../config/config.ts';
import { messageOf, UserError } from '../errors.ts';

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

/**
 * Connects with a pool of `config.maxConnections`, opened as they are needed. Everything works with a single one, which
 * is all that the embedded database of the demo can serve.
 *
 * Throws UserError when there is no database, the password is wrong, or the database does not exist.
 */
export async function connect(config: DatabaseConfig): Promise<Connection> {
  const sql: Connection = postgres({
    host: config.hostname,
    port: config.port,
    username: config.username,
    password: config.password.reveal(),
    database: config.name,
    max: config.maxConnections,
    connect_timeout: 10,
    connection: { application_name: 'immich-sidecar', ...TIMEOUTS, ...PLANNER },
    onnotice: () => {},
  });
  try {
    await sql`SELECT 1`;
    return sql;
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw connectionProblem(error, config);
  }
}

/** What PostgreSQL or the network said about connecting, as a message with a remedy. Never contains the password. */
function connectionProblem(error: unknown, config: DatabaseConfig): unknown {
  const where = `${config.hostname}:${config.port}`;
  const code = sqlStateOf(error);
  if (code === '28P01' || code === '28000') {
    return new UserError(`PostgreSQL at ${where} refused the user ${JSON.stringify(config.username)}.`, {
      remedy: 'Set DB_USERNAME and DB_PASSWORD (or DB_PASSWORD_FILE) to the values in the .env of Immich.',
      cause: error,
    });
  }
  if (code === '3D000') {
    return new UserError(`PostgreSQL at ${where} has no database ${JSON.stringify(config.name)}.`, {
      remedy: 'Set DB_DATABASE_NAME to the value in the .env of Immich (usually "immich").',
      cause: error,
    });
  }
  if (NO_DATABASE_CODES.has(code)) {
    return new UserError(`No PostgreSQL answers at ${where} (${code}).`, {
      remedy: 'Check DB_HOSTNAME and DB_PORT, that Immich is running, and that this program shares its network.',
      cause: error,
    });
  }
  return error;
}

/** An error of a statement that the user can do something about, as such; anything else as it is. */
export function explainDatabaseError(error: unknown, config: DatabaseConfig): unknown {
  if (sqlStateOf(error) !== '42501') return error;
  return new UserError(`The database user ${JSON.stringify(config.username)} may not do this: ${messageOf(error)}.`, {
    remedy: "Set DB_USERNAME and DB_PASSWORD to Immich's own database user, who owns its tables.",
    cause: error,
  });
}

const NO_DATABASE_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
]);

/** The SQLSTATE of a database error, the network's error name, or ''. */
export function sqlStateOf(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}
