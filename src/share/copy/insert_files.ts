import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { columnList, copied, valueList } from './columns.ts';
import type { InspectedMirror } from '../mirrors/links.ts';

/** Writes a row of asset_file for each file that was linked, with the mirror's own path. */
export async function insertFiles(
  tx: Sql,
  schema: ImmichSchema,
  mirrors: readonly Pick<InspectedMirror, 'plan' | 'files'>[],
): Promise<void> {
  const input = mirrors.flatMap(({ plan, files }) =>
    plan.files.filter((file) => files.has(file)).map((file) => ({
      mirrorAssetId: plan.mirrorAssetId,
      sourceFileId: file.sourceFileId,
      mirrorPath: file.mirrorPath,
    }))
  );
  if (input.length === 0) return;
  const assignments = [
    { column: 'assetId', value: tx`m.mirror_asset_id` },
    { column: 'path', value: tx`input."mirrorPath"` },
    ...copied(tx, 'source', schema.columns.asset_file),
  ];
  await tx`
    INSERT INTO asset_file (${columnList(tx, assignments)})
    SELECT ${valueList(tx, assignments)}
    FROM jsonb_to_recordset(${tx.json(input as never)}) AS input
      ("mirrorAssetId" uuid, "sourceFileId" uuid, "mirrorPath" text)
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = input."mirrorAssetId"
    JOIN asset_file source ON source.id = input."sourceFileId"`;
}
