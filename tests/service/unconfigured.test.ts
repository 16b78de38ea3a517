import assert from 'node:assert/strict';
import { untilConfigured } from '../../src/cli/unconfigured.ts';
import { ConfigError, loadConfig, type LoadOptions } from '../../src/config/load.ts';
import { EXIT, messageOf } from '../../src/errors.ts';
import { UNSUPERVISED } from '../../src/sandbox/supervision.ts';
import { variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { RunningProgram, until } from '../crash/process.ts';
import { freePort } from '../harness/server.ts';
import { flagsOf } from '../sandbox/flags.ts';
import { World } from '../share/world.ts';

const IS_WINDOWS = Deno.build.os === 'windows';

for (const [what, flags] of [['in the sandbox', flagsOf('serve')], ['without one', undefined]] as const) {
  Deno.test(
    `serve answers HTTP with a wrong configuration, and goes on when it is right, ${what}; write-back alone is a service`,
    {
      ignore: IS_WINDOWS,
    },
    async () => {
      using cwd = workingDirectory('jobs: 7\nsync_interval_seconds: often\n');
      const port = freePort();
      const program = RunningProgram.start(['serve'], {
        cwd: cwd.path,
        env: { HTTP_PORT: String(port), HTTP_TOKEN: 'of-this-test-only' },
        ...flags === undefined ? {} : { flags },
      });
      const get = (path: string, headers: Record<string, string> = {}) =>
        fetch(`http://127.0.0.1:${port}${path}`, { headers }).catch(() => undefined);
      const text = async (path: string, headers: Record<string, string> = {}) =>
        await (await get(path, headers))?.text() ?? '';
      await until('HTTP is answered', async () => (await get('/healthz'))?.status === 200);

      const { ready, checks } = JSON.parse(await text('/readyz'));
      assert.equal(ready, false);
      assert.deepEqual(checks.filter(({ ok }: { ok: boolean }) => !ok).map(({ name }: { name: string }) => name), [
        'configuration',
      ]);
      const page = await text('/');
      assert.match(page, /The configuration is not right yet/);
      assert.match(page, /Jobs: the configuration has problems/);
      assert.match(page, /Sync_interval_seconds: the configuration has problems/);
      assert.doesNotMatch(page, /often/, 'strangers are told no values');
      const { phase, problems } = JSON.parse(await text('/api/status', { authorization: 'Bearer of-this-test-only' }));
      assert.equal(phase, 'unconfigured');
      assert.match(problems[1].what, /^sync_interval_seconds \(config\.yaml:2:\d+\): "often" is not a whole number$/);
      assert.equal(problems[1].remedy, 'Write a whole number from 5 to 2147483.');

      // No database is there, and none is asked for.
      Deno.writeTextFileSync(`${cwd.path}/config.yaml`, 'write_schedule: "0 3 * * *"\n');
      assert.ok(program.signal('SIGHUP'));
      await until('it is taken up', async () => (await text('/api/status')).includes('"phase":"waiting"'));
      const status = JSON.parse(await text('/api/status'));
      assert.deepEqual([status.jobs, status.problems, status.write.schedule], [[], [], '0 3 * * *']);
      assert.equal((await get('/readyz'))?.status, 200);
      assert.match(
        await text('/'),
        /All is well[^]*Nothing is shared; what Immich knows is written into the files by schedule/,
      );

      assert.ok(program.signal('SIGTERM'));
      const { code, stderr } = await program.ended();
      assert.equal(code, EXIT.ok, stderr);
      assert.match(stderr, /error: The configuration has 2 problems:/);
      assert.match(stderr, /it shows what is wrong, and goes on by itself/);
      assert.match(stderr, /nothing is shared; write-back: 0 3 \* \* \* \(UTC\)/);
    },
  );
}

Deno.test('serve withdraws what is locked again and again while its configuration cannot be read, until it can', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await world.share();
  using cwd = workingDirectory('{ "jobs": [');
  const env = {
    ...variablesOf(world),
    HTTP_PORT: String(freePort()),
    HTTP_TOKEN: 'of-this-test-only',
    LOG_LEVEL: 'error',
  };
  const load: LoadOptions = { env, cwd: cwd.path, needJobs: 'or a write schedule' };
  const said: string[] = [];
  const problem = await Promise.resolve().then(() => loadConfig(load)).then(() => undefined, (error) => error);
  assert.ok(problem instanceof ConfigError);
  const running = untilConfigured(problem, {
    load,
    report: (error) => said.push(messageOf(error)) && EXIT.usage,
    supervision: UNSUPERVISED,
    lookMs: 20,
    lockedMs: 100,
  });
  // The first before it listens; the others in its loop, also while the file is wrong in another way, or away.
  const files = ['{ "jobs": [', '{ "jobs": [', '{ "jobs": 7, "odd": 1 }'];
  for (const [index, id] of (await world.someMirrored()).entries()) {
    Deno.writeTextFileSync(`${cwd.path}/config.yaml`, files[index] ?? '');
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id}`;
    await until(`photo ${index} is withdrawn`, async () => {
      const rows = await world.sql`
        SELECT FROM immich_sidecar.asset_map m JOIN asset a ON a.id = m.mirror_asset_id WHERE m.source_asset_id = ${id}`;
      return rows.length === 0;
    });
  }
  assert.ok(said.some((message) => message.includes('odd')), said.join('\n'));
  Deno.writeTextFileSync(`${cwd.path}/config.yaml`, JSON.stringify({ jobs: world.config.jobs.map(yamlJob) }));
  assert.equal(await running, undefined, 'it goes on by itself');
  await world.share();
  assert.equal((await world.sql`SELECT FROM immich_sidecar.link WHERE locked_source_id IS NOT NULL`).length, 0);
});

Deno.test('serve without HTTP ends with what is wrong, as nobody could see it', async () => {
  using cwd = workingDirectory('jobs: 7');
  const { code, stderr } = await RunningProgram.start(['serve'], { cwd: cwd.path, env: { HTTP_PORT: '0' } }).ended();
  assert.equal(code, EXIT.usage);
  assert.match(stderr, /jobs \(config\.yaml:1:\d+\): this is not a list of shares/);
});
