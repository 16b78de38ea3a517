import { RefusedError } from '../errors.ts';
import type { Sql } from './connect.ts';

/** The schema that the first migration makes; it knows which migrations there were. */
const FIRST_SCHEMA = 'immich_sidecar';

/**
 * One numbered step of our own tables. docs/architecture.md, "Adding a table", says how one is added.
 */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /**
   * The one schema in which it makes or changes tables. The first migration that names a schema finds it made and empty, and
   * is the only one that may make tables there: a backup of Immich's that knows the schema knows all tables in it then, and
   * only so can Immich restore it (docs/immich.md, "Backups").
   */
  readonly schema: string;
  /**
   * Tables that it makes whose rows stay when an older backup was restored that does not know them: they tell of what is on the disk,
   * which is what it was before.
   */
  readonly lasting?: readonly string[];
  /** May hold several statements, with the schema before each name; takes no parameters. */
  readonly sql: string;
}

/**
 * Brings our own tables to the newest of `migrations` (ascending, without gaps). Call it inside a transaction, so that a step
 * that fails leaves nothing behind.
 *
 * A schema that was left behind when an older backup was restored tells of mirrors that are no more, or never were: it is made
 * anew, empty but for its lasting tables.
 *
 * Returns the names of the steps it took. Throws RefusedError when the tables are newer than this program.
 */
export async function migrate(sql: Sql, migrations: readonly Migration[]): Promise<string[]> {
  const newest = newestVersion(migrations);
  const current = await recordedVersion(sql);
  if (current > newest) {
    throw new RefusedError(
      `The schema immich_sidecar has version ${current}, but this program knows only up to ${newest}.`,
      {
        problemCode: 'newer-version',
        remedy: 'A newer immich-sidecar has worked on this database: install that version or a later one.',
      },
    );
  }
  const later = await readLaterSchemas(sql, migrations, current);
  const foreign = new Set(later.filter(({ isForeign }) => isForeign).map(({ schema }) => schema));
  await signSchemas(sql, later);
  const due = migrations.filter(({ version, schema }) => version > current || foreign.has(schema));
  const lasting = await takeOut(
    sql,
    due.flatMap(({ schema, lasting = [] }) => lasting.map((name) => ({ schema, name }))),
  );
  // Sent without waiting for each other's answers; the first that fails ends the transaction, and its error is the one that is thrown.
  await Promise.all(due.flatMap((migration) => take(sql, migration, makesSchema(migrations, migration))));
  for (const table of lasting) await putBack(sql, table);
  return due.map(({ name }) => name);
}

/** A table, and the rows that it had before it was made anew. */
interface LastingTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

async function takeOut(sql: Sql, tables: readonly Omit<LastingTable, 'rows'>[]): Promise<LastingTable[]> {
  const taken: LastingTable[] = [];
  for (const { schema, name } of tables) {
    const [there] = await sql`SELECT WHERE to_regclass(${`${schema}.${name}`}) IS NOT NULL`;
    if (there === undefined) continue;
    const table = sql`${sql(schema)}.${sql(name)}`;
    const rows = await sql<{ row: LastingTable['rows'][number] }[]>`SELECT to_jsonb(t) AS row FROM ${table} t`;
    taken.push({ schema, name, rows: rows.map(({ row }) => row) });
  }
  return taken;
}

/** In the columns that the table has by now. */
async function putBack(sql: Sql, { schema, name, rows }: LastingTable): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = await sql<{ name: string }[]>`
    SELECT attname AS name
    FROM pg_attribute
    WHERE attrelid = ${`${schema}.${name}`}::regclass
      AND attnum > 0
      AND attname = ANY (${Object.keys(first)})`;
  const [head = '', ...tail] = columns.map((column) => column.name);
  const list = tail.reduce((all, column) => sql`${all}, ${sql(column)}`, sql`${sql(head)}`);
  const table = sql`${sql(schema)}.${sql(name)}`;
  await sql`
    INSERT INTO ${table} (${list})
    SELECT ${list}
    FROM jsonb_populate_recordset(NULL::${table}, ${sql.json(rows as never)})`;
}

