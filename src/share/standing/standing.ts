import type { PendingFor } from '../../immich/readiness.ts';
import { isTrashed } from '../../immich/presence.ts';
import { pendingFor } from '../../immich/readiness.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { retryOf, type SkipReason, type Standing } from '../cycle/outcome.ts';
import { hasTwin, isMeant } from '../selection/selection.ts';

/** Of a job that means no photo. */
export const NOTHING_MEANT: Standing = Object.freeze({
  selected: 0,
  mirrored: 0,
  pending: {},
  skipped: {},
  withdrawn: 0,
  next: 0,
});

/** Of an asset that a job selects. */
export type StandingState = 'mirrored' | 'withdrawn' | 'skipped' | 'pending' | 'next';

interface StandingRow {
  readonly state: StandingState;
  readonly reason: string;
  readonly assets: number;
}

/** Where each asset that a job selects stands: rows of `id`, `state` and `reason`. One query over the source's assets. */
export function standingOfEach(sql: Sql, schema: ImmichSchema, job: Job): Fragment {
  return sql`
    SELECT
      looked_up.id,
      CASE
        WHEN looked_up.is_trashed THEN 'withdrawn'
        WHEN looked_up.is_mirrored THEN 'mirrored'
        WHEN looked_up.is_withdrawn THEN 'withdrawn'
        WHEN looked_up.pending IS NOT NULL THEN 'pending'
        WHEN looked_up.skipped IS NOT NULL THEN 'skipped'
        ELSE 'next'
      END AS state,
      CASE WHEN looked_up.is_mirrored THEN '' ELSE coalesce(looked_up.pending, looked_up.skipped, '') END AS reason
    FROM (
      SELECT
        a.id,
        mirrored.is_mirrored,
        mirrored.is_trashed,
        (
          SELECT w.source_asset_id
          FROM immich_sidecar.withdrawn w
          WHERE w.source_asset_id = a.id AND w.target_user_id = ${job.targetUserId}
        ) IS NOT NULL AS is_withdrawn,
        CASE WHEN NOT mirrored.is_mirrored THEN (${pendingFor(sql, schema, job.features)}) END AS pending,
        (
          SELECT s.reason
          FROM immich_sidecar.skipped s
          WHERE s.source_asset_id = a.id AND s.target_user_id = ${job.targetUserId}
        ) AS skipped
      FROM asset a
      CROSS JOIN LATERAL (
        SELECT
          there.is_trashed IS NOT NULL OR (a.visibility = 'hidden' AND ${hasTwin(sql, job)}) AS is_mirrored,
          coalesce(there.is_trashed, false) AS is_trashed
        FROM (
          SELECT (
            SELECT ${isTrashed(sql, 'mirror')}
            FROM immich_sidecar.asset_map m
            JOIN asset mirror ON mirror.id = m.mirror_asset_id
            WHERE m.source_asset_id = a.id AND m.target_user_id = ${job.targetUserId}
          ) AS is_trashed
        ) AS there
      ) AS mirrored
      WHERE a."ownerId" = ${job.sourceUserId}
        AND ${isMeant(sql, job)}
    ) AS looked_up`;
}

/** Counts where every asset that a job selects stands. Reads only. */
export async function readStanding(sql: Sql, schema: ImmichSchema, job: Job): Promise<Standing> {
  const rows = await sql<StandingRow[]>`
    SELECT state, reason, count(*)::int AS assets
    FROM (${standingOfEach(sql, schema, job)}) AS standing
    GROUP BY state, reason`;
  const total = (state: StandingRow['state']) =>
    rows.filter((row) => row.state === state).reduce((sum, row) => sum + row.assets, 0);
  const byReason = (state: StandingRow['state']) =>
    Object.fromEntries(rows.filter((row) => row.state === state).map((row) => [row.reason, row.assets]));
  return {
    selected: rows.reduce((sum, row) => sum + row.assets, 0),
    mirrored: total('mirrored'),
    pending: byReason('pending') as Partial<Record<PendingFor, number>>,
    skipped: byReason('skipped') as Partial<Record<SkipReason, number>>,
    withdrawn: total('withdrawn'),
    next: total('next'),
  };
}

/** How many assets are to be mirrored, for a progress bar. */
export function readyCount(standing: Standing): number {
  const retried = Object.entries(standing.skipped)
    .filter(([reason]) => retryOf(reason as SkipReason) === 'every-cycle')
    .reduce((sum, [, assets]) => sum + assets, 0);
  return standing.next + retried;
}
