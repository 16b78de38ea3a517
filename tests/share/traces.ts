import type { World } from './world.ts';

/** Where a mirror is still mentioned: tables of Immich that refer to assets, and our own. */
export async function tracesOf(world: World, mirrorId: string): Promise<string[]> {
  const columns = await world.sql<{ table: string; column: string }[]>`
    SELECT format('%I.%I', table_schema, table_name) AS "table", column_name AS "column"
    FROM information_schema.columns
    WHERE (table_schema = 'public' OR starts_with(table_schema, 'immich_sidecar'))
      AND data_type = 'uuid'
      AND table_name NOT LIKE '%_audit'`;
  const found: string[] = [];
  for (const { table, column } of columns) {
    const rows = await world.sql.unsafe(`SELECT FROM ${table} WHERE "${column}" = $1`, [mirrorId]);
    if (rows.length > 0) found.push(`${table}.${column}`);
  }
  return found;
}
