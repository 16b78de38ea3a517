import type { Sql } from '../../postgres/connect.ts';

/** One thing that is wrong with a mirror. */
export interface Damage {
  /** Table and id of the row. */
  readonly subject: string;
  readonly problem: string;
}

/** One independent look at all mirrors. */
export type Verification = (sql: Sql) => Promise<readonly Damage[]>;

/** Turns rows of (id, detail) into findings. */
export function findings(
  subject: string,
  problem: string,
  rows: readonly { readonly id: string; readonly detail?: string | null }[],
): Damage[] {
  return rows.map(({ id, detail }) => ({
    subject: `${subject} ${id}`,
    problem: detail ? `${problem}: ${detail}` : problem,
  }));
}

/** The columns of a table; empty when this release does not have it. */
export async function columnsOf(sql: Sql, table: string): Promise<ReadonlySet<string>> {
  const rows = await sql<{ name: string }[]>`
    SELECT column_name AS name
    FROM information_schema.columns
    WHERE table_schema = 'public'
      AND table_name = ${table}`;
  return new Set(rows.map(({ name }) => name));
}
