import { RefusedError } from '../errors.ts';
import type { Sql } from './connect.ts';

/** A schema, table or sequence of ours, and who may do what with it. */
export interface OwnObject {
  readonly kind: 'SCHEMA' | 'TABLE' | 'SEQUENCE';
  readonly schema: string;
  /** Ready to be used in a statement, with its schema. */
  readonly name: string;
  readonly owner: string;
  /** We act as its owner: may give it away, and grant rights. */
  readonly isMine: boolean;
  readonly mayRead: boolean;
  /** We may do with it what sharing does. */
  readonly mayWrite: boolean;
  /** Immich's role may read it, as pg_dump does. */
  readonly isReadable: boolean;
}

/** Whose our tables are. */
export interface Ownership {
  /** Our role, ready to be used in a statement. */
  readonly role: string;
  /** The owner of `public.asset`, as whom Immich makes its backups. */
  readonly immichRole: string;
  /** What we make can belong to Immich's role and be used by us all the same: we are a superuser or a member of it. */
  readonly mayHandOver: boolean;
  /** Empty when there are none yet. */
  readonly objects: readonly OwnObject[];
}

/** Reads whose the objects in these schemas are. Undefined when there is no table of Immich. Needs no right. */
export async function readOwnership(sql: Sql, schemas: readonly string[]): Promise<Ownership | undefined> {
  const [roles] = await sql<Omit<Ownership, 'objects'>[]>`
    SELECT
      quote_ident(current_user) AS role,
      quote_ident(pg_get_userbyid(relowner)) AS "immichRole",
      pg_has_role(relowner, 'USAGE')
        AND pg_has_role(relowner, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)
        AS "mayHandOver"
    FROM pg_class
    WHERE oid = to_regclass('public.asset')`;
  if (roles === undefined) return undefined;
  const objects = await sql<OwnObject[]>`
    WITH immich AS (
      SELECT relowner AS role FROM pg_class WHERE oid = to_regclass('public.asset')
    ),
    own AS (
      SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname = ANY (${schemas as string[]})
    )
    SELECT
      'SCHEMA' AS kind,
      nspname AS schema,
      quote_ident(nspname) AS name,
      quote_ident(pg_get_userbyid(nspowner)) AS owner,
      pg_has_role(nspowner, 'USAGE') AS "isMine",
      has_schema_privilege(own.oid, 'USAGE') AS "mayRead",
      has_schema_privilege(own.oid, 'USAGE') AS "mayWrite",
      has_schema_privilege(immich.role, own.oid, 'USAGE') AS "isReadable"
    FROM own, immich
    UNION ALL
    SELECT
      'TABLE',
      nspname,
      format('%I.%I', nspname, relname),
      quote_ident(pg_get_userbyid(relowner)),
      pg_has_role(relowner, 'USAGE'),
      has_table_privilege(c.oid, 'SELECT'),
      has_table_privilege(c.oid, 'SELECT')
        AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE')
        AND has_table_privilege(c.oid, 'DELETE'),
      has_table_privilege(immich.role, c.oid, 'SELECT')
    FROM own JOIN pg_class c ON c.relnamespace = own.oid AND c.relkind = 'r', immich
    UNION ALL
    SELECT
      'SEQUENCE',
      nspname,
      format('%I.%I', nspname, relname),
      quote_ident(pg_get_userbyid(relowner)),
      pg_has_role(relowner, 'USAGE'),
      true, -- identity columns ask for no right of their own
      true,
      has_sequence_privilege(immich.role, c.oid, 'SELECT')
    FROM own JOIN pg_class c ON c.relnamespace = own.oid AND c.relkind = 'S', immich
    ORDER BY schema, kind, name`;
  return { ...roles, objects };
}

/**
 * Lets Immich back up and restore our tables: they are to belong to its role, or at least to be readable for it. Repairs what
 * earlier versions have left. Call it in the transaction in which tables are made.
 *
 * Returns the objects that Immich's role may still not read, as they are somebody else's.
 */
export async function letImmichBackUp(sql: Sql, schemas: readonly string[]): Promise<readonly OwnObject[]> {
  const before = await readOwnership(sql, schemas);
  if (before === undefined) return [];
  const statements = before.mayHandOver ? handOver(before) : grantReading(before, ({ isMine }) => isMine);
  for (const statement of statements) await sql.unsafe(statement);
  if (statements.length === 0) return before.objects.filter(({ isReadable }) => !isReadable);
  const after = await readOwnership(sql, schemas);
  return after?.objects.filter(({ isReadable }) => !isReadable) ?? [];
}

/** A table's sequences go with it. */
function handOver({ immichRole, objects }: Ownership): string[] {
  return objects
    .filter(({ kind, owner, isMine }) => kind !== 'SEQUENCE' && owner !== immichRole && isMine)
    .map(({ kind, name }) => `ALTER ${kind} ${name} OWNER TO ${immichRole}`);
}

/**
 * What lets Immich's role read those of these objects that it may not read, now and later.
 *
 * @param isMeant only these objects
 */
export function grantReading(
  { immichRole, objects }: Ownership,
  isMeant: (object: OwnObject) => boolean = () => true,
): string[] {
  const refused = objects.filter((object) => !object.isReadable && isMeant(object));
  return [...Map.groupBy(refused, ({ schema }) => schema)].flatMap(([schema, inThere]) => [
    ...inThere.some(({ kind }) => kind === 'SCHEMA') ? [`GRANT USAGE ON SCHEMA ${schema} TO ${immichRole}`] : [],
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${immichRole}`,
    `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${immichRole}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT ON TABLES TO ${immichRole}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT ON SEQUENCES TO ${immichRole}`,
  ]);
}

/** What gives us back those of these objects that we may not use. */
export function giveBack({ role, objects }: Ownership): string[] {
  return objects
    .filter(({ mayWrite }) => !mayWrite)
    .map(({ kind, name }) => `ALTER ${kind} ${name} OWNER TO ${role}`);
}

/**
 * Throws RefusedError when our tables are there and we may not even read them: they were made by another role, or Immich has restored
 * a backup, after which everything in it is its own.
 */
export async function assertReadable(sql: Sql, schemas: readonly string[]): Promise<void> {
  const ownership = await readOwnership(sql, schemas);
  if (ownership === undefined || ownership.objects.every(({ mayRead }) => mayRead)) return;
  throw new RefusedError(unusable(ownership), {
    problemCode: 'database-rights',
    remedy: asSuperuser(giveBack(ownership)),
  });
}

/** The sentence for objects that we may not use. */
export function unusable({ role, objects }: Ownership): string {
  const owners = new Set(objects.filter(({ mayWrite }) => !mayWrite).map(({ owner }) => owner));
  return `The database user ${role} may not use the tables of immich-sidecar. They belong to ${
    [...owners].join(' and ')
  }, ` +
    'as after Immich has restored a backup.';
}

/** A remedy that is SQL. */
export function asSuperuser(statements: readonly string[]): string {
  return `Run this in Immich's database, as a superuser: ${statements.map((statement) => `${statement};`).join(' ')}`;
}
