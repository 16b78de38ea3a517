import type { DatabaseConfig } from '../../src/config/config.ts';
import { findBinaries } from './binaries.ts';
import { onServer, serverUrls } from './server_databases.ts';

/**
 * What Immich runs for its nightly backup and for "Restore" in its settings, with the real pg_dump and psql; see docs/immich.md,
 * "Backups". `config` is that of Immich: its role, not ours.
 */

/** How restoring differs between releases: since 3.0 everything restored belongs to Immich's own role. */
export type Restorer = '2.5' | '3.0';
export const RESTORERS: readonly Restorer[] = ['2.5', '3.0'];

/** pg_dump and psql, and a server of this run that is as old as they are. */
export interface Clients {
  readonly bin: string;
  readonly server: string;
}

/** Undefined where there are none: the server that npm has comes without them. */
export async function findClients(): Promise<Clients | undefined> {
  const [installed] = await findBinaries('installed').catch(() => []);
  if (installed === undefined) return undefined;
  const { bin } = installed;
  const version = await new Deno.Command(`${bin}/pg_dump`, { args: ['--version'], stderr: 'null' }).output()
    .then(({ stdout }) => /\d+/.exec(new TextDecoder().decode(stdout))?.[0], () => undefined);
  for (const server of serverUrls()) {
    const [row] = await onServer(
      server,
      'postgres',
      (sql) => sql<{ major: string }[]>`SELECT (current_setting('server_version_num')::int / 10000)::text AS major`,
    );
    if (row?.major === version) return { bin, server };
  }
  return undefined;
}

/** Returns the dump. Throws Error with what pg_dump says. */
export async function backUp(bin: string, config: DatabaseConfig): Promise<string> {
  return await run(`${bin}/pg_dump`, config, [config.name, '--clean', '--if-exists']);
}

/** Throws Error with what psql says; the database is as it was then. */
export async function restore(bin: string, config: DatabaseConfig, dump: string, restorer: Restorer): Promise<void> {
  const data = dump.indexOf('FROM stdin');
  const [head, rest] = data < 0 ? [dump, ''] : [dump.slice(0, data), dump.slice(data)];
  const owned = restorer === '2.5' ? head : head.replaceAll(/OWNER TO [^;]*;/g, `OWNER TO ${config.username};`);
  await run(
    `${bin}/psql`,
    config,
    ['--dbname', config.name, '--single-transaction', '--set', 'ON_ERROR_STOP=on', '--echo-all', '--output=/dev/null'],
    `${prologue(config.username)}${owned}${rest}`,
  );
}

function prologue(username: string): string {
  return `
    SELECT pg_terminate_backend(pid)
    FROM pg_stat_activity
    WHERE datname = current_database()
      AND pid <> pg_backend_pid();

    DROP SCHEMA public CASCADE;
    CREATE SCHEMA public;

    GRANT ALL ON SCHEMA public TO "${username}";
    GRANT ALL ON SCHEMA public TO public;
  `;
}

async function run(
  program: string,
  { hostname, port, username, password }: DatabaseConfig,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const process = new Deno.Command(program, {
    args: ['--username', username, '--host', hostname, '--port', String(port), ...args],
    env: { PGPASSWORD: password.reveal() },
    stdin: input === undefined ? 'null' : 'piped',
    stdout: 'piped',
    stderr: 'piped',
  }).spawn();
  const feeding = input === undefined ? undefined : feed(process.stdin, input);
  const { success, stdout, stderr } = await process.output();
  await feeding;
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  return new TextDecoder().decode(stdout);
}

/** A program that fails reads no further. */
async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  try {
    await new Blob([input]).stream().pipeTo(stdin);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
