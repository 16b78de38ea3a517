import { statfs } from 'node:fs/promises';
import postgres from 'postgres';

export interface TestServer {
  /** `postgres://postgres:…@127.0.0.1:…/postgres`, as superuser. */
  readonly url: string;
  /** `PostgreSQL 15.18` */
  readonly version: string;
  /**
   * Ends the server and starts it again on the same port. `fast` rolls back and disconnects everybody, `immediate` is a crash, from
   * which it recovers. Nothing that was committed is lost, as the operating system goes on.
   */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  /** Ends the server and deletes its directory; may be called twice. */
  stop(): Promise<void>;
}

/** What `postgres -c` is given, by name. */
export type Settings = Readonly<Record<string, string>>;

/** Everything is thrown away at the end, so nothing needs to survive a crash. Templates and clones are quick this way. */
export const THROWAWAY_SETTINGS: Settings = Object.freeze({
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  plan_cache_mode: 'force_generic_plan',
  shared_buffers: '256MB',
  max_wal_size: '256MB',
});

/**
 * As PostgreSQL comes: what is committed survives a crash, autovacuum works beside the tests, and a statement is planned for its values
 * until a plan for all values is as good.
 */
export const PRODUCTION_SETTINGS: Settings = Object.freeze({ shared_buffers: '256MB', max_wal_size: '256MB' });

/** Templates, two dozen clones and the WAL take well under 1 GB. */
const ROOM_BYTES = 4e9;

/**
 * A directory in memory with room for a throwaway server, or undefined where there is none (containers often have
 * 64 MB). A clone takes 75 ms there, and between 100 and 500 ms on a busy disk even without fsync.
 */
export async function directoryInMemory(): Promise<string | undefined> {
  const directory = '/dev/shm';
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize >= ROOM_BYTES ? directory : undefined;
  } catch {
    return undefined;
  }
}

/** Where a server will be, for those who need to know before it is there. */
export interface Address {
  readonly port: number;
  /** Of the superuser `postgres`. */
  readonly password: string;
}

export function freeAddress(): Address {
  return { port: freePort(), password: crypto.randomUUID() };
}

export function urlOf({ port, password }: Address): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}

/**
 * Starts a PostgreSQL server of its own, in a temporary directory below `parent` (the system's, when left out) and on
 * a free port of 127.0.0.1.
 *
 * PostgreSQL refuses to run as root; then it runs as `postgres`, or as `nobody` where there is no such user.
 * Throws Error with the server's own words if it does not come up.
 */
export async function startServer(
  bin: string,
  settings: Settings,
  parent?: string,
  address: Address = freeAddress(),
): Promise<TestServer> {
  const directory = await Deno.makeTempDir({ prefix: 'immich-pg-', ...(parent ? { dir: parent } : {}) });
  const remove = () => Deno.remove(directory, { recursive: true }).catch(() => {});
  try {
    const user = await unprivilegedUser();
    await Deno.writeTextFile(`${directory}/password`, address.password);
    if (user) { for (const path of [directory, `${directory}/password`]) await Deno.chown(path, user.uid, user.gid); }
    const all = { ...settings, ...await cheapPasswords(bin, settings) };
    await initialise(bin, directory, all, user);
    const { port } = address;
    let server = launch(bin, directory, port, all, user);
    const url = urlOf(address);
    let stopping: Promise<void> | undefined;
    const stop = () => stopping ??= end(server, 'immediate').then(remove);
    const restart = async (mode: 'fast' | 'immediate') => {
      await end(server, mode);
      server = launch(bin, directory, port, all, user);
      await waitUntilReady(url, server);
    };
    try {
      return { url, version: await waitUntilReady(url, server), restart, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    await remove();
    throw error;
  }
}

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

export async function unprivilegedUser(): Promise<SystemUser | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const lines = (await Deno.readTextFile('/etc/passwd')).split('\n').map((line) => line.split(':'));
  const entry = ['postgres', 'nobody'].map((name) => lines.find((line) => line[0] === name)).find(Boolean);
  if (!entry) throw new Error('PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody".');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** A password that is guessed 4,096 times as quickly: tests connect thousands of times, and each took 5 ms for it. Before 16 there is but one setting for that. */
async function cheapPasswords(bin: string, settings: Settings): Promise<Settings> {
  if (settings !== THROWAWAY_SETTINGS) return {};
  const { stdout } = await new Deno.Command(`${bin}/postgres`, { args: ['--version'], stderr: 'null' }).output();
  const [, major = ''] = /(\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  return Number(major) >= 16 ? { scram_iterations: '1' } : { password_encryption: 'md5' };
}

async function initialise(
  bin: string,
  directory: string,
  settings: Settings,
  user: SystemUser | undefined,
): Promise<void> {
  // Immich's own image sorts and lower-cases by Unicode; plain C would leave É alone in lower().
  const locale = Deno.build.os === 'linux' ? '--locale=C.UTF-8' : '--no-locale';
  const { success, stderr } = await new Deno.Command(`${bin}/initdb`, {
    args: [
      ...['--pgdata', `${directory}/data`, '--username', 'postgres', '--encoding', 'UTF8', locale, '--no-sync'],
      ...['--auth', settings['password_encryption'] ?? 'scram-sha-256', '--pwfile', `${directory}/password`],
      ...(settings['scram_iterations'] === undefined
        ? []
        : ['--set', `scram_iterations=${settings['scram_iterations']}`]),
    ],
    cwd: directory,
    stdin: 'null',
    stdout: 'null',
    stderr: 'piped',
    ...user,
  }).output();
  if (!success) throw new Error(`initdb failed: ${new TextDecoder().decode(stderr)}`);
}

export function freePort(): number {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

interface Server {
  readonly process: Deno.ChildProcess;
  /** What it has logged, for the message if it does not come up. */
  readonly log: Promise<string>;
  hasEnded: boolean;
}

function launch(
  bin: string,
  directory: string,
  port: number,
  settings: Settings,
  user: SystemUser | undefined,
): Server {
  const all = { ...settings, listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: directory };
  const process = new Deno.Command(`${bin}/postgres`, {
    args: ['-D', `${directory}/data`, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: directory,
    stdin: 'null',
    stdout: 'null',
    stderr: 'piped',
    ...user,
  }).spawn();
  const server: Server = { process, log: lastWords(process.stderr), hasEnded: false };
  process.status.then(() => server.hasEnded = true);
  return server;
}

/** Reads on to the end, because a full pipe would stop the server; keeps the last 4 kB. */
async function lastWords(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = '';
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) text = (text + chunk).slice(-4096);
  return text;
}

async function waitUntilReady(url: string, server: Server): Promise<string> {
  const deadline = Date.now() + 120_000;
  while (true) {
    const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} });
    try {
      const [row] = await sql<{ version: string }[]>`SELECT split_part(version(), ' ', 2) AS version`;
      return `PostgreSQL ${row?.version}`;
    } catch (error) {
      if (server.hasEnded) throw new Error(`PostgreSQL did not start: ${await server.log}`, { cause: error });
      if (Date.now() > deadline) throw new Error('PostgreSQL did not answer within 120 s.', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}

/** At the end of the tests `immediate`: no final checkpoint for data nobody wants. */
async function end(server: Server, mode: 'fast' | 'immediate'): Promise<void> {
  if (!server.hasEnded) server.process.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  await server.process.status;
  await server.log;
}
