import { tmpdir } from 'node:os';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import { loadConfig, readDatabaseAnyway, readServiceAnyway } from '../config/load.ts';
import { ownPaths } from '../config/own_paths.ts';
import { ConfigError, type ConfigProblem } from '../config/problems.ts';
import { Secret } from '../config/secret.ts';
import { ENVIRONMENT_NAMES } from '../config/settings.ts';
import { proposeTexts, textFilesAskedFor } from '../config/text_file.ts';
import { SOURCE } from '../version.ts';
import { exifToolNeeds } from '../writeback/exiftool/location.ts';
import { configFileOf, type Purpose, purposeOf } from './commands.ts';
import type { Resolution, ResolveRequest } from './messages.ts';
import { refuseWritable } from './own_files.ts';
import { permissionsFor, permissionsWithoutConfig, type RightParts } from './permissions.ts';

/** The variables of the process environment that the engine gets besides the settings. */
const PASSED_ON: ReadonlySet<string> = new Set([...ENVIRONMENT_NAMES, 'NO_COLOR', 'TERM', 'PUID', 'PGID']);

/** Reads the configuration and finds out what the engine may do for this command: if it is invalid, to read and report it. */
export function resolvePermissions({ args, env, cwd, temporary, proposed = [] }: ResolveRequest): Resolution {
  proposeTexts(proposed.map(({ path, text }) => [path, text]));
  const { config, problems } = readConfig(args, env, cwd);
  const purpose = purposeIn(cwd, args, config);
  const machine = {
    configFiles: textFilesAskedFor(),
    temporary: temporary ?? `${tmpdir()}/immich-sidecar-${crypto.randomUUID()}`,
    exifTool: exifToolNeeds(config?.write.exiftoolPath, env),
    source: SOURCE,
    realPathOf,
  };
  const permissions = config === undefined
    ? permissionsWithoutConfig(purpose, machine, rightParts({ args, env, cwd }))
    : permissionsFor(config, purpose, machine);
  const own = { configuration: machine.configFiles, programs: programsOf(config) };
  return {
    permissions,
    refusal: config && refuseWritable(own, permissions.write, realPathOf),
    // The mistake may be a misspelled variable: then the engine has to see all of them.
    env: config === undefined ? env : Object.fromEntries(Object.entries(env).filter(([name]) => PASSED_ON.has(name))),
    temporary: machine.temporary,
    isValid: config !== undefined,
    problems,
    identity: config === undefined ? '' : identityOf(config),
    told: config === undefined ? [] : config.service.notify.map(({ events: _, ...address }) => digestOf(address)),
    editable: Object.values(ownPaths(env, cwd, configFileOf(args))).filter((path) => path !== undefined),
  };
}

function purposeIn(cwd: string, [command, ...args]: readonly string[], config: Config | undefined): Purpose {
  const purpose = purposeOf(command, config, args, cwd);
  const { exportsTo } = purpose;
  return exportsTo === undefined ? purpose : { ...purpose, exportsTo: resolve(cwd, exportsTo) };
}

/** What a command uses of a configuration that is wrong elsewhere. */
function rightParts({ args, env, cwd }: Pick<ResolveRequest, 'args' | 'env' | 'cwd'>): RightParts {
  const load = { env, cwd, configFile: configFileOf(args) };
  const [command] = args;
  return {
    http: command === 'serve' ? readServiceAnyway(load).http : undefined,
    database: command === 'sync' || command === 'serve' ? readDatabaseAnyway(load) : undefined,
  };
}

/** Whom it asks and answers, and all that is secret, as a digest. */
function identityOf({ database, immich, service: { notify: _, ...service } }: Config): string {
  return digestOf({ database, immich, service });
}

function digestOf(known: unknown): string {
  // What it would say of itself hides what is secret.
  const revealed = function (this: Record<string, unknown>, key: string, value: unknown): unknown {
    const own = this[key];
    return own instanceof Secret ? own.reveal() : value;
  };
  return createHash('sha256').update(JSON.stringify(known, revealed)).digest('base64');
}

/** No configuration when it is invalid; the engine reports why. */
function readConfig(
  args: readonly string[],
  env: ResolveRequest['env'],
  cwd: string,
): { readonly config: Config | undefined; readonly problems: readonly ConfigProblem[] } {
  try {
    // serve waits while there is nothing to do.
    const config = loadConfig({
      env,
      cwd,
      needJobs: args[0] === 'serve' ? 'or a write schedule' : false,
      configFile: configFileOf(args),
    });
    return { config, problems: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { config: undefined, problems: error.problems };
    throw error;
  }
}

/** The source or the bundle, Deno or the executable, and an ExifTool of the user's own. */
function programsOf(config: Config | undefined): string[] {
  const { exiftoolPath } = config?.write ?? {};
  return [fileURLToPath(import.meta.url), Deno.execPath(), ...(exiftoolPath?.startsWith('/') ? [exiftoolPath] : [])];
}

function realPathOf(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
