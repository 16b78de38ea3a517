import type { Sql } from '../../postgres/connect.ts';
import { newestVersion, schemaVersion } from '../../postgres/migrate.ts';
import type { Brake } from './brake.ts';
import { MIGRATIONS } from '../schema/migrations.ts';

/** A brake as it is remembered from one cycle to the next. */
export interface RememberedBrake extends Brake {
  readonly since: Date;
  /** When a person said that this many mirrors may go. */
  readonly confirmedAt: Date | null;
}

/** All brakes that are on. */
export async function readBrakes(sql: Sql): Promise<RememberedBrake[]> {
  return await sql<RememberedBrake[]>`
    SELECT job_name AS job, mirrors, reasons, total, since, confirmed_at AS "confirmedAt"
    FROM immich_sidecar_decisions.brake
    ORDER BY job_name`;
}

/** How many mirrors these jobs have. */
export async function countMirrors(sql: Sql, jobs: readonly string[]): Promise<Map<string, number>> {
  if (jobs.length === 0) return new Map();
  const rows = await sql<{ job: string; mirrors: number }[]>`
    SELECT job_name AS job, count(*)::int AS mirrors
    FROM immich_sidecar.asset_map
    WHERE job_name = ANY (${jobs as string[]})
    GROUP BY job_name`;
  return new Map(rows.map(({ job, mirrors }) => [job, mirrors]));
}

/**
 * Remembers brakes. One that is known keeps its beginning; if it holds back something else now, what was confirmed no longer
 * counts. Returns the jobs for which anything is new.
 */
export async function rememberBrakes(sql: Sql, brakes: readonly Brake[]): Promise<string[]> {
  if (brakes.length === 0) return [];
  const rows = await sql<{ job: string }[]>`
    INSERT INTO immich_sidecar_decisions.brake AS known (job_name, mirrors, reasons, total)
    SELECT brake.job, brake.mirrors, brake.reasons, brake.total
    FROM jsonb_to_recordset(${sql.json(brakes as never)}) AS brake (job text, mirrors int, reasons jsonb, total int)
    ON CONFLICT (job_name) DO UPDATE
    SET mirrors = excluded.mirrors, reasons = excluded.reasons, total = excluded.total, confirmed_at = NULL
    WHERE (known.mirrors, known.reasons, known.total) IS DISTINCT FROM (excluded.mirrors, excluded.reasons, excluded.total)
    RETURNING job_name AS job`;
  return rows.map(({ job }) => job);
}

/** Forgets the brakes of these jobs, and what was confirmed. */
export async function forgetBrakes(sql: Sql, jobs: readonly string[]): Promise<void> {
  await sql`DELETE FROM immich_sidecar_decisions.brake WHERE job_name = ANY (${jobs as string[]})`;
}

/** Notes that part of what was confirmed is done: only this many mirrors may go from now on. */
export async function narrowBrake(sql: Sql, job: string, mirrors: number): Promise<void> {
  await sql`UPDATE immich_sidecar_decisions.brake SET mirrors = ${mirrors} WHERE job_name = ${job}`;
}

/**
 * Says that what the brakes hold back may go: of one job, or of all. The next cycle does it, whichever instance runs it.
 * Returns the brakes that are confirmed now.
 */
export async function confirmBrakes(sql: Sql, job: string | undefined): Promise<RememberedBrake[]> {
  if (await schemaVersion(sql, MIGRATIONS) < newestVersion(MIGRATIONS)) return []; // no cycle of this version has put one on
  return await sql<RememberedBrake[]>`
    UPDATE immich_sidecar_decisions.brake
    SET confirmed_at = coalesce(confirmed_at, now())
    WHERE ${job === undefined ? sql`true` : sql`job_name = ${job}`}
    RETURNING job_name AS job, mirrors, reasons, total, since, confirmed_at AS "confirmedAt"`;
}
