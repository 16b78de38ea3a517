import type { Job } from '../jobs/job.ts';
import { isMaker, jobsMeaning } from '../selection/job_rows.ts';
import { pairKey } from './concerned.ts';
import { isWithin } from './scope.ts';
import { concernedJobs, type View } from './tools.ts';

/** Whether a job means any photo of the scope, as far as that is known. */
export function meansAny({ meant }: Pick<View, 'meant'>, { name }: Job): boolean {
  return meant === undefined || meant.has(name);
}

/**
 * The names of the jobs that mean any photo of the scope: the others need not be asked, phase by phase, what they want. What is selected meanwhile is found by the next cycle.
 * Asks for all jobs at once; reads only. Undefined for a run that is about one job, and for changes that concern a few: each phase would look for itself,
 * for fifty jobs between the same two users with hundreds of statements.
 */
export async function readMeant(view: View): Promise<ReadonlySet<string> | undefined> {
  const { sql, only, scope, limits } = view;
  const jobs = concernedJobs(view);
  if (only !== undefined) return undefined;
  if (scope !== 'all' && jobs.length <= limits.jobs) return undefined;
  const meant = await sql<{ name: string }[]>`
    SELECT DISTINCT job.name
    FROM asset a
    CROSS JOIN LATERAL (${jobsMeaning(sql, jobs)}) AS job
    WHERE ${
    scope === 'all'
      ? sql`a."ownerId" = ANY (${[...new Set(jobs.map(({ sourceUserId }) => sourceUserId))]}::uuid[])`
      : isWithin(sql, scope, sql`a.id`)
  }`;
  return new Set(meant.map(({ name }) => name));
}

/**
 * Users (pairKey) between whom there are mirrors that are not meant any more by the job that made them, or whose job is not configured, or not between
 * them. Only for a cycle that looks at everything; reads only.
 */
export async function readDisputed(
  view: Pick<View, 'sql' | 'scope' | 'jobs' | 'concerned'>,
): Promise<ReadonlySet<string>> {
  const { sql, scope } = view;
  if (scope !== 'all') return new Set();
  const jobs = concernedJobs(view);
  const rows = await sql<{ sourceUserId: string; targetUserId: string }[]>`
    SELECT DISTINCT m.source_user_id AS "sourceUserId", m.target_user_id AS "targetUserId"
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    WHERE NOT EXISTS (${jobsMeaning(sql, jobs, isMaker(sql))})`;
  return new Set(rows.map(pairKey));
}
