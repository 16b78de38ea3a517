import type { Connection } from '../../src/postgres/connect.ts';

/** Columns whose values must not be repeated, or would be news; `copy` is the number of the copy. */
const FRESH_IDS = [
  'id',
  'assetId',
  'faceId',
  'mirror_asset_id',
  'source_asset_id',
  'mirror_face_id',
  'source_face_id',
  'mirror_id',
];

/**
 * Makes a mirrored library `times` as large by copying its rows, Immich's and ours, under other ids. The copies name the same files, and have
 * no embeddings, which would fill a disk. Their `updateId`s are as old as can be.
 */
export async function multiplyMirrors(sql: Connection, times: number): Promise<void> {
  const tables = [
    'public.asset',
    'public.asset_exif',
    'public.asset_file',
    'public.asset_face',
    'public.asset_job_status',
    'immich_sidecar.asset_map',
    'immich_sidecar.face_map',
    'immich_sidecar.link',
  ];
  await multiplyRows(sql, times, tables, 'same files');
}

/** Which files copied rows name: the same, or others beside them, with a dot and the number of the copy at the end. */
export type CopiedPaths = 'same files' | 'other files';

/** Copies all rows of these tables `times - 1` times, under other ids. */
export async function multiplyRows(
  sql: Connection,
  times: number,
  tables: readonly string[],
  paths: CopiedPaths,
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`SET LOCAL session_replication_role = replica`;
    await tx`SET LOCAL statement_timeout = 0`;
    for (const table of tables) {
      const [schemaName, tableName] = table.split('.') as [string, string];
      const columns = await tx<{ name: string }[]>`
        SELECT column_name AS name
        FROM information_schema.columns
        WHERE table_schema = ${schemaName} AND table_name = ${tableName} AND is_generated = 'NEVER'
        ORDER BY ordinal_position`;
      const values = columns.map(({ name }) => {
        if (FRESH_IDS.includes(name)) return `md5(t."${name}"::text || copy)::uuid`;
        if (name === 'checksum') return `decode(md5(t.id::text || copy), 'hex')`;
        if (name === 'updateId') return `'00000000-0000-7000-8000-000000000000'::uuid`;
        if (paths === 'other files' && (name === 'originalPath' || name === 'path')) {
          return `t."${name}" || '.' || copy`;
        }
        return `t."${name}"`;
      });
      await tx.unsafe(`
        INSERT INTO ${schemaName}."${tableName}" (${columns.map(({ name }) => `"${name}"`).join(', ')})
        SELECT ${values.join(', ')}
        FROM ${schemaName}."${tableName}" t
        CROSS JOIN generate_series(2, ${times}) AS copy`);
    }
  });
}
