import assert from 'node:assert/strict';
import type { DatabaseConfig, TlsConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { UserError } from '../../src/errors.ts';
import { connect, disconnect } from '../../src/postgres/connect.ts';
import { faultOf } from '../../src/postgres/faults.ts';
import { lossOf } from '../../src/postgres/sockets.ts';
import { openEmpty } from '../harness/database.ts';
import { Relay } from './relay.ts';
import { PASSWORD, TlsServer } from './tls_server.ts';

/** Whether a connection with this configuration is encrypted. */
async function isEncrypted(config: DatabaseConfig): Promise<boolean> {
  const sql = await connect(config);
  try {
    const [row] = await sql<{ ssl: boolean }[]>`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;
    assert.ok(row);
    return row.ssl;
  } finally {
    await disconnect(sql);
  }
}

/** What a person is told who cannot connect: message and remedy. */
async function told(config: DatabaseConfig): Promise<string> {
  const began = performance.now();
  try {
    await disconnect(await connect(config));
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.ok(performance.now() - began < 8_000, 'told at once');
    assert.ok(!`${error.message} ${error.remedy}`.includes(PASSWORD));
    return `${error.message} -> ${error.remedy}`;
  }
  throw new assert.AssertionError({ message: 'connected' });
}

Deno.test('PostgreSQL over TLS', async (test) => {
  await using server = await TlsServer.start();
  const authorities = await Deno.readTextFile(server.certificates.authority);
  const over = (tls: TlsConfig | undefined, changes: Partial<DatabaseConfig> = {}) =>
    server.config('over_tls', { ...(tls && { tls }), ...changes });

  await test.step('a server that lets a user in over TLS only is named as such', async () => {
    const message = await told(over(undefined));
    assert.match(message, /^PostgreSQL at 127\.0\.0\.1:\d+ lets the user "over_tls" in over TLS only/);
    assert.match(message, /-> Set DB_SSL_MODE=require/);
    assert.doesNotMatch(message, /refused the user/);
  });
  await test.step('prefer, require, verify-ca and verify-full encrypt', async () => {
    assert.ok(await isEncrypted(over({ mode: 'prefer' })));
    assert.ok(await isEncrypted(over({ mode: 'require' })));
    assert.ok(await isEncrypted(over({ mode: 'verify-ca', authorities })));
    assert.ok(await isEncrypted(over({ mode: 'verify-full', authorities })));
  });
  await test.step('an authority that nobody knows is not trusted', async () => {
    for (const mode of ['verify-ca', 'verify-full'] as const) {
      assert.match(
        await told(over({ mode })),
        /^The certificate of PostgreSQL at .* is not trusted.*-> Set DB_SSL_ROOT_CERT/,
      );
    }
  });
  await test.step('a certificate for another host is refused by verify-full alone', async () => {
    const hostname = 'localhost';
    assert.match(
      await told(over({ mode: 'verify-full', authorities }, { hostname })),
      /^The certificate of PostgreSQL at localhost:\d+ is for another host/,
    );
    assert.ok(await isEncrypted(over({ mode: 'verify-ca', authorities }, { hostname })));
  });
  await test.step('a wrong password is told from that, and so is a user whom no rule lets in', async () => {
    const password = new Secret('another');
    assert.match(await told(over({ mode: 'require' }, { password })), /refused the user "over_tls"/);
    assert.match(
      await told(server.config('nobody', { tls: { mode: 'require' } })),
      /does not let the user "nobody" in from here/,
    );
  });
  await test.step('a client shows its certificate', async () => {
    const { certificate, key } = server.certificates.client;
    const client = { certificate: await Deno.readTextFile(certificate), key: new Secret(await Deno.readTextFile(key)) };
    assert.ok(
      await isEncrypted(server.config('with_certificate', { tls: { mode: 'verify-full', authorities, client } })),
    );
    assert.match(await told(server.config('with_certificate', { tls: { mode: 'require' } })), /PostgreSQL at /);
  });
  await test.step('a cleartext password is sent over TLS, and never without', async () => {
    await using relay = new Relay('127.0.0.1', server.config('cleartext'));
    const message = await told(server.config('cleartext', { port: relay.port }));
    assert.match(message, /asks for the password without encryption, so it was not sent/);
    assert.match(relay.said, /cleartext/, 'the user was');
    assert.ok(!relay.said.includes(PASSWORD));
    assert.ok(await isEncrypted(server.config('cleartext', { port: relay.port, tls: { mode: 'prefer' } })));
    assert.ok(!relay.said.includes(PASSWORD));
  });
  await test.step('IPv6', async () => {
    await using relay = new Relay('::1', server.config('over_tls'));
    assert.ok(await isEncrypted(over({ mode: 'require' }, { hostname: '::1', port: relay.port })));
  });
  await test.step('a Unix socket needs none, whatever is set', async () => {
    const hostname = server.socketDirectory;
    assert.equal(await isEncrypted(server.config('over_tls', { hostname })), false);
    assert.equal(await isEncrypted(over({ mode: 'verify-full' }, { hostname })), false);
    const missing = await told(server.config('over_tls', { hostname: '/nowhere' }));
    assert.match(missing, /^No PostgreSQL answers at \/nowhere\/\.s\.PGSQL\.\d+ \(ENOENT\)/);
  });
  await test.step('a pool that has lost one of its connections is lost, as without TLS', async () => {
    const sql = await connect(over({ mode: 'require' }, { maxConnections: 3 }));
    const [row] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    const lost = new Promise((resolve) => lossOf(sql).addEventListener('abort', resolve));
    await server.sql`SELECT pg_terminate_backend(${row?.pid ?? 0})`;
    await lost;
    await assert.rejects(sql`SELECT 1`.execute(), (error) => faultOf(error) === 'lost');
    await disconnect(sql);
  });
  await test.step('several connections at once, and all are closed', async () => {
    const sql = await connect(over({ mode: 'verify-full', authorities }, { maxConnections: 4 }));
    const rows = await Promise.all(Array.from({ length: 8 }, () => sql`SELECT pg_sleep(0.1)`));
    assert.equal(rows.length, 8);
    await disconnect(sql);
    const [open] = await server.sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'over_tls'`;
    assert.equal(open?.count, 0);
  });
});

Deno.test('a server without TLS: prefer goes on without, everything above says so', async () => {
  const { config, close } = await openEmpty();
  try {
    assert.equal(await isEncrypted({ ...config, maxConnections: 1, tls: { mode: 'prefer' } }), false);
    for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
      const message = await told({ ...config, maxConnections: 1, tls: { mode } });
      assert.match(message, /^PostgreSQL at 127\.0\.0\.1:\d+ has no TLS, and DB_SSL_MODE or DB_URL asks for it/);
    }
  } finally {
    await close();
  }
});
