import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { retryTransient } from '../../postgres/retry.ts';
import { faceSum } from '../people/face_keys.ts';
import type { DecidedConflict } from './conflicts.ts';
import { mirrorFaceSum } from './faces.ts';

/** Nobody, and no version of a face. */
const NONE = '00000000-0000-0000-0000-000000000000';

/**
 * Carries out what was decided about faces: what is given up counts as what both had last, and the next cycle carries the other over. Of the target's the face is touched, as somebody has decided it just now; one that they have
 * drawn, and that is given up, is removed. What somebody has changed since it was read is left alone. Returns how many were decided.
 */
export async function settleFaceConflicts(
  sql: Sql,
  schema: ImmichSchema,
  decided: readonly DecidedConflict[],
): Promise<number> {
  const seen = decided.flatMap(({ face, lost, sourceSum, sum }) =>
    face === undefined ? [] : [{ ...face, lost, sourceSum, sum }]
  );
  if (seen.length === 0) return 0;
  const owner = sql(schema.people.faceKey);
  const sourceNow = faceSum(sql, schema);
  return await retryTransient(async () => {
    const [row] = await sql<{ settled: number }[]>`
      WITH meant AS MATERIALIZED (
        SELECT
          seen.*, m.mirror_asset_id, m.source_asset_id, f."updateId" AS version,
          ${sourceNow} AS source_now, ${faceSum(sql, schema, sql`false`)} AS source_removed,
          mirror.${owner} AS person
        FROM jsonb_to_recordset(${sql.json(seen)}) AS seen
          (kind text, "sourceFaceId" uuid, "mirrorFaceId" uuid, lost text, "sourceSum" text, sum text)
        JOIN asset_face mirror ON mirror.id = seen."mirrorFaceId"
        JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = mirror."assetId"
        LEFT JOIN asset_face f ON f.id = seen."sourceFaceId"
        WHERE ${mirrorFaceSum(sql, schema)}::text = seen.sum
          AND coalesce(${sourceNow}::text, '') = seen."sourceSum"
      ),
      touched AS (
        UPDATE asset_face mirror
        SET "deletedAt" = CASE
          WHEN meant.kind = 'added' AND meant.lost = 'target' THEN clock_timestamp()
          ELSE mirror."deletedAt"
        END
        FROM meant
        WHERE mirror.id = meant."mirrorFaceId"
          AND (meant.kind = 'added' OR meant.lost = 'source')
      ),
      settled AS (
        UPDATE immich_sidecar.face_map fm
        SET
          person_id = CASE
            WHEN meant.kind <> 'moved' THEN fm.person_id
            WHEN meant.lost = 'target' THEN meant.person
            ELSE ${NONE}::uuid
          END,
          source_update_id = CASE WHEN meant.lost = 'target' THEN ${NONE}::uuid ELSE meant.version END,
          source_sum = CASE
            WHEN meant.lost = 'source' THEN meant.source_now
            WHEN meant.kind = 'deleted' THEN meant.source_removed
            ELSE fm.source_sum
          END
        FROM meant
        WHERE fm.source_face_id = meant."sourceFaceId"
          AND fm.mirror_asset_id = meant.mirror_asset_id
      ),
      rechecked AS (
        INSERT INTO immich_sidecar_decisions.recheck (source_asset_id)
        SELECT DISTINCT source_asset_id
        FROM meant
        ON CONFLICT (source_asset_id) DO UPDATE SET due_at = excluded.due_at
      )
      SELECT count(*)::int AS settled
      FROM meant`;
    return row?.settled ?? 0;
  });
}
