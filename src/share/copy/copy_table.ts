import type { Sql } from '../../postgres/connect.ts';
import type { CopiedTable } from '../../immich/schema.ts';
import { columnList, copied, valueList } from './columns.ts';

/** Copies the rows that a table holds for the sources of these mirrors. */
export async function copyTable(tx: Sql, table: CopiedTable, mirrorAssetIds: readonly string[]): Promise<void> {
  const assignments = [
    { column: 'assetId', value: tx`m.mirror_asset_id` },
    ...copied(tx, 'source', table.columns),
  ];
  await tx`
    INSERT INTO ${tx(table.name)} (${columnList(tx, assignments)})
    SELECT ${valueList(tx, assignments)}
    FROM immich_sidecar.asset_map m
    JOIN ${tx(table.name)} source ON source."assetId" = m.source_asset_id
    WHERE m.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])`;
}
