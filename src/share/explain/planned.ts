import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { PlannedJobs } from '../cycle/dry_run.ts';
import type { Standing } from '../cycle/outcome.ts';
import { chosenJobs, type View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { allCriteria } from '../selection/criteria.ts';
import { readStanding } from '../standing/standing.ts';
import { countByCriterion, type JobCounts } from './explain.ts';
import { describeCriterion } from './words.ts';

/** Where everything stands that the jobs of this run mean, and by which criteria. Reads only. */
export async function readPlannedJobs(
  sql: Sql,
  view: Pick<View, 'schema' | 'jobs' | 'only' | 'leftOut'>,
): Promise<PlannedJobs> {
  const standings = new Map<string, Standing>();
  const criteria = new Map<string, readonly string[]>();
  for (const job of chosenJobs(view)) {
    const counted = await countJob(sql, view.schema, job);
    standings.set(job.name, counted.standing);
    if (counted.criteria !== undefined) criteria.set(job.name, counted.criteria.flatMap(describeCriterion));
  }
  return { standings, criteria };
}

/** Where everything stands that a job means, and by which criteria, if it has any. Reads only. */
export async function countJob(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
): Promise<{ readonly standing: Standing; readonly criteria?: JobCounts['criteria'] }> {
  const standing = await readStanding(sql, schema, job);
  if (allCriteria(job.selection).length === 0) return { standing };
  return { standing, criteria: (await countByCriterion(sql, schema, job)).criteria };
}
