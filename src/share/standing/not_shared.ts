import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { standingOfEach, type StandingState } from './standing.ts';

/** A photo that a job selects and that is not shared. */
export interface NotShared {
  readonly assetId: string;
  readonly fileName: string;
  readonly takenAt: Date;
  readonly state: Exclude<StandingState, 'mirrored' | 'next'>;
  /** What Immich has not done yet, or the reason for which it was left out; empty for what the receiver has declined. */
  readonly reason: string;
  /** Null: it waits for Immich. */
  readonly since: Date | null;
}

/** At most `limit` of each state, the newest first. Reads only. */
export async function readNotShared(sql: Sql, schema: ImmichSchema, job: Job, limit: number): Promise<NotShared[]> {
  return await sql<NotShared[]>`
    WITH standing AS MATERIALIZED (${standingOfEach(sql, schema, job)}),
    ranked AS (
      SELECT
        standing.id, standing.state, standing.reason, a."originalFileName", a."localDateTime",
        row_number() OVER (PARTITION BY standing.state ORDER BY a."localDateTime" DESC, a.id) AS rank
      FROM standing
      JOIN asset a ON a.id = standing.id
      WHERE standing.state IN ('pending', 'skipped', 'withdrawn')
    )
    SELECT
      ranked.id AS "assetId",
      ranked."originalFileName" AS "fileName",
      ranked."localDateTime" AS "takenAt",
      ranked.state,
      ranked.reason,
      CASE ranked.state
        WHEN 'skipped' THEN (
          SELECT s.since
          FROM immich_sidecar.skipped s
          WHERE s.source_asset_id = ranked.id AND s.target_user_id = ${job.targetUserId}
        )
        WHEN 'withdrawn' THEN (
          SELECT w.withdrawn_at
          FROM immich_sidecar.withdrawn w
          WHERE w.source_asset_id = ranked.id AND w.target_user_id = ${job.targetUserId}
        )
      END AS since
    FROM ranked
    WHERE ranked.rank <= ${limit}
    ORDER BY ranked.state, ranked.rank`;
}
