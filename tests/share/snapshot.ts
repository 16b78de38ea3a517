import type { Sql } from '../../src/postgres/connect.ts';

/**
 * A digest of every table of Immich's schema and of ours, by table name: equal digests mean equal rows. Left out are the kept mark and what
 * was found alike, which full cycles write anew.
 */
export async function digestTables(sql: Sql): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I.%I', schemaname, tablename) AS name
    FROM pg_tables
    WHERE schemaname = 'public' OR (
      starts_with(schemaname, 'immich_sidecar') AND schemaname NOT IN ('immich_sidecar_marks', 'immich_sidecar_alike')
    )
    ORDER BY 1`;
  return await digestsOf(sql, tables.map(({ name }) => name));
}

/**
 * A digest of each of these tables, by its name: equal digests mean equal rows. `item` is SQL for what is compared of a row `t`. One
 * statement, which is planned once: a table each, several times in a test, took longer than the cycles in between.
 */
export async function digestsOf(
  sql: Sql,
  tables: readonly string[],
  item = 'md5(t::text)',
): Promise<Record<string, string>> {
  if (tables.length === 0) return {};
  const digests = tables.map((name) => `
    SELECT $name$${name}$name$ AS name, count(*) || ':' || md5(coalesce(string_agg(item, '' ORDER BY item), '')) AS digest
    FROM (SELECT ${item} AS item FROM ${name} t) AS items`);
  // The last first: who has said something of tables of immich-shared-library, which are the first, is taken for it.
  const statement = digests.toReversed().join(' UNION ALL ');
  const rows = await sql.unsafe<{ name: string; digest: string }[]>(statement, [], { prepare: true });
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
}

/** Every file and directory below `directory`: kind, inode, size, times and link count by relative path. */
export function listFiles(directory: string): Record<string, string> {
  const listing: Record<string, string> = {};
  const walk = (path: string) => {
    for (const entry of Deno.readDirSync(path)) {
      const child = `${path}/${entry.name}`;
      const info = Deno.lstatSync(child);
      const kind = entry.isDirectory ? 'd' : entry.isSymlink ? 'l' : 'f';
      const detail = entry.isDirectory ? '' : ` ${info.size} ${info.mtime?.getTime()} ${info.nlink}`;
      listing[child.slice(directory.length + 1)] = `${kind} ${info.ino}${detail}`;
      if (entry.isDirectory) walk(child);
    }
  };
  walk(directory);
  return listing;
}

/** Immich's rows, as digests by table, and all files. */
export interface Snapshot {
  readonly rows: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
}

/** Immich's rows but for audits, the tables of immich-shared-library, and the times that triggers write; and all files. */
export async function snapshotOf(
  { sql, directory }: { readonly sql: Sql; readonly directory: string },
): Promise<Snapshot> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I', tablename) AS name
    FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT LIKE '%\\_audit' AND tablename NOT LIKE '\\_face\\_sync\\_%'
    ORDER BY 1`;
  const rows = await digestsOf(
    sql,
    tables.map(({ name }) => name),
    "md5((to_jsonb(t) - 'updatedAt' - 'updateId')::text)",
  );
  return { rows, files: listFiles(directory) };
}
