import type { DatabaseConfig } from '../../src/config/config.ts';
import { freePort, unprivilegedUser } from './server.ts';

export type PoolMode = 'session' | 'transaction';

/** A pgbouncer in front of the database of a test. */
export interface Pooler extends AsyncDisposable {
  /** How to connect through it. */
  readonly config: DatabaseConfig;
}

/** The program, or undefined where it is not installed (Debian's package `pgbouncer` puts it outside of PATH). */
export async function findPgBouncer(): Promise<string | undefined> {
  const directories = ['/usr/sbin', ...(Deno.env.get('PATH') ?? '').split(':')];
  for (const directory of directories) {
    const path = `${directory}/pgbouncer`;
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  return undefined;
}

/**
 * Starts one.
 *
 * @param ignored names of settings that clients may ask for in vain; it refuses a client that asks for any other
 */
export async function startPgBouncer(
  program: string,
  database: DatabaseConfig,
  mode: PoolMode,
  ignored: readonly string[],
): Promise<Pooler> {
  const directory = await Deno.makeTempDir({ prefix: 'immich-pgbouncer-' });
  const port = freePort();
  const { hostname, username, password, name } = database;
  const settings = `
    [databases]
    ${name} = host=${hostname} port=${database.port} dbname=${name} user=${username} password=${password.reveal()}
    [pgbouncer]
    listen_addr = 127.0.0.1
    listen_port = ${port}
    unix_socket_dir =
    auth_type = any
    pool_mode = ${mode}
    ${ignored.length > 0 ? `ignore_startup_parameters = ${ignored.join(',')}` : ''}`;
  await Deno.writeTextFile(`${directory}/pgbouncer.ini`, settings.replaceAll(/^ +/gm, ''));
  const user = await unprivilegedUser();
  if (user) {
    for (const path of [directory, `${directory}/pgbouncer.ini`]) {
      await Deno.chown(path, user.uid, user.gid);
    }
  }
  const process = new Deno.Command(program, {
    args: [`${directory}/pgbouncer.ini`],
    cwd: directory,
    stdin: 'null',
    stdout: 'null',
    stderr: 'null',
    ...user,
  }).spawn();
  const stop = async () => {
    process.kill('SIGKILL');
    await process.status;
    await Deno.remove(directory, { recursive: true });
  };
  try {
    await untilListening(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { config: { ...database, hostname: '127.0.0.1', port }, [Symbol.asyncDispose]: stop };
}

async function untilListening(port: number): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (true) {
    try {
      (await Deno.connect({ hostname: '127.0.0.1', port })).close();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error('pgbouncer did not answer within 30 s.', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
