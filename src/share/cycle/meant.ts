import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { isMeant } from '../selection/selection.ts';
import { pairKey } from './concerned.ts';
import { isWithin } from './scope.ts';
import { concernedJobs, type View } from './tools.ts';

/** What is known of jobs in the middle of a cycle, among the photos of its scope. What changes after that is found by the next one. */
export interface Meant {
  /** The names of those that mean any photo at all: the others need not be asked, phase by phase, what they want. */
  readonly jobs: ReadonlySet<string>;
  /** Users (pairKey) between whom a mirror may be another job's than the one that made it. */
  readonly disputed: ReadonlySet<string>;
}

/** A statement grows with each job: with so many at once it stays short, and far from the most parameters that there may be. */
const JOBS_AT_ONCE = 50;

/** The statement has the photos of the scope once for each job. */
const MOST_PHOTOS = 1_000;

/** Whether a job means any photo of the scope, as far as that is known. */
export function meansAny({ meant }: Pick<View, 'meant'>, { name }: Job): boolean {
  return meant === undefined || meant.jobs.has(name);
}

/**
 * Asks for all jobs at once; reads only. Undefined for a run that is about one job, and for changes that concern a few: each phase would look for itself,
 * for fifty jobs between the same two users with hundreds of statements.
 */
export async function readMeant(view: View): Promise<Meant | undefined> {
  const { sql, only, scope, limits } = view;
  const jobs = concernedJobs(view);
  if (only !== undefined) return undefined;
  if (scope !== 'all' && (jobs.length <= limits.jobs || scope.length > MOST_PHOTOS)) return undefined;
  const meant = new Set<string>();
  const disputed = new Set(scope === 'all' ? await findOrphaned(sql, jobs) : []);
  for (let start = 0; start < jobs.length; start += JOBS_AT_ONCE) {
    const asked = jobs.slice(start, start + JOBS_AT_ONCE);
    const questions = asked.map((job, index) =>
      sql`
        SELECT
          ${index}::int AS index,
          EXISTS (
            SELECT
            FROM asset a
            WHERE a."ownerId" = ${job.sourceUserId}
              AND ${isWithin(sql, scope, sql`a.id`)}
              AND ${isMeant(sql, job)}
          ) AS "meansAny",
          ${scope === 'all' ? losesAny(sql, job) : sql`false`} AS "losesAny"`
    );
    const rows = await sql<{ index: number; meansAny: boolean; losesAny: boolean }[]>`
      ${questions.reduce((all, one) => sql`${all} UNION ALL ${one}`)}`;
    for (const { index, meansAny, losesAny } of rows) {
      const job = asked[index];
      if (job === undefined) continue;
      if (meansAny) meant.add(job.name);
      if (losesAny) disputed.add(pairKey(job));
    }
  }
  return { jobs: meant, disputed };
}

/** Whether a job has made a mirror that it does not mean any more, as an expression. */
function losesAny(sql: Sql, job: Job): Fragment {
  return sql`EXISTS (
    SELECT
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    WHERE m.source_user_id = ${job.sourceUserId}
      AND m.target_user_id = ${job.targetUserId}
      AND m.job_name = ${job.name}
      AND CASE WHEN ${isMeant(sql, job)} THEN false ELSE true END
  )`;
}

/** Users between whom there are mirrors of jobs that are not configured, or not between them. */
async function findOrphaned(sql: Sql, jobs: readonly Job[]): Promise<string[]> {
  const rows = await sql<{ sourceUserId: string; targetUserId: string }[]>`
    SELECT DISTINCT m.source_user_id AS "sourceUserId", m.target_user_id AS "targetUserId"
    FROM immich_sidecar.asset_map m
    WHERE NOT EXISTS (
      SELECT
      FROM unnest(
        ${jobs.map(({ name }) => name)}::text[],
        ${jobs.map(({ sourceUserId }) => sourceUserId)}::uuid[],
        ${jobs.map(({ targetUserId }) => targetUserId)}::uuid[]
      ) AS job (name, source_user_id, target_user_id)
      WHERE job.name = m.job_name
        AND job.source_user_id = m.source_user_id
        AND job.target_user_id = m.target_user_id
    )`;
  return rows.map(pairKey);
}
