import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Context } from '../cycle/context.ts';
import { commaSeparated } from '../copy/columns.ts';
import { joinMappedPerson } from './person_links.ts';
import type { Job } from '../jobs/job.ts';

/** By what a face is recognised as the copy of another: where it is, in a picture of which size, and who found it. */
export const LIKENESS: readonly string[] = Object.freeze([
  'boundingBoxX1',
  'boundingBoxY1',
  'boundingBoxX2',
  'boundingBoxY2',
  'imageWidth',
  'imageHeight',
  'sourceType',
]);

/**
 * Maps the faces of mirrors of which no face is known to those of their sources. Who is on them is noted as if we had written
 * it, for adoptPeople to see; settleFaces must follow. Returns the mirrors, in batches.
 */
export async function adoptFaces(context: Context, job: Job): Promise<string[][]> {
  const mirrors = await context.sql<{ id: string }[]>`
    SELECT m.mirror_asset_id AS id
    FROM immich_sidecar.asset_map m
    WHERE m.source_user_id = ${job.sourceUserId}
      AND m.target_user_id = ${job.targetUserId}
      AND EXISTS (SELECT 1 FROM asset_face f WHERE f."assetId" = m.mirror_asset_id)
      AND EXISTS (SELECT 1 FROM asset_face f WHERE f."assetId" = m.source_asset_id)
      AND NOT EXISTS (SELECT 1 FROM immich_sidecar.face_map known WHERE known.mirror_asset_id = m.mirror_asset_id)`;
  const batches: string[][] = [];
  for (let start = 0; start < mirrors.length; start += context.limits.batch) {
    const batch = mirrors.slice(start, start + context.limits.batch).map(({ id }) => id);
    await context.transaction((tx) => matchFaces(tx, context.schema, batch));
    batches.push(batch);
  }
  return batches;
}

/**
 * Faces that look alike, going by the columns `alike`, are paired one by one; with several of them, in the order of their ids.
 */
export async function matchFaces(
  tx: Sql,
  schema: ImmichSchema,
  mirrorAssetIds: string[],
  alike: readonly string[] = LIKENESS,
): Promise<void> {
  const { faceKey } = schema.people;
  const likeness = commaSeparated(tx, alike.map((column) => tx`f.${tx(column)}`));
  const facesOf = (assetId: 'source_asset_id' | 'mirror_asset_id') =>
    tx`(
      SELECT
        m.mirror_asset_id, f.*,
        row_number() OVER (PARTITION BY f."assetId", ${likeness} ORDER BY f."deletedAt" DESC NULLS FIRST, f.id) AS turn
      FROM immich_sidecar.asset_map m
      JOIN asset_face f ON f."assetId" = m.${tx(assetId)}
      WHERE m.mirror_asset_id = ANY (${mirrorAssetIds}::uuid[])
    )`;
  const isAlike = alike.reduce(
    (all, column) => tx`${all} AND mirror.${tx(column)} = source.${tx(column)}`,
    tx`mirror.mirror_asset_id = source.mirror_asset_id AND mirror.turn = source.turn`,
  );
  await tx`
    INSERT INTO immich_sidecar.face_map
      (source_face_id, mirror_asset_id, mirror_face_id, person_id, source_update_id)
    SELECT source.id, source.mirror_asset_id, mirror.id, mirror.${tx(faceKey)}, source."updateId"
    FROM ${facesOf('source_asset_id')} source
    JOIN ${facesOf('mirror_asset_id')} mirror ON ${isAlike}
    ON CONFLICT DO NOTHING`;
}

/** Notes for adopted faces whom their sources show: another person on them is what the target's owner said, and stays. */
export async function settleFaces(context: Context, batches: readonly string[][]): Promise<void> {
  const { schema } = context;
  const { personKey } = schema.people;
  for (const batch of batches) {
    await context.transaction(async (tx) => {
      await tx`
        UPDATE immich_sidecar.face_map fm
        SET person_id = shown.person_id
        FROM (
          SELECT
            known.mirror_asset_id, known.source_face_id,
            CASE WHEN f."deletedAt" IS NULL THEN mapped.${tx(personKey)} END AS person_id -- as copyFaces does
          FROM immich_sidecar.face_map known
          JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = known.mirror_asset_id
          JOIN asset_face f ON f.id = known.source_face_id
          ${joinMappedPerson(tx, schema)}
          WHERE known.mirror_asset_id = ANY (${batch}::uuid[])
        ) AS shown
        WHERE fm.mirror_asset_id = shown.mirror_asset_id
          AND fm.source_face_id = shown.source_face_id
          AND fm.person_id IS DISTINCT FROM shown.person_id`;
    });
  }
}
