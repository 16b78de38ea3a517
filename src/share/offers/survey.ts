import type { Config } from '../../config/config.ts';
import { type ImmichSchema, readImmichSchema } from '../../immich/schema.ts';
import { readInstance } from '../../immich/instance.ts';
import type { Sql } from '../../postgres/connect.ts';
import { newestVersion, schemaVersion } from '../../postgres/migrate.ts';
import { completeJobs } from '../jobs/complete.ts';
import type { Job } from '../jobs/job.ts';
import { pathMapOf } from '../jobs/path_map_of.ts';
import { MIGRATIONS } from '../schema/migrations.ts';
import { readRememberedNames, type RememberedName } from '../selection/remembered.ts';

/** What a configuration means, looked at before it is one: neither libraries nor our own tables have to be there. */
export interface Survey {
  readonly schema: ImmichSchema;
  /** In the order of the configuration, those of shared albums behind the others. */
  readonly jobs: readonly Job[];
  /** Whether our own tables are there, in whatever version. */
  readonly hasMap: boolean;
  /** What names in the configuration stood for until now. */
  readonly remembered: ReadonlyMap<string, readonly RememberedName[]>;
}

/** Completes the jobs as a cycle would. Reads only. */
export async function openSurvey(sql: Sql, config: Config): Promise<Survey> {
  const schema = await readImmichSchema(sql);
  const instance = await readInstance(sql, config.uploadLocationMount);
  const version = await schemaVersion(sql, MIGRATIONS);
  const hasOwnTables = version === newestVersion(MIGRATIONS);
  const { jobs } = await completeJobs(sql, schema, config, {
    instance,
    paths: pathMapOf(config, instance, false),
    hasOwnTables,
  });
  return { schema, jobs, hasMap: version > 0, remembered: hasOwnTables ? await readRememberedNames(sql) : new Map() };
}
