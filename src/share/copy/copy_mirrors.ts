import type { Sql } from '../../postgres/connect.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Job } from '../jobs/job.ts';
import { copyFaces } from '../people/copy_faces.ts';
import { copyTable } from './copy_table.ts';
import { insertAssets } from './insert_assets.ts';
import type { InspectedMirror } from '../mirrors/links.ts';
import { insertFiles } from './insert_files.ts';

/**
 * Writes all rows of a batch of mirrors, table by table. The statements are sent without waiting for each other's
 * answers; the first that fails ends the transaction, and its error is the one that is thrown.
 *
 * Returns the mirrors that came to be; a source that was trashed, locked or deleted since it was planned has none.
 */
export async function copyMirrors(
  tx: Sql,
  schema: ImmichSchema,
  job: Job,
  mirrors: readonly InspectedMirror[],
): Promise<{ mirrorAssetIds: string[]; faces: number }> {
  const ids = mirrors.map((mirror) => mirror.plan.mirrorAssetId);
  const [inserted, faces] = await Promise.all(
    [
      insertAssets(tx, schema, job, mirrors),
      copyFaces(tx, schema, ids),
      ...schema.copiedTables.map((table) => copyTable(tx, table, ids)),
      insertFiles(tx, schema, mirrors),
    ] as const,
  );
  return { mirrorAssetIds: inserted, faces };
}
