import type { JobConfig } from '../../config/config.ts';
import { isBehindLink } from '../../files/behind_link.ts';
import type { PathMap } from '../../files/path_map.ts';
import type { ImmichInstance } from '../../immich/instance.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { CriteriaSchema } from '../selection/criterion.ts';
import { hasLinksBelow } from '../mirrors/journal.ts';
import { readRememberedNames } from '../selection/remembered.ts';
import { resolveNames } from '../selection/resolve.ts';
import { type Job, resolveJob } from './job.ts';

/**
 * Completes the configured jobs with what the database and the disk say. Reads only.
 *
 * @param hasOwnTables whether our own tables are there and up to date
 */
export async function completeJobs(
  sql: Sql,
  schema: CriteriaSchema,
  configs: readonly JobConfig[],
  instance: ImmichInstance,
  paths: PathMap,
  hasOwnTables: boolean,
): Promise<Job[]> {
  const names = await resolveNames(sql, schema, configs, hasOwnTables ? await readRememberedNames(sql) : new Map());
  const jobs: Job[] = [];
  for (const [index, config] of configs.entries()) {
    const resolved = names[index];
    if (resolved === undefined) continue;
    // A symbolic link that somebody puts in the place of a directory of ours is no choice of another placement.
    const isLinked = hasOwnTables && config.placement === 'auto' &&
      await hasLinksBelow(sql, config.targetPathPrefix.slice(0, -1));
    jobs.push(resolveJob(config, instance, resolved, (path) => !isLinked && isBehindLink(path, paths)));
  }
  return jobs;
}

/** Whether what jobs name is something else, or called otherwise, than when they were prepared. */
export async function haveNamesMoved(
  sql: Sql,
  configs: readonly JobConfig[],
  { schema, jobs }: { readonly schema: CriteriaSchema; readonly jobs: readonly Job[] },
): Promise<boolean> {
  if (!jobs.some(({ isByName }) => isByName)) return false;
  const names = await resolveNames(sql, schema, configs, await readRememberedNames(sql));
  return names.some(({ fingerprint }, index) => fingerprint !== jobs[index]?.names);
}
