import { type Connection, type Sql } from '../../src/postgres/connect.ts';
import { faultOf } from '../../src/postgres/faults.ts';
import { tellCounts } from '../share/idle.ts';
import type { ImmichDatabase } from './database.ts';
import { endPools } from './program_pools.ts';

/** What a database of a template says and is made of, so that a used one can be what a new one is. */
export interface Original {
  /** SQL after which all tables have the rows of the template. */
  readonly rows: string;
  /** See readObjects. */
  readonly objects: string;
  /** Others are those of a program that has run there. */
  readonly schemas: readonly string[];
}

/** A database that a test has finished with. */
interface Used {
  readonly template: string;
  readonly database: ImmichDatabase;
}

/** How many of them a file keeps: most of its tests want the same releases. */
const KEPT = 4;

/** The latest last. */
const unused: Used[] = [];

Deno.test.afterAll(async () => {
  for (const { database } of unused.splice(0)) await end(database);
});

async function end(database: ImmichDatabase): Promise<void> {
  await endPools(database.config.name);
  await database.close();
}

/** Leaves a database to the next test that wants one like it. */
export async function leaveDatabase(template: string, database: ImmichDatabase): Promise<void> {
  unused.push({ template, database });
  for (const { database: oldest } of unused.splice(0, Math.max(0, unused.length - KEPT))) await end(oldest);
}

/**
 * A database of the template that a test has left, with the rows of the template again; undefined where there is none, or something else
 * than rows has changed, or somebody is still at work there. To copy the template, to connect and to plan every statement once more takes several
 * times as long as most tests need for all else.
 */
export async function takeDatabase(
  template: string,
  original: () => Promise<Original>,
): Promise<ImmichDatabase | undefined> {
  const at = unused.findLastIndex((one) => one.template === template);
  const [used] = at < 0 ? [] : unused.splice(at, 1);
  if (used === undefined) return undefined;
  if (await isAsNew(used.database.sql, await original())) return used.database;
  await end(used.database);
  return undefined;
}

/** False, too, where a test has ended or broken its connection. */
async function isAsNew(sql: Connection, { rows, objects, schemas }: Original): Promise<boolean> {
  try {
    if (!await isQuiet(sql)) return false;
    for (const schema of await readSchemas(sql)) {
      if (!schemas.includes(schema)) await sql`DROP SCHEMA ${sql(schema)} CASCADE`;
    }
    if (await readObjects(sql) !== objects) return false;
    await sql.begin((tx) => tx.unsafe(rows).simple());
    // What was counted until now is no news to the program later.
    await tellCounts(sql, await sessionsOf(sql));
    return true;
  } catch (error) {
    if (faultOf(error) !== 'lost') throw error;
    return false;
  }
}

/** Nobody is at work, and nobody holds a lock for as long as they are connected. */
async function isQuiet(sql: Sql): Promise<boolean> {
  const busy = await sql`
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
    UNION ALL
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return busy.length === 0;
}

async function readSchemas(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`SELECT nspname AS name FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'`;
  return rows.map(({ name }) => name);
}

/** How many sessions the test itself has opened. */
async function sessionsOf(sql: Sql): Promise<number> {
  const [row] = await sql<{ sessions: number }[]>`
    SELECT count(*)::int AS sessions
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'postgres.js'`;
  return row?.sessions ?? 0;
}

const CATALOGS: readonly string[] = [
  'pg_attrdef',
  'pg_attribute',
  'pg_class',
  'pg_constraint',
  'pg_default_acl',
  'pg_enum',
  'pg_extension',
  'pg_index',
  'pg_namespace',
  'pg_policy',
  'pg_proc',
  'pg_rewrite',
  'pg_sequence',
  'pg_trigger',
  'pg_type',
];

/**
 * The same for databases whose tables, triggers, functions, rights and settings nobody has changed since they were copied: no row of a
 * catalog came later.
 */
async function readObjects(sql: Sql): Promise<string> {
  const [first, ...others] = CATALOGS.map((name) =>
    sql`SELECT ${name} AS catalog, count(*) || ':' || max(xmin::text::bigint) AS state FROM ${sql(name)}`
  );
  const rows = await sql<{ state: string }[]>`
    ${others.reduce((all, one) => sql`${all} UNION ALL ${one}`, first ?? sql``)}
    UNION ALL
    SELECT 'database', concat_ws(' ', datdba, datacl, datallowconn, datconnlimit)
    FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT 'settings', s::text
    FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase
    WHERE datname = current_database()
    ORDER BY 1, 2`;
  return rows.map(({ state }) => state).join(' ');
}

/** Of a database that is going to be a template. */
export async function readOriginal(sql: Sql): Promise<Original> {
  const tables = await sql<{ name: string }[]>`
    SELECT oid::regclass AS name
    FROM pg_class
    WHERE relkind = 'r' AND relpersistence = 'p' AND oid >= 16384
    ORDER BY oid`;
  const sequences = await sql<{ statement: string }[]>`
    SELECT format(
      'SELECT setval(%L, %s, %L)',
      format('%I.%I', schemaname, sequencename),
      coalesce(last_value, start_value),
      last_value IS NOT NULL
    ) AS statement
    FROM pg_sequences`;
  const filled: string[] = [];
  for (const { name } of tables) {
    const [row] = await sql.unsafe<{ rows: string | null }[]>(
      `SELECT quote_literal(array_agg(t)::text) AS rows FROM ${name} t`,
    );
    if (row?.rows) {
      filled.push(`INSERT INTO ${name} OVERRIDING SYSTEM VALUE SELECT * FROM unnest(${row.rows}::${name}[])`);
    }
  }
  const statements = [
    'SET LOCAL session_replication_role = replica', // neither triggers nor references
    ...tables.map(({ name }) => `DELETE FROM ${name}`),
    ...filled,
    ...sequences.map(({ statement }) => statement),
  ];
  return { rows: statements.join(';\n'), objects: await readObjects(sql), schemas: await readSchemas(sql) };
}
