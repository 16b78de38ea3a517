import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import type { Connection, Sql } from '../postgres/connect.ts';
import { migrate } from '../postgres/migrate.ts';
import { inRolledBackTransaction } from '../postgres/transaction.ts';
import { moveNotedPaths } from './adoption/moved_media.ts';
import { planCycle, type PlannedJobs, type PlanSink } from './cycle/dry_run.ts';
import { LIMITS, type Limits } from './cycle/limits.ts';
import { readRechecks } from './cycle/rechecks.ts';
import { readPlannedJobs } from './explain/planned.ts';
import { check, prepare, type Prepared } from './prepare.ts';
import { MIGRATIONS } from './schema/migrations.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/**
 * Plans one full cycle and hands every plan to `sink`. Leaves the database and all files as they are. Returns where everything stands now, and by
 * which criteria, by job.
 */
export async function dryRun(
  sql: Connection,
  config: Config,
  options: { readonly jobName?: string | undefined; readonly sink: PlanSink; readonly limits?: Limits },
): Promise<PlannedJobs> {
  const plan = async (tx: Sql, configured: Prepared) => {
    const prepared = await check(tx, configured);
    for (const { job, reason } of prepared.leftOut) {
      logger.warn('{job} is left out: {problem}', { job, problem: reason.message });
    }
    await planCycle({ ...prepared, sql: tx, scope: 'all', rechecks: await readRechecks(tx) }, options.sink);
    return await readPlannedJobs(tx, prepared);
  };
  return await planOnly(sql, config, options.jobName, plan, options.limits);
}

/** Runs `plan`, which only reads, with our own tables as they are, or as they would be. Changes nothing. */
export async function planOnly<T>(
  sql: Connection,
  config: Config,
  jobName: string | undefined,
  plan: (tx: Sql, prepared: Prepared) => Promise<T>,
  limits: Limits = LIMITS,
): Promise<T> {
  const prepared = await prepare(sql, config, jobName, limits);
  // Without our tables there is nothing to read from: they are made, and undone with the transaction. With them, planning
  // only reads, and a transaction would hold up Immich's vacuum for as long as a large library takes.
  if (prepared.hasOwnTables && prepared.movedMedia.length === 0) return await plan(sql, prepared);
  return await inRolledBackTransaction(sql, async (tx) => {
    await migrate(tx, MIGRATIONS);
    for (const moved of prepared.movedMedia) while (await moveNotedPaths(tx, moved) > 0);
    return await plan(tx, prepared);
  });
}
