import type { JobConfig } from '../../config/config.ts';
import { isBehindLink } from '../../files/behind_link.ts';
import type { PathMap } from '../../files/path_map.ts';
import type { ImmichInstance } from '../../immich/instance.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { CriteriaSchema } from '../selection/criterion.ts';
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
  return configs.flatMap((config, index) => {
    const resolved = names[index];
    return resolved === undefined ? [] : [resolveJob(config, instance, resolved, (path) => isBehindLink(path, paths))];
  });
}
