import { tmpdir } from 'node:os';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { ENVIRONMENT_NAMES } from '../config/settings.ts';
import { textFilesAskedFor } from '../config/text_file.ts';
import { exifToolNeeds } from '../writeback/exiftool/location.ts';
import { configFileOf, purposeOf } from './commands.ts';
import type { Answer, Question } from './messages.ts';
import { permissionsOf, permissionsWithout } from './permissions.ts';

/** What the engine is told of the process environment, besides the settings. */
const TOLD: ReadonlySet<string> = new Set([...ENVIRONMENT_NAMES, 'NO_COLOR', 'TERM', 'PUID', 'PGID']);

/**
 * Reads the configuration and says what the engine may do for this command. Where the configuration is wrong that is to read it and
 * say so.
 */
export function plan({ args, env, cwd, temporary }: Question): Answer {
  const config = readConfig(args, env, cwd);
  const purpose = purposeOf(args[0], config);
  const place = {
    configFiles: textFilesAskedFor(),
    temporary: temporary ?? `${tmpdir()}/immich-sidecar-${crypto.randomUUID()}`,
    exifTool: exifToolNeeds(config?.write.exiftoolPath, env),
    realPathOf,
  };
  return {
    permissions: config === undefined ? permissionsWithout(purpose, place) : permissionsOf(config, purpose, place),
    // What is wrong may be a misspelled variable: then the engine has to see all of them.
    env: config === undefined ? env : Object.fromEntries(Object.entries(env).filter(([name]) => TOLD.has(name))),
    temporary: place.temporary,
    isRight: config !== undefined,
  };
}

/** Undefined when it is wrong; the engine will say how. */
function readConfig(args: readonly string[], env: Question['env'], cwd: string): Config | undefined {
  try {
    return loadConfig({ env, cwd, needJobs: false, configFile: configFileOf(args) });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function realPathOf(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
