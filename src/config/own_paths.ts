import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SettingsReader } from './reader.ts';
import { dotEnvSource, environmentSource } from './sources.ts';

/** The files that somebody configures in, as absolute paths; they need not be there. */
export interface OwnPaths {
  readonly env: string;
  /** Where jobs stand, or would; undefined when another format is used. */
  readonly yaml: string | undefined;
}

/**
 * Where a configuration is written.
 *
 * @param configFile the file of `--config`
 */
export function ownPaths(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  configFile: string | undefined,
): OwnPaths {
  const variables = [environmentSource(env), dotEnvSource(cwd, [], env)];
  const named = configFile ?? new SettingsReader(variables, cwd, []).read('CONFIG_FILE');
  const isThere = (name: string) => existsSync(resolve(cwd, name));
  const usual = isThere('config.yml') && !isThere('config.yaml') ? 'config.yml' : 'config.yaml';
  const isOther = named === undefined ? isThere('immich-sync.conf') && !isThere(usual) : !/\.ya?ml$/i.test(named);
  return { env: resolve(cwd, '.env'), yaml: isOther ? undefined : resolve(cwd, named ?? usual) };
}