/** The statements of a step, in their order. */
function take(
  sql: Sql,
  { version, name, schema, sql: statements }: Migration,
  makes: boolean,
): PromiseLike<unknown>[] {
  const lineage = makes ? crypto.randomUUID() : null;
  const make = lineage === null ? [] : [
    sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`,
    sql`CREATE SCHEMA ${sql(schema)}`,
    sign(sql, schema, lineage),
  ];
  const note = lineage === null
    ? sql`
      INSERT INTO immich_sidecar.migration (version, name)
      VALUES (${version}, ${name})
      ON CONFLICT (version) DO NOTHING`
    : sql`
      INSERT INTO immich_sidecar.migration (version, name, lineage)
      VALUES (${version}, ${name}, ${lineage})
      ON CONFLICT (version) DO UPDATE SET lineage = excluded.lineage`;
  return [...make, sql.unsafe(statements), note];
}
/**
 * The version up to which our own tables are as `migrations` make them, and belong together; 0 when there are none. Who reads
 * tables that may be missing asks for it first. Reads only.
 */
export async function schemaVersion(sql: Sql, migrations: readonly Migration[]): Promise<number> {
  const current = await recordedVersion(sql);
  if (current > newestVersion(migrations)) return current; // of a newer program, whose tables nobody here knows
  const later = await readLaterSchemas(sql, migrations, current);
  return Math.min(current, ...later.filter(({ isForeign }) => isForeign).map(({ version }) => version - 1));
}

/** The version that `migrations` lead to. */
export function newestVersion(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}

/** The names of all schemas of ours, oldest first. */
export function schemasOf(migrations: readonly Migration[]): string[] {
  return [...new Set(migrations.map(({ schema }) => schema))];
}

async function recordedVersion(sql: Sql): Promise<number> {
  const [table] = await sql<{ found: boolean }[]>`
    SELECT to_regclass('immich_sidecar.migration') IS NOT NULL AS found`;
  if (table?.found !== true) return 0;
  const [row] = await sql<{ version: number | null }[]>`
    SELECT max(version) AS version FROM immich_sidecar.migration`;
  return row?.version ?? 0;
}

/** A schema of ours beside the first, and what the first one has noted of it. */
interface LaterSchema {
  readonly schema: string;
  /** Of the migration that makes it. */
  readonly version: number;
  readonly lineage: string;
  /** The other one is not there, or says that it belongs to another one. */
  readonly isForeign: boolean;
  /** It says nothing. */
  readonly isUnsigned: boolean;
  readonly maySign: boolean;
}

/** Notes in schemas that say nothing to which first schema they belong. */
async function signSchemas(sql: Sql, later: readonly LaterSchema[]): Promise<void> {
  for (const { schema, lineage, isUnsigned, maySign } of later) {
    if (isUnsigned && maySign) await sign(sql, schema, lineage);
  }
}

/** COMMENT takes no parameters; both are ours. */
function sign(sql: Sql, schema: string, lineage: string): PromiseLike<unknown> {
  return sql.unsafe(`COMMENT ON SCHEMA ${schema} IS '${remarkOf(lineage)}'`);
}

/**
 * The schemas beside `immich_sidecar`, with the version of the migration that makes each. Which of them are not those that it tells of,
 * what both have noted decides, not the oid of a table: a restored backup that holds both gives every table a new one. A schema without
 * a note came with the first one, by a backup that was made or restored without comments: what another backup has left still has its own.
 */
async function readLaterSchemas(sql: Sql, migrations: readonly Migration[], current: number): Promise<LaterSchema[]> {
  const made = migrations.filter((migration) => migration.version <= current && makesSchema(migrations, migration));
  if (made.length === 0) return [];
  return await sql<LaterSchema[]>`
    SELECT
      made.schema,
      made.version,
      m.lineage,
      n.oid IS NULL OR noted.remark <> ${remarkOf('')} || m.lineage::text AS "isForeign",
      n.oid IS NOT NULL AND noted.remark IS NULL AS "isUnsigned",
      coalesce(pg_has_role(n.nspowner, 'USAGE'), false) AS "maySign"
    FROM unnest(
      ${made.map(({ schema }) => schema)}::text[],
      ${made.map(({ version }) => version)}::int[]
    ) AS made (schema, version)
    JOIN immich_sidecar.migration m ON m.version = made.version
    LEFT JOIN pg_namespace n ON n.nspname = made.schema
    CROSS JOIN LATERAL (SELECT obj_description(n.oid, 'pg_namespace') AS remark) AS noted`;
}

/** The first migration makes its schema itself. */
function makesSchema(migrations: readonly Migration[], { version, schema }: Migration): boolean {
  return schema !== FIRST_SCHEMA && migrations.find((other) => other.schema === schema)?.version === version;
}

/** The comment of the schema, which a backup takes along; it begins with words for the person who finds it. */
function remarkOf(lineage: string): string {
  return `Tables of immich-sidecar, which belong to its schema immich_sidecar. Lineage: ${lineage}`;
}
