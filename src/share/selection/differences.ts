import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { isOpen } from './candidates.ts';
import { allCriteria } from './criteria.ts';
import { isMaker, jobsMeaning } from './job_rows.ts';

/** Whether a tag decides what a job shares. */
export function isByTags({ selection }: Job): boolean {
  return allCriteria(selection).some(({ name }) => name === 'tags');
}

/**
 * The sources of which these jobs mean more or less than is shared, as queries for their ids: for what leaves no trace when it changes. Costs a look at
 * every photo of their sources, and at every mirror that they have made.
 */
export function differences(sql: Sql, jobs: readonly Job[]): Fragment[] {
  if (jobs.length === 0) return [];
  const sources = [...new Set(jobs.map(({ sourceUserId }) => sourceUserId))];
  return [
    sql`
      SELECT a.id
      FROM asset a
      CROSS JOIN LATERAL (${jobsMeaning(sql, jobs)}) AS job
      WHERE a."ownerId" = ANY (${sources}::uuid[])
        AND ${isOpen(sql, sql`job."targetUserId"`)}`,
    // What another job means is listed in vain, and what this one has made is all that it may have to withdraw.
    sql`
      SELECT m.source_asset_id
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.source_asset_id
      WHERE m.job_name = ANY (${jobs.map(({ name }) => name)}::text[])
        AND NOT EXISTS (${jobsMeaning(sql, jobs, isMaker(sql))})`,
  ];
}
