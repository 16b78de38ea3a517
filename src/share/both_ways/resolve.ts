import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Tools } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { fieldGroups, groupSum } from '../mirrors/fields.ts';
import { type Corrected, correctSources } from './correct.ts';
import type { Conflict } from './decide.ts';

/**
 * A person has decided for the targets: what their mirrors say goes to the sources, whatever these say. Of several mirrors of one source take one: what the others say is a conflict with that afterwards, if
 * it is something else.
 */
export async function takeFromTargets(
  tools: Tools,
  job: Job,
  conflicts: readonly Conflict[],
): Promise<Corrected> {
  return await correctSources(tools, job, conflicts, true);
}

/**
 * A person has decided for the source: what the mirror says counts as what was written last, so that the next cycle lets it follow. Returns how many were decided; one that says something else by now is not.
 */
export async function takeFromSources(
  tx: Sql,
  schema: Pick<ImmichSchema, 'has'>,
  conflicts: readonly Conflict[],
): Promise<number> {
  let decided = 0;
  for (const group of fieldGroups(schema)) {
    const ofGroup = conflicts.filter(({ field }) => field === group.name);
    if (ofGroup.length === 0) continue;
    const { count } = await tx`
      UPDATE immich_sidecar.asset_map m
      SET ${tx(group.base)} = decided.sum,
          own_fields = nullif(m.own_fields - ${group.name}::text, '{}')
      FROM jsonb_to_recordset(${tx.json(ofGroup as never)}) AS decided ("mirrorAssetId" uuid, sum uuid)
      JOIN asset mirror ON mirror.id = decided."mirrorAssetId"
      JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
      WHERE m.mirror_asset_id = decided."mirrorAssetId"
        AND ${groupSum(tx, group, 'mirror', 'mirror_exif')} = decided.sum`;
    decided += count;
  }
  return decided;
}
