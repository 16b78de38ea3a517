import type postgres from 'postgres';
import { RefusedError } from '../errors.ts';

/**
 * Whether something between us and PostgreSQL lends us its connections, such as pgbouncer: then the server process that works for us
 * is another one than the one we were told of when we connected. Where connections are lent for a transaction at a time, as is usual,
 * whatever belongs to a session is lost between two statements or met by somebody else's, and with it the lock that lets one instance
 * work. In every mode a pooler drops our limits for waiting.
 */
export async function isPooled(sql: postgres.ISql<Record<string, unknown>>): Promise<boolean> {
  const rows = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  // postgres.js keeps there what the server has sent as BackendKeyData (3.4.9, connection.js); its types say otherwise.
  const { pid } = rows.state as unknown as { readonly pid: number };
  return rows[0]?.pid !== pid;
}

/** What a pooler says that takes none of our settings, and so does not even let us connect. */
export function isPoolersRefusal(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/.test(error.message);
}

export class PoolerError extends RefusedError {
  override name = 'PoolerError';

  constructor(cause?: unknown) {
    super(
      'There is a connection pooler (such as pgbouncer) in front of PostgreSQL, behind which two instances could work at once.',
      {
        problemCode: 'database-pooler',
        remedy: 'Set DB_HOSTNAME and DB_PORT (or DB_URL) to PostgreSQL itself; Immich may go on using the pooler.',
        cause,
      },
    );
  }
}
