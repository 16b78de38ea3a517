import type { Sql } from '../../postgres/connect.ts';
import type { PlannedJobs } from '../cycle/dry_run.ts';
import type { Standing } from '../cycle/outcome.ts';
import { chosenJobs, type View } from '../cycle/tools.ts';
import { allCriteria } from '../selection/criteria.ts';
import { readStanding } from '../standing/standing.ts';
import { countByCriterion } from './explain.ts';
import { describeCriterion } from './words.ts';

/** Where everything stands that the jobs of this run mean, and by which criteria. Reads only. */
export async function readPlannedJobs(
  sql: Sql,
  view: Pick<View, 'schema' | 'jobs' | 'only' | 'leftOut'>,
): Promise<PlannedJobs> {
  const standings = new Map<string, Standing>();
  const criteria = new Map<string, readonly string[]>();
  for (const job of chosenJobs(view)) {
    standings.set(job.name, await readStanding(sql, view.schema, job));
    if (allCriteria(job.selection).length === 0) continue;
    const counts = await countByCriterion(sql, view.schema, job);
    criteria.set(job.name, counts.criteria.flatMap(describeCriterion));
  }
  return { standings, criteria };
}
