import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import { loadConfig, readDatabaseAnyway, readServiceAnyway } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { ENVIRONMENT_NAMES } from '../config/settings.ts';
import { textFilesAskedFor } from '../config/text_file.ts';
import { SOURCE } from '../version.ts';
import { exifToolNeeds } from '../writeback/exiftool/location.ts';
import { configFileOf, purposeOf } from './commands.ts';
import type { Resolution, ResolveRequest } from './messages.ts';
import { refuseWritable } from './own_files.ts';
import { permissionsFor, permissionsWithoutConfig, type RightParts } from './permissions.ts';

/** The variables of the process environment that the engine gets besides the settings. */
const PASSED_ON: ReadonlySet<string> = new Set([...ENVIRONMENT_NAMES, 'NO_COLOR', 'TERM', 'PUID', 'PGID']);

/** Reads the configuration and finds out what the engine may do for this command: if it is invalid, to read and report it. */
export function resolvePermissions({ args, env, cwd, temporary }: ResolveRequest): Resolution {
  const config = readConfig(args, env, cwd);
  const purpose = purposeOf(args[0], config);
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
  };
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

/** Undefined when it is invalid; the engine reports why. */
function readConfig(args: readonly string[], env: ResolveRequest['env'], cwd: string): Config | undefined {
  try {
    // serve waits while there is nothing to do.
    return loadConfig({
      env,
      cwd,
      needJobs: args[0] === 'serve' ? 'or a write schedule' : false,
      configFile: configFileOf(args),
    });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
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
