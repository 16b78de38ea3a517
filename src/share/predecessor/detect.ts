import type { Sql } from '../../postgres/connect.ts';
import { schemaVersion } from '../../postgres/migrate.ts';
import { MIGRATIONS } from '../schema/migrations.ts';

/** What immich-shared-library has left in the database. */
export interface Predecessor {
  /** Mirrors of its own that are still there, and those of them that we do not know yet: what can be taken over. */
  readonly mirrors: number;
  readonly unknown: number;
  /** Sessions of other programs that look like it, as sentences; empty when it seems to be stopped. */
  readonly sessions: readonly string[];
}

/**
 * Looks for immich-shared-library (github.com/donnchawp/immich-shared-library; its tables are described in docs/coming_from.md).
 * Undefined when its tables are not there. Reads only; our own tables need not exist.
 */
export async function detectPredecessor(sql: Sql): Promise<Predecessor | undefined> {
  const [table] = await sql<{ found: boolean }[]>`
    SELECT to_regclass('public._face_sync_asset_map') IS NOT NULL AS found`;
  if (table?.found !== true) return undefined;
  const isKnown = await schemaVersion(sql, MIGRATIONS) > 0
    ? sql`EXISTS (SELECT 1 FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = theirs.target_asset_id)`
    : sql`false`;
  // The CASE keeps PostgreSQL from looking for mirrors by their owner, which all of them have.
  const [counts] = await sql<{ mirrors: number; unknown: number }[]>`
    SELECT count(*)::int AS mirrors, (count(*) FILTER (WHERE NOT ${isKnown}))::int AS unknown
    FROM public._face_sync_asset_map theirs
    JOIN asset mirror ON mirror.id = theirs.target_asset_id
    WHERE CASE WHEN mirror."ownerId" = theirs.target_user_id THEN true ELSE false END`;
  return { mirrors: counts?.mirrors ?? 0, unknown: counts?.unknown ?? 0, sessions: await findSessions(sql) };
}

/**
 * It keeps at least two connections for as long as it runs. What they said last is a statement about its tables, or what its
 * driver (asyncpg) says when it puts a connection back: that driver is nobody else's in Immich's stack.
 */
async function findSessions(sql: Sql): Promise<string[]> {
  const rows = await sql<{ pid: number; address: string | null; since: Date }[]>`
    SELECT pid, host(client_addr) AS address, backend_start AS since
    FROM pg_stat_activity
    WHERE datname = current_database()
      AND pid <> pg_backend_pid()
      AND application_name <> 'immich-sidecar'
      AND (
        query LIKE '%\\_face\\_sync\\_%'
        OR query LIKE 'SELECT pg_advisory_unlock_all();%CLOSE ALL;%UNLISTEN *;%RESET ALL;%'
      )
    ORDER BY backend_start`;
  return rows.map(({ pid, address, since }) =>
    `process ${pid} from ${address ?? 'this machine'}, connected since ${since.toISOString()}`
  );
}
