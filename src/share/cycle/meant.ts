import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { isMaker, jobsMeaning } from '../selection/job_rows.ts';
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
  return {
    jobs: new Set(meant.map(({ name }) => name)),
    disputed: new Set(scope === 'all' ? await findDisputed(sql, jobs) : []),
  };
}

/** Users between whom there are mirrors that are not meant any more by the job that made them, or whose job is not configured, or not between them. */
async function findDisputed(sql: Sql, jobs: readonly Job[]): Promise<string[]> {
  const rows = await sql<{ sourceUserId: string; targetUserId: string }[]>`
    SELECT DISTINCT m.source_user_id AS "sourceUserId", m.target_user_id AS "targetUserId"
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    WHERE NOT EXISTS (${jobsMeaning(sql, jobs, isMaker(sql))})`;
  return rows.map(pairKey);
}
