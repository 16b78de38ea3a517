import { KEPT_DIRECTORY } from '../../../src/share/mirrors/journal.ts';
import type { Sql } from '../../../src/postgres/connect.ts';

/** A row as JSON: timestamps as ISO text, bytes as `\x…`; embeddings as a digest. */
export type Row = Record<string, unknown>;

/** Everything Immich's tables say, table by table, and what we remember besides. */
export type Tables = Record<string, Row[]>;

/** One file: its inode and its time in milliseconds since the epoch. */
export interface FileFact {
  readonly inode: number;
  readonly modifiedAtMs: number;
  /** Of thumbnails of people, which are copied, and into which Immich writes; and of sidecars. */
  readonly content?: string;
}

/** The database and the disk at one moment. Paths as Immich sees them. */
export interface State {
  readonly tables: Tables;
  readonly own: Tables;
  readonly files: Map<string, FileFact>;
  /** Inodes that have names outside of the mounts, too, such as those of files that somebody has moved away. */
  readonly elsewhere: ReadonlySet<number>;
}

/** A directory on this machine and the name Immich has for it. */
export interface Mount {
  readonly immich: string;
  readonly local: string;
}

/**
 * Reads all rows of Immich but its audit trail, of ours, and all files below the mounts. One statement, so that
 * a history of a hundred steps takes seconds.
 */
export async function readState(sql: Sql, mounts: readonly Mount[]): Promise<State> {
  const names = await sql<{ schema: string; name: string; hasEmbedding: boolean }[]>`
    SELECT schemaname AS schema, tablename AS name,
      EXISTS (
        SELECT
        FROM pg_attribute
        WHERE attrelid = format('%I.%I', schemaname, tablename)::regclass AND attname = 'embedding' AND NOT attisdropped
      ) AS "hasEmbedding"
    FROM pg_tables
    WHERE (schemaname = 'public' OR starts_with(schemaname, 'immich_sidecar'))
      AND schemaname <> 'immich_sidecar_alike'
      AND tablename NOT LIKE '%\_audit'
      AND tablename NOT IN ('kysely_migrations', 'migration', 'run', 'mark')
    ORDER BY 1, 2`;
  const queries = names.map(({ schema, name, hasEmbedding }) => {
    // 512 numbers per row would be most of what is read.
    const row = hasEmbedding
      ? sql`to_jsonb(t) - 'embedding' || jsonb_build_object('embedding', md5(t.embedding::text))`
      : sql`to_jsonb(t)`;
    return sql`
      SELECT ${schema} AS schema, ${name} AS name, coalesce(jsonb_agg(${row}), '[]') AS rows
      FROM ${sql(schema)}.${sql(name)} t`;
  });
  const results = await sql<{ schema: string; name: string; rows: Row[] }[]>`
    ${queries.reduce((all, query) => sql`${all} UNION ALL ${query}`)}`;
  const [tables, own] = [true, false].map((isImmichs) =>
    Object.fromEntries(
      results.filter(({ schema }) => (schema === 'public') === isImmichs).map(({ name, rows }) => [name, rows]),
    )
  );
  return { tables: tables ?? {}, own: own ?? {}, ...readFiles(mounts) };
}

/** The ids of assets whose deletion Immich has noted. */
export async function readDeletedAssets(sql: Sql): Promise<ReadonlySet<string>> {
  const rows = await sql<{ id: string }[]>`SELECT "assetId" AS id FROM asset_audit`;
  return new Set(rows.map(({ id }) => id));
}

/** When Immich has noted last that somebody was deleted, by their owner and their identity. */
export async function readDeletedPeople(sql: Sql, key: string): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ key: string; at: string }[]>`
    SELECT concat_ws(' ', "ownerId", ${sql(key)}) AS key, to_jsonb(max("deletedAt"))#>>'{}' AS at
    FROM person_audit
    GROUP BY 1`;
  return new Map(rows.map(({ key, at }) => [key, at]));
}

/** The id of a person and nothing else. */
function isPortrait(fileName: string): boolean {
  return fileName.endsWith('.jpeg') && !fileName.includes('_');
}

function isKept(directory: string, name: string): boolean {
  return directory.endsWith(`/${KEPT_DIRECTORY}`) && !name.startsWith('.going-');
}

function readFiles(mounts: readonly Mount[]): Pick<State, 'files' | 'elsewhere'> {
  const files = new Map<string, FileFact>();
  const unseen = new Map<number, number>();
  const walk = (local: string, immich: string) => {
    for (const entry of Deno.readDirSync(local)) {
      const [from, to] = [`${local}/${entry.name}`, `${immich}/${entry.name}`];
      // The model does not say which files may be last copies (tests/share/kept.test.ts does); nothing may be on its way out, though.
      if (isKept(immich, entry.name)) continue;
      if (entry.isDirectory) {
        walk(from, to);
        continue;
      }
      const info = Deno.lstatSync(from);
      const fact = { inode: info.ino ?? 0, modifiedAtMs: info.mtime?.getTime() ?? 0 };
      unseen.set(fact.inode, (unseen.get(fact.inode) ?? info.nlink ?? 1) - 1);
      files.set(
        to,
        isPortrait(entry.name) || entry.name.endsWith('.xmp')
          ? { ...fact, content: Deno.readTextFileSync(from) }
          : fact,
      );
    }
  };
  for (const { immich, local } of mounts) walk(local, immich);
  return { files, elsewhere: new Set([...unseen].filter(([, names]) => names > 0).map(([inode]) => inode)) };
}
