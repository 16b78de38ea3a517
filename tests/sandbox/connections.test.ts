import assert from 'node:assert/strict';
import manifest from '../../deno.json' with { type: 'json' };
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { EXIT } from '../../src/errors.ts';
import { ended, start, type Variables, variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { PASSWORD, TlsServer } from '../postgres/tls_server.ts';
import { World } from '../share/world.ts';

/** Runs a command of the real program with the flags that its task has in deno.json. */
async function runTask(task: 'sync' | 'status' | 'unshare', args: readonly string[], cwd: string, env: Variables) {
  const [, flags = ''] = /^deno run (.+) main\.ts /.exec(manifest.tasks[task].command) ?? [];
  return await ended(start([task, ...args], { cwd, env, flags: flags.split(' ') }));
}

Deno.test('inside the sandbox the database is reached over TLS, by DB_URL and by its socket, and by nothing else', async (test) => {
  await using server = await TlsServer.start();
  await using world = await World.open('v3.1.0', { database: { server: server.server.url } });
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  Deno.copyFileSync(server.certificates.authority, `${cwd.path}/ca.pem`);
  const { DB_PORT: port = '', DB_DATABASE_NAME: name = '', ...rest } = variablesOf(world);
  const { DB_HOSTNAME: _, DB_USERNAME: __, DB_PASSWORD: ___, ...common } = rest;
  const parts = { ...common, DB_USERNAME: 'superuser', DB_PASSWORD: PASSWORD, DB_DATABASE_NAME: name, DB_PORT: port };

  await test.step('without TLS it is said why not', async () => {
    const { code, stderr } = await runTask('sync', [], cwd.path, { ...parts, DB_HOSTNAME: '127.0.0.1' });
    assert.equal(code, EXIT.usage, stderr);
    assert.match(stderr, /lets the user "superuser" in over TLS only/);
  });
  await test.step('verify-full', async () => {
    const tls = { DB_SSL_MODE: 'verify-full', DB_SSL_ROOT_CERT: 'ca.pem' };
    const { code, stderr } = await runTask('sync', [], cwd.path, { ...parts, ...tls, DB_HOSTNAME: '127.0.0.1' });
    assert.equal(code, EXIT.ok, stderr);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
  await test.step('DB_URL from a file, with a certificate of the authority', async () => {
    const url = `postgresql://superuser:${PASSWORD}@127.0.0.1:${port}/${name}?sslmode=require&sslrootcert=ca.pem`;
    Deno.writeTextFileSync(`${cwd.path}/url`, `${url}\n`);
    const { code, stdout, stderr } = await runTask('status', [], cwd.path, { ...common, DB_URL_FILE: 'url' });
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stdout, /family to bob/);
    assert.ok(!`${stdout}${stderr}`.includes(PASSWORD));
  });
  await test.step('a Unix socket, also for a command that writes nothing', async () => {
    const socket = { ...parts, DB_HOSTNAME: server.socketDirectory };
    for (const [task, args] of [['status', []], ['unshare', ['--yes']], ['sync', []]] as const) {
      const { code, stderr } = await runTask(task, args, cwd.path, socket);
      assert.equal(code, EXIT.ok, `${task}: ${stderr}`);
    }
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
});
