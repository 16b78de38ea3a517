import { resolve } from 'node:path';
import type { Config, DatabaseConfig, ServiceConfig } from './config.ts';
import { type ConfigFile, findConfigFile } from './config_file.ts';
import { readDatabaseConfig } from './database.ts';
import { deepFreeze } from './freeze.ts';
import { environmentDrafts, environmentJobSettings, yamlDrafts } from './job_sources.ts';
import { readReasons } from './job_selection.ts';
import { buildJobs, type JobDefaults } from './jobs.ts';
import { reportMisspelledVariables } from './names.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';
import { SettingsReader } from './reader.ts';
import type { SettingName } from './settings.ts';
import { readServiceConfig } from './service.ts';
import { readSharedAlbums } from './shared_albums.ts';
import { dotEnvSource, environmentSource } from './sources.ts';
import { METADATA_SYNC_ZONE, readWriteConfig } from './write.ts';

export { ConfigError, type ConfigProblem } from './problems.ts';

/** These names, and an INI file, come from immich-metadata-sync: here all of them are called something else. */
const NAMES_OF_METADATA_SYNC: readonly SettingName[] = [
  'IMMICH_INSTANCE_URL',
  'IMMICH_SEARCH_PAGE_SIZE',
  'IMMICH_LOG_FORMAT',
  'IMMICH_STRUCTURED_LOGS',
];

/** What `loadConfig` looks at. */
export interface LoadOptions {
  /** The process environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start and where `.env` and `config.yaml` are looked for. */
  readonly cwd: string;
  /** The configuration file from the command line: YAML, JSON, INI or `.env`. It must exist. */
  readonly configFile?: string | undefined;
  /** Whether a configuration without any job is a problem (default true); `or a write schedule`: unless write-back is scheduled. */
  readonly needJobs?: boolean | 'or a write schedule';
}

/** More backends than this in one vector index get in each other's way. */
const MAX_VECTOR_WORKERS = 8;

/**
 * Reads the whole configuration: process environment, then `.env`, then the configuration file.
 *
 * @returns a deeply frozen object; nothing of it is read again later
 * @throws {ConfigError} with every problem at once
 */
export function loadConfig({ env, cwd, configFile, needJobs = true }: LoadOptions): Config {
  const problems: ConfigProblem[] = [];
  const notes: string[] = [];
  const variables = [environmentSource(env), dotEnvSource(cwd, problems, env)];
  for (const source of variables) reportMisspelledVariables(source, problems);
  const file = findConfigFile(variables, cwd, configFile, problems, notes);
  const settings = new SettingsReader([...variables, file?.settings ?? new Map()], cwd, problems);
  const config = configOf(settings, file, { cwd, needJobs }, problems, notes);
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
}

/** What is configured when nobody says anything: nothing is shared, and nothing is written. */
export function defaultConfig(): Config {
  const settings = new SettingsReader([], '/', []);
  return deepFreeze(configOf(settings, undefined, { cwd: '/', needJobs: false }, [], []));
}

/** What a job gets for the keys it does not have, in a configuration that is right. */
export function readJobDefaults({ env, cwd, configFile }: LoadOptions): JobDefaults {
  const variables = [environmentSource(env), dotEnvSource(cwd, [], env)];
  const file = findConfigFile(variables, cwd, configFile, [], []);
  return jobDefaultsOf(new SettingsReader([...variables, file?.settings ?? new Map()], cwd, []), file, []);
}

/** Where HTTP is to be answered while the configuration is wrong: what is right of its settings, else the defaults. Never throws. */
export function readServiceAnyway({ env, cwd, configFile }: LoadOptions): ServiceConfig {
  const variables = [environmentSource(env), dotEnvSource(cwd, [], env)];
  const file = findConfigFile(variables, cwd, configFile, [], []);
  return readServiceConfig(new SettingsReader([...variables, file?.settings ?? new Map()], cwd, []));
}

/**
 * How the database is reached, whatever else is wrong; undefined when something about that is wrong, too, or nobody has said anything of it. A file
 * that cannot be understood might say where it is: then the variables must. Never throws.
 */
export function readDatabaseAnyway({ env, cwd, configFile }: LoadOptions): DatabaseConfig | undefined {
  const problems: ConfigProblem[] = [];
  const variables = [environmentSource(env), dotEnvSource(cwd, problems, env)];
  for (const source of variables) reportMisspelledVariables(source, problems);
  const file = findConfigFile(variables, cwd, configFile, problems, []);
  const settings = new SettingsReader([...variables, file?.settings ?? new Map()], cwd, problems);
  const telling: readonly SettingName[] = [
    'DB_URL',
    'DB_HOSTNAME',
    ...(file === undefined ? [] : ['DB_PASSWORD' as const]),
  ];
  const isNamed = telling.some((name) => settings.find(name) !== undefined);
  const database = readDatabaseConfig(settings, 1, cwd, problems, []);
  const isWrong = problems.some(({ key, remedy, isStray }) => /\bdb_/i.test(isStray ? key : `${key} ${remedy}`));
  return isNamed && !isWrong ? deepFreeze(database) : undefined;
}

