import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { ConfigError, loadConfig, type LoadOptions } from '../config/load.ts';
import { type Connection, explainDatabaseError } from '../postgres/connect.ts';
import { patiently } from '../service/patience.ts';
import { withdrawLockedWithout } from './locked_anyway.ts';
import { configureLogging, earlyFormat } from './logging.ts';
import { type Environment, redactor } from './output.ts';
import { reportError } from './report_error.ts';

const logger = getLogger(['immich-sidecar', 'config']);

export interface ConfiguredCommand {
  /** The file of `--config`. */
  readonly config?: string | undefined;
  /** Whether a configuration without jobs is a problem. Default: true. */
  readonly needJobs?: boolean;
  /** Whether locked photos are withdrawn although the configuration is wrong. Default: false. */
  readonly withdrawsLocked?: boolean;
  /** Whether the log of write-back is kept, too. Default: false. */
  readonly logsWrites?: boolean;
}

/**
 * What every command that works by a configuration begins and ends with: configuration, secrets, log. Returns the exit code: that
 * of `work`, or that of what it throws, which is printed.
 */
export async function withConfiguration(
  env: Environment,
  { config: configFile, needJobs = true, logsWrites = false, withdrawsLocked = false }: ConfiguredCommand,
  work: (config: Config) => Promise<number>,
): Promise<number> {
  let isDebug = false;
  let format = earlyFormat(env);
  try {
    const load: LoadOptions = { env, cwd: Deno.cwd(), needJobs, configFile };
    const config = await loadOr(load, withdrawsLocked ? withdrawLockedWithout : undefined);
    isDebug = config.log.level === 'debug';
    format = config.log.format;
    await takeOver(config, logsWrites ? config.write.logFile : undefined);
    try {
      return await work(config);
    } catch (error) {
      throw explainDatabaseError(error, config.database);
    }
  } catch (error) {
    return reportError(error, { isDebug, format });
  }
}

async function loadOr(
  load: LoadOptions,
  otherwise: ((load: LoadOptions) => Promise<void>) | undefined,
): Promise<Config> {
  try {
    return loadConfig(load);
  } catch (error) {
    if (error instanceof ConfigError) await otherwise?.(load);
    throw error;
  }
}

/** The same for commands on Immich's database. `work` is done again with a new connection when the first was lost (see patiently). */
export async function withDatabase(
  env: Environment,
  command: ConfiguredCommand,
  work: (sql: Connection, config: Config) => Promise<number>,
): Promise<number> {
  return await withConfiguration(env, command, (config) => patiently(config, (sql) => work(sql, config)));
}

/** Secrets and the log follow a configuration as soon as it is known to be right. Throws UserError when there can be no log. */
export async function takeOver(config: Config, logFile?: string): Promise<void> {
  redactor.addAll(config);
  await configureLogging(config.log, logFile);
  for (const note of config.notes) logger.warn('{note}', { note });
}
