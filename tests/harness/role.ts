import type { DatabaseConfig } from '../../src/config/config.ts';
import { readCatalog } from '../../src/immich/catalog.ts';
import { databaseStatements, ROLE, roleStatements } from '../../src/immich/rights.ts';
import type { Connection } from '../../src/postgres/connect.ts';

/**
 * The role as which the program works in tests: it has the rights that `doctor` proposes, and no other. Whatever statement needs one
 * more fails in its own test.
 */
export function asRole(superuser: DatabaseConfig): DatabaseConfig {
  return { ...superuser, username: ROLE };
}

/** Makes the role on a server, unless it has it already. Its password is the superuser's. */
export async function ensureRole(sql: Connection, { password }: DatabaseConfig): Promise<void> {
  const found = await sql`SELECT FROM pg_roles WHERE rolname = ${ROLE}`;
  if (found.length > 0) return;
  for (const statement of roleStatements(new Map(), 'postgres', password.reveal()).slice(0, 2)) {
    await sql.unsafe(statement);
  }
}

/** Lets the role make schemas in this database, which a copy of a database does not take over. */
export async function allowSchemas(sql: Connection): Promise<void> {
  const [row] = await sql<{ name: string }[]>`SELECT current_database() AS name`;
  await sql`GRANT CREATE ON DATABASE ${sql(row?.name ?? '')} TO ${sql(ROLE)}`;
}

/** Gives the role its rights to the tables that are in this database now, and to the database itself. */
export async function grantRights(sql: Connection): Promise<void> {
  const [row] = await sql<{ name: string }[]>`SELECT current_database() AS name`;
  for (const statement of databaseStatements(await readCatalog(sql), row?.name ?? '')) await sql.unsafe(statement);
}
