import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { Connection } from '../postgres/connect.ts';
import { patiently } from '../service/patience.ts';
import { configureLogging, earlyFormat } from './logging.ts';
import { type Environment, redactor } from './output.ts';
import { reportError } from './report_error.ts';

const logger = getLogger(['immich-sidecar', 'config']);

export interface DatabaseCommand {
  /** The file of `--config`. */
  readonly config?: string | undefined;
  /** Whether a configuration without jobs is a problem. Default: true. */
  readonly needJobs?: boolean;
}

/**
 * What every command on Immich's database begins and ends with: configuration, log, connection. `work` is done again with a new
 * connection when the first was lost (see patiently). Returns the exit code: that of `work`, or that of what it throws, which
 * is printed.
 */
export async function withDatabase(
  env: Environment,
  { config: configFile, needJobs = true }: DatabaseCommand,
  work: (sql: Connection, config: Config) => Promise<number>,
): Promise<number> {
  let isDebug = false;
  let format = earlyFormat(env);
  try {
    const config = loadConfig({
      env,
      cwd: Deno.cwd(),
      needJobs,
      ...(configFile === undefined ? {} : { configFile }),
    });
    redactor.addAll(config);
    isDebug = config.log.level === 'debug';
    format = config.log.format;
    await configureLogging(config.log);
    for (const note of config.notes) logger.warn('{note}', { note });
    return await patiently(config, (sql) => work(sql, config));
  } catch (error) {
    return reportError(error, { isDebug, format });
  }
}
