import postgres from 'postgres';
import type { DatabaseConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { Connection } from '../../src/postgres/connect.ts';
import { binariesForOneServer } from '../harness/binaries.ts';
import { startServer, type TestServer, THROWAWAY_SETTINGS } from '../harness/server.ts';
import { type Certificates, makeCertificates } from './certificates.ts';

/** Who may come in how; the harness itself comes as `postgres`. */
const RULES = `
local   all all                             scram-sha-256
hostssl all over_tls         127.0.0.1/32   scram-sha-256
hostssl all superuser        127.0.0.1/32   scram-sha-256
hostssl all with_certificate 127.0.0.1/32   cert
host    all cleartext        127.0.0.1/32   password
host    all postgres         127.0.0.1/32   scram-sha-256
`;

export const PASSWORD = 'swordfish-and-more';

/** A real PostgreSQL with TLS, certificates made for it, and users that it lets in over TLS only. */
export class TlsServer implements AsyncDisposable {
  private constructor(
    readonly server: TestServer,
    readonly certificates: Certificates,
    /** As superuser, without TLS. */
    readonly sql: Connection,
    readonly socketDirectory: string,
    readonly dispose: () => Promise<void>,
  ) {}

  static async start(): Promise<TlsServer> {
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir({ prefix: 'immich-tls-' });
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const certificates = await makeCertificates(directory);
    await Deno.writeTextFile(`${directory}/pg_hba.conf`, RULES);
    await handOver(directory, [certificates.server.key]);
    const binaries = stack.use(await binariesForOneServer());
    const server = await startServer(binaries.bin, {
      ...THROWAWAY_SETTINGS,
      hba_file: `${directory}/pg_hba.conf`,
      ssl: 'on',
      ssl_cert_file: certificates.server.certificate,
      ssl_key_file: certificates.server.key,
      ssl_ca_file: certificates.authority,
    });
    stack.defer(() => server.stop());
    const sql: Connection = postgres(server.url, { max: 2, onnotice: () => {} });
    stack.defer(() => sql.end({ timeout: 1 }));
    for (const user of ['over_tls', 'with_certificate', 'cleartext']) {
      await sql.unsafe(`CREATE USER ${user} PASSWORD '${PASSWORD}'`);
    }
    await sql.unsafe(`CREATE USER superuser SUPERUSER PASSWORD '${PASSWORD}'`);
    const [row] = await sql<{ directory: string }[]>`
      SELECT current_setting('unix_socket_directories') AS directory`;
    const owned = stack.move();
    return new TlsServer(server, certificates, sql, row?.directory ?? '', () => owned.disposeAsync());
  }

  /** How the program reaches it, as a user; `changes` are for the rest. */
  config(username: string, changes: Partial<DatabaseConfig> = {}): DatabaseConfig {
    const { hostname, port } = new URL(this.server.url);
    const password = new Secret(PASSWORD);
    return { hostname, port: Number(port), username, password, name: 'postgres', maxConnections: 1, ...changes };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** A server that does not run as root must be able to read all of it, and wants to own its key. */
async function handOver(directory: string, keys: readonly string[]): Promise<void> {
  await Deno.chmod(directory, 0o755);
  if (Deno.uid() !== 0) return;
  for (const key of keys) {
    // Root's own key may be readable for a group (PostgreSQL 9.6 and later), but the server is in none of root's.
    const users = (await Deno.readTextFile('/etc/passwd')).split('\n').map((line) => line.split(':'));
    const owner = ['postgres', 'nobody'].map((name) => users.find((user) => user[0] === name)).find(Boolean);
    await Deno.chown(key, Number(owner?.[2]), Number(owner?.[3]));
  }
}
