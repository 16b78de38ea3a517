import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import type { DatabaseConfig, JobConfig } from '../../src/config/config.ts';
import { disagreements } from '../harness/disagreements.ts';
import type { World } from '../share/world.ts';
import { OneProcess } from './one_process.ts';

const MAIN = new URL('../../main.ts', import.meta.url).pathname;

/** What one run of the program left behind. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Variables = Readonly<Record<string, string>>;

export interface RunOptions {
  readonly cwd: string;
  readonly env: Variables;
  /** A command that is given the program's own command line as its last arguments. */
  readonly wrapper?: readonly string[];
  /** Deno's, for what it may do. Default: everything. */
  readonly flags?: readonly string[];
  /** Another main module. */
  readonly main?: string;
}

/** The command line of the program, for shells and wrappers. */
export function commandLine(
  args: readonly string[],
  { flags = ['--no-prompt', '--allow-all'], main = MAIN }: Pick<RunOptions, 'flags' | 'main'> = {},
): string[] {
  return [Deno.execPath(), 'run', ...flags, '--no-check', '--quiet', main, ...args];
}

/**
 * Runs the program and waits for its end: in the one process that a test file has for all of them, unless something is asked for that takes
 * a process of its own.
 */
export async function run(args: readonly string[], options: RunOptions): Promise<Run> {
  const { cwd, env, ...ofProcess } = options;
  if (Object.keys(ofProcess).length > 0) return await runAlone(args, options);
  oneProcess ??= OneProcess.start(ofDeno());
  return await (await oneProcess).run({ args, cwd, env: { ...ofDeno(), ...env } });
}

let oneProcess: Promise<OneProcess> | undefined;

/** The same in a process of its own, in its sandbox, as a user runs it. */
export function runAlone(args: readonly string[], options: RunOptions): Promise<Run> {
  return ended(start(args, options));
}

/** The program with nothing in its environment but `env` and what Deno needs. Nobody speaks to it; what it says is for `ended`. */
export function start(args: readonly string[], { cwd, env, wrapper = [], ...options }: RunOptions): Deno.ChildProcess {
  const [command = '', ...rest] = [...wrapper, ...commandLine(args, options)];
  return new Deno.Command(command, {
    args: rest,
    cwd,
    clearEnv: true,
    env: { ...ofDeno(), ...env },
    stdin: 'null',
    stdout: 'piped',
    stderr: 'piped',
  }).spawn();
}

/** Waits for the end of a process. `code` is 128 + the number of the signal that ended it. */
export async function ended(child: Deno.ChildProcess): Promise<Run> {
  const decoder = new TextDecoder();
  const { code, stdout, stderr } = await child.output();
  const said = { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  assert.deepEqual(disagreements(said.stdout + said.stderr), []);
  return { code, ...said };
}

/** Where Deno finds its cache. */
export function ofDeno(): Variables {
  const names = ['PATH', 'HOME', 'DENO_DIR', 'XDG_CACHE_HOME'];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

export function databaseVariables(
  { hostname, port, username, password, name, maxConnections }: DatabaseConfig,
): Variables {
  return {
    DB_HOSTNAME: hostname,
    DB_PORT: String(port),
    DB_USERNAME: username,
    DB_PASSWORD: password.reveal(),
    DB_DATABASE_NAME: name,
    DB_MAX_CONNECTIONS: String(maxConnections),
  };
}

/** The environment that a user of this world would set. */
export function variablesOf(world: World): Variables {
  return {
    ...databaseVariables(world.config.database),
    DB_WAIT_SECONDS: '0', // a test that takes the database away is not to wait for its return
    UPLOAD_LOCATION: `${world.directory}/media`,
    EXTERNAL_LIBRARY_DIR: `${world.directory}/external`,
    WRITE_SETTLE_SECONDS: '0', // the library was made a moment ago
  };
}

/** A job under the names that the YAML file has for its keys. */
export type YamlJob = Record<string, unknown>;

export function yamlJob(job: JobConfig): YamlJob {
  return {
    name: job.name,
    source_user_id: job.sourceUserId,
    target_user_id: job.targetUserId,
    target_library_id: job.targetLibraryId,
    ...(job.sourcePathPrefix === undefined ? {} : { source_path_prefix: job.sourcePathPrefix }),
    target_path_prefix: job.targetPathPrefix,
    ...(job.albumId === undefined ? {} : { album_id: job.albumId }),
    placement: job.placement,
  };
}

/** An empty working directory with a config.yaml in it. */
export function workingDirectory(yaml: string | readonly YamlJob[]): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: 'immich-sidecar-cwd-' });
  Deno.writeTextFileSync(`${path}/config.yaml`, typeof yaml === 'string' ? yaml : stringify({ jobs: yaml }));
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
