import type { Sql } from '../../postgres/connect.ts';

/** Another one for each copy of a database, for one that was restored, and for one whose tables were made anew. */
export async function readDatabaseId(sql: Sql): Promise<string> {
  const [row] = await sql<{ database: string }[]>`
    SELECT concat_ws(
      ' ',
      (SELECT system_identifier FROM pg_control_system()),
      (SELECT oid FROM pg_database WHERE datname = current_database()),
      'immich_sidecar.asset_map'::regclass::oid,
      pg_relation_filenode('public.asset') -- a backup from before our tables leaves these alone
    ) AS database`;
  return row?.database ?? '';
}