function configOf(
  settings: SettingsReader,
  file: ConfigFile | undefined,
  { cwd, needJobs }: { readonly cwd: string; readonly needJobs: NonNullable<LoadOptions['needJobs']> },
  problems: ConfigProblem[],
  notes: string[],
): Config {
  const vectorWorkers = settings.read('VECTOR_WORKERS') ?? Math.min(navigator.hardwareConcurrency, MAX_VECTOR_WORKERS);
  const isOfMetadataSync = file?.isIni === true ||
    NAMES_OF_METADATA_SYNC.some((name) => settings.find(name) !== undefined);
  const write = readWriteConfig(settings, cwd, isOfMetadataSync);
  if (isOfMetadataSync && settings.find('TZ') === undefined) {
    notes.push(
      `TZ is not set, so photos whose time zone nobody knows are taken to be from ${METADATA_SYNC_ZONE}, as immich-metadata-sync ` +
        'does. Set TZ to where they are from.',
    );
  }
  const areJobsNeeded = needJobs === true || (needJobs !== false && write.schedule === undefined);
  return {
    database: readDatabaseConfig(settings, vectorWorkers, cwd, problems, notes),
    databaseWaitSeconds: settings.read('DB_WAIT_SECONDS'),
    immich: {
      url: readImmichUrl(settings, problems),
      apiKey: settings.read('IMMICH_API_KEY'),
      publicUrl: settings.read('IMMICH_PUBLIC_URL'),
    },
    uploadLocation: absolute(settings.read('UPLOAD_LOCATION'), cwd),
    uploadLocationMount: settings.read('UPLOAD_LOCATION_MOUNT'),
    externalLibraryDir: absolute(settings.read('EXTERNAL_LIBRARY_DIR'), cwd),
    externalLibraryMount: settings.read('EXTERNAL_LIBRARY_MOUNT'),
    pathMap: settings.read('PATH_MAP') ?? [],
    ...readShares(settings, file, areJobsNeeded, problems, notes),
    write,
    service: readServiceConfig(settings),
    vectorWorkers,
    syncIntervalSeconds: settings.read('SYNC_INTERVAL_SECONDS'),
    reconcileHours: settings.read('RECONCILE_HOURS'),
    offlineGraceHours: settings.read('OFFLINE_GRACE_HOURS'),
    brake: { percent: settings.read('BRAKE_PERCENT'), minimum: settings.read('BRAKE_MINIMUM') },
    log: { level: settings.read('LOG_LEVEL'), format: readLogFormat(settings) },
    notes,
  };
}

/** The jobs of the YAML file if it has any, else those of the environment; never a mixture. Besides them, shared albums. */
function readShares(
  settings: SettingsReader,
  file: ConfigFile | undefined,
  needJobs: boolean,
  problems: ConfigProblem[],
  notes: string[],
): Pick<Config, 'jobs' | 'sharedAlbums'> {
  const ignored = file?.hasJobs ? environmentJobSettings(settings) : [];
  if (ignored.length > 0) {
    const names = ignored.map(({ key, place }) => `${key} (${place})`).join(', ');
    notes.push(`The shares of the YAML file are used, so these settings of single shares are ignored: ${names}.`);
  }
  const drafts = file?.hasJobs ? yamlDrafts(file.jobs) : environmentDrafts(settings);
  if (drafts.length === 0 && needJobs && file?.hasJobs === false && file.sharedAlbums === undefined) {
    problems.push({
      key: 'jobs',
      place: 'environment',
      message: 'nothing is configured to be shared',
      remedy:
        'Run setup, or write a list of shares into config.yaml, or shared_albums. To write into files only, set WRITE_SCHEDULE.',
      isBeginning: true,
    });
  }
  const defaults = jobDefaultsOf(settings, file, problems);
  const jobs = buildJobs(drafts, defaults, problems);
  const sharedAlbums = readSharedAlbums(file?.sharedAlbums, defaults, jobs, problems);
  return { jobs, ...sharedAlbums === undefined ? {} : { sharedAlbums } };
}

function jobDefaultsOf(settings: SettingsReader, file: ConfigFile | undefined, problems: ConfigProblem[]): JobDefaults {
  return {
    placement: settings.read('PLACEMENT'),
    includeArchived: settings.read('INCLUDE_ARCHIVED'),
    includeHidden: settings.read('INCLUDE_HIDDEN'),
    shareEdited: settings.read('SHARE_EDITED'),
    require: {
      clip: settings.read('REQUIRE_CLIP'),
      faces: settings.read('REQUIRE_FACES'),
      ocr: settings.read('REQUIRE_OCR'),
    },
    never: readReasons(file?.never ?? new Map(), problems),
  };
}

function readImmichUrl(settings: SettingsReader, problems: ConfigProblem[]): string {
  const url = settings.read('IMMICH_API_URL');
  const synonym = settings.read('IMMICH_INSTANCE_URL');
  const [first, second] = [settings.find('IMMICH_API_URL'), settings.find('IMMICH_INSTANCE_URL')];
  if (first === undefined) return synonym ?? url;
  if (second !== undefined && synonym !== undefined && synonym !== url) {
    problems.push({
      key: second.key,
      place: second.place,
      message: `${first.key} (${first.place}) is a different address, and both names mean the same`,
      remedy: 'Keep one of the two.',
    });
  }
  return url;
}

function readLogFormat(settings: SettingsReader): 'text' | 'json' {
  const format = settings.read('LOG_FORMAT');
  const [synonym, structured] = [settings.read('IMMICH_LOG_FORMAT'), settings.read('IMMICH_STRUCTURED_LOGS')];
  if (settings.find('LOG_FORMAT') !== undefined) return format;
  if (synonym !== undefined) return synonym === 'json' ? 'json' : 'text';
  return structured === true ? 'json' : format;
}

function absolute(path: string | undefined, cwd: string): string | undefined {
  return path === undefined ? undefined : resolve(cwd, path);
}
