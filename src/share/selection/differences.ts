import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { isOpen } from './candidates.ts';
import { allCriteria } from './criteria.ts';
import { isMeant } from './selection.ts';

/** Whether a tag decides what a job shares. */
export function isByTags({ selection }: Job): boolean {
  return allCriteria(selection).some(({ name }) => name === 'tags');
}

/**
 * The sources of which these jobs mean more or less than is shared, each job as a query for their ids: for what leaves no trace when it changes.
 * Costs a look at every photo of the source, and at every mirror between the two users.
 */
export function differences(sql: Sql, jobs: readonly Job[]): Fragment[] {
  return jobs.flatMap((job) => [
    sql`
      SELECT a.id
      FROM asset a
      WHERE a."ownerId" = ${job.sourceUserId}
        AND ${isMeant(sql, job)}
        AND ${isOpen(sql, job)}`,
    // What another job means is listed in vain, and what this one has made is all that it may have to withdraw.
    sql`
      SELECT m.source_asset_id
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.source_asset_id
      WHERE m.source_user_id = ${job.sourceUserId}
        AND m.target_user_id = ${job.targetUserId}
        AND m.job_name = ${job.name}
        AND NOT ${isMeant(sql, job)}`,
  ]);
}
