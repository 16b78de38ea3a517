import { UserError } from '../../errors.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { retryTransient } from '../../postgres/retry.ts';
import type { View } from '../cycle/tools.ts';
import { assertNewestTables } from '../schema/own_tables.ts';
import { isAskedFor } from '../mirrors/gone.ts';
import { isSelected } from '../selection/selection.ts';

/** Which decisions are meant. Conditions add up; without any, all of them. */
export interface ForgetChoice {
  readonly job?: string | undefined;
  readonly targetUserId?: string | undefined;
  readonly sourceAssetIds?: readonly string[] | undefined;
}

/** Something that keeps a source from being mirrored until it is revoked. */
export interface Decision {
  readonly sourceAssetId: string;
  readonly targetUserId: string;
  /** The target's owner took the mirror out; there was a reason not to make one; or it is gone, and nobody has said yet whether that was meant. */
  readonly kind: 'withdrawn' | 'skipped' | 'gone';
  readonly reason: string;
  readonly detail: string | null;
  readonly since: Date;
  /** Null when the source is gone. */
  readonly sourcePath: string | null;
}

/**
 * Finds remembered decisions. Reads only. With a still comes the decision about its motion part, which Immich deletes along
 * with it. What is tried again in every cycle anyway is not remembered in this sense. Throws UserError for an unknown job.
 */
export async function planForget(sql: Sql, { jobs }: Pick<View, 'jobs'>, choice: ForgetChoice): Promise<Decision[]> {
  const job = jobs.find(({ name }) => name === choice.job);
  if (choice.job !== undefined && job === undefined) {
    throw new UserError(`There is no share ${JSON.stringify(choice.job)}.`, {
      problemCode: 'unknown-name',
      remedy: `Configured are: ${jobs.map(({ name }) => JSON.stringify(name)).join(', ') || 'none'}.`,
    });
  }
  const conditions: Fragment[] = [sql`true`];
  if (job !== undefined) conditions.push(sql`d.target_user_id = ${job.targetUserId} AND ${isSelected(sql, job)}`);
  if (choice.targetUserId !== undefined) conditions.push(sql`d.target_user_id = ${choice.targetUserId}`);
  if (choice.sourceAssetIds !== undefined) {
    conditions.push(sql`d.source_asset_id = ANY (${choice.sourceAssetIds as string[]}::uuid[])`);
  }
  return await sql<Decision[]>`
    WITH decision AS MATERIALIZED (
      SELECT source_asset_id, target_user_id, 'withdrawn' AS kind, reason, NULL AS detail, withdrawn_at AS since
      FROM immich_sidecar.withdrawn
      UNION ALL
      SELECT source_asset_id, target_user_id, 'skipped', reason, detail, since
      FROM immich_sidecar.skipped
      WHERE retry <> 'every-cycle'
      UNION ALL
      SELECT m.source_asset_id, m.target_user_id, 'gone', 'target-deleted', NULL, m.deleted_at
      FROM immich_sidecar.asset_map m
      WHERE m.deleted_at IS NOT NULL
        AND NOT ${isAskedFor(sql)}
    ),
    chosen AS MATERIALIZED (
      SELECT d.source_asset_id, d.target_user_id
      FROM decision d
      LEFT JOIN asset a ON a.id = d.source_asset_id
      WHERE ${conditions.reduce((all, condition) => sql`${all} AND ${condition}`)}
    ),
    with_motion AS (
      SELECT source_asset_id, target_user_id
      FROM chosen
      UNION
      SELECT still."livePhotoVideoId", chosen.target_user_id
      FROM chosen
      JOIN asset still ON still.id = chosen.source_asset_id
    )
    SELECT
      d.source_asset_id AS "sourceAssetId",
      d.target_user_id AS "targetUserId",
      d.kind,
      d.reason,
      d.detail,
      d.since,
      a."originalPath" AS "sourcePath"
    FROM decision d
    JOIN with_motion USING (source_asset_id, target_user_id)
    LEFT JOIN asset a ON a.id = d.source_asset_id
    ORDER BY d.since, a."originalPath"`;
}

/**
 * Lifts decisions: the next cycle makes the mirrors again, also one that looks only at changes. A picture that the target has
 * uploaded is then shared nevertheless. One statement, which needs no lock. Returns how many were lifted.
 */
export async function applyForget(sql: Sql, decisions: readonly Decision[]): Promise<number> {
  if (decisions.length === 0) return 0;
  await assertNewestTables(sql);
  const keys = decisions.map(({ sourceAssetId, targetUserId, kind }) => ({ sourceAssetId, targetUserId, kind }));
  return await retryTransient(async () => {
    const [row] = await sql<{ lifted: number }[]>`
      WITH key AS (
        SELECT *
        FROM jsonb_to_recordset(${
      sql.json(keys as never)
    }) AS key ("sourceAssetId" uuid, "targetUserId" uuid, kind text)
      ),
      returned AS (
        DELETE FROM immich_sidecar.withdrawn w
        USING key
        WHERE key.kind = 'withdrawn'
          AND w.source_asset_id = key."sourceAssetId"
          AND w.target_user_id = key."targetUserId"
        RETURNING w.source_asset_id
      ),
      retried AS (
        DELETE FROM immich_sidecar.skipped s
        USING key
        WHERE key.kind = 'skipped'
          AND s.source_asset_id = key."sourceAssetId"
          AND s.target_user_id = key."targetUserId"
        RETURNING s.source_asset_id, s.target_user_id, s.reason
      ),
      attached AS (
        DELETE FROM immich_sidecar_detached.mirror d
        USING key
        WHERE key.kind = 'withdrawn'
          AND d.source_asset_id = key."sourceAssetId"
          AND d.target_user_id = key."targetUserId"
      ),
      lost AS (
        UPDATE immich_sidecar.asset_map m
        SET deleted_at = '-infinity'
        FROM key
        WHERE key.kind = 'gone'
          AND m.source_asset_id = key."sourceAssetId"
          AND m.target_user_id = key."targetUserId"
          AND m.deleted_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM asset mirror WHERE mirror.id = m.mirror_asset_id)
        RETURNING m.source_asset_id, m.target_user_id
      ),
      wanted AS (
        INSERT INTO immich_sidecar_decisions.wanted (source_asset_id, target_user_id)
        SELECT source_asset_id, target_user_id
        FROM retried
        WHERE reason = 'duplicate'
        UNION
        SELECT source_asset_id, target_user_id
        FROM lost
        ON CONFLICT DO NOTHING
      ),
      lifted AS (
        SELECT source_asset_id FROM returned
        UNION ALL
        SELECT source_asset_id FROM retried
        UNION ALL
        SELECT source_asset_id FROM lost
      ),
      rechecked AS (
        INSERT INTO immich_sidecar_decisions.recheck (source_asset_id)
        SELECT DISTINCT source_asset_id
        FROM lifted
        ON CONFLICT (source_asset_id) DO UPDATE SET due_at = excluded.due_at
      )
      SELECT count(*)::int AS lifted
      FROM lifted`;
    return row?.lifted ?? 0;
  });
}
