import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { type ConfigFile, findConfigFile } from '../config/config_file.ts';
import type { JobDefaults } from '../config/jobs.ts';
import { loadConfig, readJobDefaults } from '../config/load.ts';
import { ownPaths } from '../config/own_paths.ts';
import { ConfigError, type ConfigProblem } from '../config/problems.ts';
import { SettingsReader } from '../config/reader.ts';
import type { SettingName } from '../config/settings.ts';
import { dotEnvSource, environmentSource, type Source } from '../config/sources.ts';
import { readTextFile } from '../config/text_file.ts';
import { UserError } from '../errors.ts';
import { isInContainer } from './container.ts';

/** Where setup works. */
export interface ConfigurationPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The file of `--config`. */
  readonly configFile: string | undefined;
}

/** What is configured already. */
export interface Existing {
  readonly place: ConfigurationPlace;
  readonly config: Config;
  /** What a job gets for the keys it does not have. */
  readonly jobDefaults: JobDefaults;
  /** Whether this is the container that will run what is set up. */
  readonly isInContainer: boolean;
  /** The file that jobs are written into; absolute. */
  readonly yamlPath: string;
  readonly yamlText: string | undefined;
  readonly envPath: string;
  readonly envText: string | undefined;
  /** Whether jobs are listed in that file; else `config.jobs` come from single settings. */
  readonly hasJobList: boolean;
  /** Settings in a file that the new one takes the place of (INI), by name. */
  readonly displaced: Source;
  /** Settings that the process environment has, whatever is written. */
  readonly environment: Source;
  /** A setting as it was written, wherever; undefined when nobody has set it. */
  find(name: SettingName): string | undefined;
  /** The same, but in files only; or in the environment as a file that contains it, where somebody keeps secrets. */
  findWritten(name: SettingName): string | undefined;
}

/**
 * Reads what is configured in the working directory: nothing, or what an earlier run, a person or one of the predecessors
 * wrote. Throws ConfigError when that is not right, as setup would have to guess then.
 */
export function readExisting(place: ConfigurationPlace): Existing {
  const { env, cwd, configFile } = place;
  const envPath = resolve(cwd, '.env');
  const envFile = readTextFile(envPath);
  const problems: ConfigProblem[] = [];
  const variables = [environmentSource(env), dotEnvSource(cwd, problems, env)];
  const named = configFile ?? new SettingsReader(variables, cwd, problems).read('CONFIG_FILE');
  if (named !== undefined && !/\.ya?ml$/i.test(named)) {
    throw new UserError(`setup writes YAML, and ${named} is to be something else.`, {
      problemCode: 'setup-answer',
      remedy: 'Name a file that ends in .yaml with --config, or leave it and CONFIG_FILE out.',
    });
  }
  const yamlPath = ownPaths(env, cwd, named).yaml ?? resolve(cwd, 'config.yaml');
  const yamlFile = readTextFile(yamlPath);
  if (yamlFile.state === 'directory') {
    throw new UserError(`${yamlPath} is a directory (Docker creates one for a missing file).`, {
      problemCode: 'not-writable',
      remedy: `Remove it: rmdir ${yamlPath}`,
    });
  }
  // A file that is named and does not exist yet is going to be written.
  const isNew = named !== undefined && yamlFile.state === 'missing';
  const file: ConfigFile | undefined = isNew ? undefined : findConfigFile(variables, cwd, configFile, problems, []);
  if (problems.length > 0) throw new ConfigError(problems);
  const options = isNew
    ? { env: { ...env, CONFIG_FILE: '/dev/null' }, cwd, needJobs: false }
    : { env, cwd, needJobs: false, configFile };
  const config = loadConfig(options);
  const [environment, ...files] = [...variables, file?.settings ?? new Map()];
  const textOf = (reader: SettingsReader) => (name: SettingName) => {
    const value = reader.find(name)?.value;
    return typeof value === 'string' ? value : undefined;
  };
  const secretFiles = new Map([...environment ?? []].filter(([name]) => name.endsWith('_FILE')));
  return {
    place,
    config,
    jobDefaults: readJobDefaults(options),
    isInContainer: isInContainer(env),
    yamlPath,
    yamlText: yamlFile.state === 'read' ? yamlFile.text : undefined,
    envPath,
    envText: envFile.state === 'read' ? envFile.text : undefined,
    hasJobList: file?.hasJobs === true,
    displaced: yamlFile.state === 'missing' ? file?.settings ?? new Map() : new Map(),
    environment: environmentSource(env),
    find: textOf(new SettingsReader([...variables, file?.settings ?? new Map()], cwd, [])),
    findWritten: textOf(new SettingsReader([secretFiles, ...files], cwd, [])),
  };
}
