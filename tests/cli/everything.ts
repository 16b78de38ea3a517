import type { Sql } from '../../src/postgres/connect.ts';
import { digestsOf, listFiles } from '../share/snapshot.ts';
import type { World } from '../share/world.ts';

/** All that a run could write: rows of every table of every schema, what there is of schemas and objects, and all files. */
export interface Everything {
  readonly rows: Readonly<Record<string, string>>;
  readonly objects: string;
  readonly files: Readonly<Record<string, string>>;
}

export async function everything(world: World): Promise<Everything> {
  return { ...await everythingInDatabase(world.sql), files: listFiles(world.directory) };
}

export async function everythingInDatabase(sql: Sql): Promise<Omit<Everything, 'files'>> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I.%I', schemaname, tablename) AS name
    FROM pg_tables
    WHERE schemaname <> 'information_schema' AND schemaname NOT LIKE 'pg\\_%'
    ORDER BY 1`;
  const [objects] = await sql<{ digest: string }[]>`
    SELECT string_agg(item, E'\n' ORDER BY item) AS digest
    FROM (
      SELECT format('schema %s', nspname) AS item FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
      UNION ALL
      SELECT format('%s %s', relkind, oid::regclass) FROM pg_class WHERE relnamespace <> 'pg_toast'::regnamespace
      UNION ALL
      SELECT format('function %s %s', oid::regprocedure, md5(prosrc)) FROM pg_proc
      UNION ALL
      SELECT format('trigger %s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
      UNION ALL
      SELECT format('column %s.%s %s', attrelid::regclass, attname, atttypid::regtype)
      FROM pg_attribute
      WHERE attnum > 0 AND attrelid >= 16384
    ) AS all_items`;
  return { rows: await digestsOf(sql, tables.map(({ name }) => name)), objects: objects?.digest ?? '' };
}
