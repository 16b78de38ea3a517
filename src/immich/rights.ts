import { list } from '../config/words.ts';
import { RefusedError } from '../errors.ts';
import type { Sql } from '../postgres/connect.ts';
import { asSuperuser } from '../postgres/ownership.ts';
import type { Catalog } from './catalog.ts';
import type { TableDeclaration, Verb } from './tables/declaration.ts';
import { TABLE_NAMES, TABLES } from './tables/tables.ts';

/** A right to a table of Immich, or only to some of its columns. */
export interface Right {
  readonly table: string;
  readonly verb: Verb;
  readonly columns?: readonly string[];
}

/** Of immich-shared-library, for takeover. */
const PREDECESSORS: readonly string[] = Object.freeze([
  '_face_sync_asset_map',
  '_face_sync_person_map',
  '_face_sync_skipped',
]);

/**
 * What the statements of this program need in Immich's tables, in any release, as their declarations say. The tests run with a role
 * that has just this (tests/harness/role.ts), so that nothing can be missing.
 */
export const RIGHTS: readonly Right[] = Object.freeze([
  ...TABLE_NAMES.flatMap((table) => {
    const { needed, rights, rightsToColumns = {} } = TABLES[table] as TableDeclaration;
    const whole = rights ?? (Object.keys(needed).length > 0 ? ['SELECT' as const] : []);
    return [
      ...whole.map((verb): Right => ({ table, verb })),
      ...Object.entries(rightsToColumns).map(([verb, columns]): Right => ({ table, verb: verb as Verb, columns })),
    ];
  }),
  ...PREDECESSORS.map((table): Right => ({ table, verb: 'SELECT' })),
]);

/** The rights that this program needs in a database with these tables. Pure. */
export function neededRights(catalog: Catalog): Right[] {
  return RIGHTS.filter(({ table }) => catalog.has(table)).map(({ columns, ...right }) => ({
    ...right,
    ...columns === undefined
      ? {}
      : { columns: columns.filter((column) => catalog.get(right.table)?.columns.has(column)) },
  }));
}

/** Those of these rights that the role of this session does not have. */
export async function missingRights(sql: Sql, rights: readonly Right[]): Promise<Right[]> {
  const rows = await sql<{ index: number }[]>`
    SELECT index
    FROM jsonb_to_recordset(${sql.json(rights.map((right, index) => ({ ...right, index })) as never)})
      AS needed (index int, "table" text, verb text, columns text[])
    WHERE NOT has_table_privilege(format('public.%I', "table"), verb)
      AND (
        columns IS NULL
        OR EXISTS (SELECT FROM unnest(columns) AS name WHERE NOT has_column_privilege(format('public.%I', "table"), name, verb))
      )
    ORDER BY index`;
  return rows.flatMap(({ index }) => rights[index] ?? []);
}

/** Throws RefusedError, with the statements that help, when the role of this session lacks a right that sharing needs. */
export async function assertRights(sql: Sql, catalog: Catalog): Promise<void> {
  const missing = (await missingRights(sql, neededRights(catalog))).filter(({ table }) => !isPredecessors(table));
  if (missing.length === 0) return;
  const [row] = await sql<{ role: string }[]>`SELECT quote_ident(current_user) AS role`;
  const role = row?.role ?? '';
  throw new RefusedError(`The database user ${role} lacks rights to ${tablesOf(missing)}.`, {
    problemCode: 'database-rights',
    remedy: asSuperuser(grants(missing, role)),
  });
}

/** A table that only `takeover` reads. */
export function isPredecessors(table: string): boolean {
  return PREDECESSORS.includes(table);
}

/** The tables of rights, for people. */
export function tablesOf(rights: readonly Right[]): string {
  return list([...new Set(rights.map(({ table }) => table))]);
}

/** What the proposed role is called; not as one of our schemas, in which PostgreSQL would look for Immich's tables first then. */
export const ROLE = 'sidecar';

/**
 * The statements, for a superuser, that make a role with just the rights that this program needs: to make schemas of its own, to see
 * how long the transactions of others have been open, and those to Immich's tables. Pure.
 *
 * @param password a word, for the user to replace
 */
export function roleStatements(catalog: Catalog, database: string, password: string): string[] {
  return [
    `CREATE ROLE ${ROLE} LOGIN PASSWORD '${password.replaceAll("'", "''")}'`,
    `GRANT pg_read_all_stats TO ${ROLE}`,
    ...databaseStatements(catalog, database),
  ];
}

/** Those of them that are about one database. Pure. */
export function databaseStatements(catalog: Catalog, database: string): string[] {
  return [
    `GRANT CREATE ON DATABASE ${quoted(database)} TO ${ROLE}`,
    `GRANT USAGE ON SCHEMA ${['public', ...schemasOfTypes(catalog)].join(', ')} TO ${ROLE}`,
    ...grants(neededRights(catalog), ROLE),
  ];
}

/** Statements that grant these rights to `role`, a name that needs no quotes: tables with the same rights together. Pure. */
export function grants(rights: readonly Right[], role: string): string[] {
  const whole = Map.groupBy(rights.filter(({ columns }) => columns === undefined), ({ table }) => table);
  const alike = Map.groupBy(whole, ([, same]) => same.map(({ verb }) => verb).join(', '));
  return [
    ...[...alike].map(([verbs, tables]) =>
      `GRANT ${verbs} ON ${tables.map(([table]) => qualified(table)).join(', ')} TO ${role}`
    ),
    ...rights.flatMap(({ table, verb, columns }) =>
      columns === undefined
        ? []
        : [`GRANT ${verb} (${columns.map(quoted).join(', ')}) ON ${qualified(table)} TO ${role}`]
    ),
  ];
}

/** The schemas besides `public` and PostgreSQL's own that the types of Immich's columns come from. */
function schemasOfTypes(catalog: Catalog): string[] {
  const types = [...catalog.values()].flatMap((table) => [...table.columns.values()].map(({ type }) => type));
  return [...new Set(types.flatMap((type) => /^([a-z_]+)\./.exec(type)?.[1] ?? []))].filter((name) =>
    name !== 'public'
  );
}

function qualified(table: string): string {
  return `public.${quoted(table)}`;
}

/** `user` is a word of SQL's. */
function quoted(name: string): string {
  return /^[a-z_]+$/.test(name) && name !== 'user' ? name : `"${name.replaceAll('"', '""')}"`;
}
