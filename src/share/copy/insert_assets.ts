import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { followingGroups, sourceSum } from '../mirrors/fields.ts';
import type { Job } from '../jobs/job.ts';
import type { InspectedMirror } from '../mirrors/links.ts';
import { isMeant } from '../selection/selection.ts';
import { type Assignment, columnList, copied, valueList } from './columns.ts';

/**
 * Writes the mapping and the asset row of each mirror whose source is still selected. Returns the mirrors' ids.
 * Left at their defaults: favourite, unless that follows, trash, stack, live photo and duplicate links, and the edited flag, which a trigger
 * on asset_edit sets.
 */
export async function insertAssets(
  tx: Sql,
  schema: ImmichSchema,
  job: Job,
  mirrors: readonly InspectedMirror[],
): Promise<string[]> {
  const input = mirrors.map(({ plan, files, fileModifiedAt }) => ({
    sourceAssetId: plan.sourceAssetId,
    mirrorAssetId: plan.mirrorAssetId,
    mirrorPath: plan.mirrorPath,
    checksum: plan.checksum,
    checksumAlgorithm: plan.checksumAlgorithm,
    fileModifiedAt: fileModifiedAt ?? null,
    sidecarPath: plan.sidecar !== undefined && files.has(plan.sidecar) ? plan.sidecar.mirrorPath : null,
    encodedVideoPath: plan.encodedVideo?.mirrorPath ?? '',
  }));
  const column = (name: string) => schema.catalog.get('asset')?.columns.get(name);
  const checksumAlgorithm = column('checksumAlgorithm');
  const sinceOrUntil = (name: string, value: Assignment['value']): Assignment[] =>
    column(name) === undefined ? [] : [{ column: name, value }];
  const assignments: Assignment[] = [
    { column: 'id', value: tx`mapped.mirror_asset_id` },
    { column: 'ownerId', value: tx`${job.targetUserId}::uuid` },
    { column: 'libraryId', value: tx`${job.targetLibraryId}::uuid` },
    { column: 'originalPath', value: tx`input."mirrorPath"` },
    { column: 'checksum', value: tx`decode(input.checksum, 'hex')` },
    { column: 'isExternal', value: tx`true` },
    { column: 'fileModifiedAt', value: tx`coalesce(input."fileModifiedAt", a."fileModifiedAt")` },
    ...sinceOrUntil(
      'checksumAlgorithm',
      tx`input."checksumAlgorithm"::${tx.unsafe(checksumAlgorithm?.type ?? 'text')}`,
    ),
    ...sinceOrUntil('sidecarPath', tx`input."sidecarPath"`),
    ...sinceOrUntil('encodedVideoPath', tx`input."encodedVideoPath"`),
    ...sinceOrUntil('deviceId', tx`'Library Import'`), // what Immich gives files in external libraries
    ...job.favorites !== undefined ? [{ column: 'isFavorite', value: tx`a."isFavorite"` }] : [],
    ...copied(tx, 'a', schema.columns.asset),
  ];
  const mapping: Assignment[] = [
    { column: 'mirror_asset_id', value: tx`input."mirrorAssetId"` },
    { column: 'source_asset_id', value: tx`a.id` },
    { column: 'source_user_id', value: tx`a."ownerId"` },
    { column: 'target_user_id', value: tx`${job.targetUserId}::uuid` },
    { column: 'job_name', value: tx`${job.name}` },
    ...followingGroups(schema, job).map((group) => ({ column: group.base, value: sourceSum(tx, group, 'a', 'e') })),
  ];
  const rows = await tx<{ id: string }[]>`
    WITH input AS (
      SELECT *
      FROM jsonb_to_recordset(${tx.json(input as never)}) AS i (
        "sourceAssetId" uuid,
        "mirrorAssetId" uuid,
        "mirrorPath" text,
        checksum text,
        "checksumAlgorithm" text,
        "fileModifiedAt" timestamptz,
        "sidecarPath" text,
        "encodedVideoPath" text
      )
    ),
    mapped AS (
      INSERT INTO immich_sidecar.asset_map (${columnList(tx, mapping)})
      SELECT ${valueList(tx, mapping)}
      FROM input
      JOIN asset a ON a.id = input."sourceAssetId"
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      WHERE ${isMeant(tx, job)}
      RETURNING mirror_asset_id, source_asset_id
    )
    INSERT INTO asset (${columnList(tx, assignments)})
    SELECT ${valueList(tx, assignments)}
    FROM mapped
    JOIN input ON input."mirrorAssetId" = mapped.mirror_asset_id
    JOIN asset a ON a.id = mapped.source_asset_id
    RETURNING id`;
  return rows.map((row) => row.id);
}
