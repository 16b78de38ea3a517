import { RefusedError } from '../errors.ts';
import type { Sql } from './connect.ts';

/** One numbered step of our own schema. `sql` may hold several statements and takes no parameters. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings the schema `immich_sidecar` to the newest of `migrations` (ascending, without gaps). Call it inside a
 * transaction, so that a step that fails leaves nothing behind.
 *
 * Returns the names of the steps it took. Throws RefusedError when the schema is newer than this program.
 */
export async function migrate(sql: Sql, migrations: readonly Migration[]): Promise<string[]> {
  const newest = newestVersion(migrations);
  const current = await schemaVersion(sql);
  if (current > newest) {
    throw new RefusedError(
      `The schema immich_sidecar has version ${current}, but this program knows only up to ${newest}.`,
      { remedy: 'A newer immich-sidecar has worked on this database: install that version or a later one.' },
    );
  }
  const pending = migrations.filter((migration) => migration.version > current);
  for (const migration of pending) {
    await sql.unsafe(migration.sql);
    await sql`
      INSERT INTO immich_sidecar.migration (version, name)
      VALUES (${migration.version}, ${migration.name})`;
  }
  return pending.map((migration) => migration.name);
}

/** The version of our own schema; 0 when it is not there yet. Reads only. */
export async function schemaVersion(sql: Sql): Promise<number> {
  const [table] = await sql<{ found: boolean }[]>`
    SELECT to_regclass('immich_sidecar.migration') IS NOT NULL AS found`;
  if (table?.found !== true) return 0;
  const [row] = await sql<{ version: number | null }[]>`
    SELECT max(version) AS version FROM immich_sidecar.migration`;
  return row?.version ?? 0;
}

/** The version that `migrations` lead to. */
export function newestVersion(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}
