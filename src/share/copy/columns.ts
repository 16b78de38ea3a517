import type { Fragment, Sql } from '../../postgres/connect.ts';

/** One column of an INSERT … SELECT: its name, and the expression that fills it. */
export interface Assignment {
  readonly column: string;
  readonly value: Fragment;
}

/** `"a", "b", "c"` of an INSERT. */
export function columnList(sql: Sql, assignments: readonly Assignment[]): Fragment {
  return commaSeparated(sql, assignments.map(({ column }) => sql`${sql(column)}`));
}

/** The SELECT list that fills them. */
export function valueList(sql: Sql, assignments: readonly Assignment[]): Fragment {
  return commaSeparated(sql, assignments.map(({ value }) => value));
}

/** Columns copied as they are from the row `alias`. */
export function copied(sql: Sql, alias: string, columns: readonly string[]): Assignment[] {
  return columns.map((column) => ({ column, value: sql`${sql(alias)}.${sql(column)}` }));
}

/** `a, b, c` of any fragments. Throws Error when there are none. */
export function commaSeparated(sql: Sql, fragments: readonly Fragment[]): Fragment {
  const [first, ...rest] = fragments;
  if (first === undefined) throw new Error('a list of SQL needs at least one item');
  return rest.reduce((list, fragment) => sql`${list}, ${fragment}`, first);
}
