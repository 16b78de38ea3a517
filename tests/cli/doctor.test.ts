import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { Ward } from '../doctor/ward.ts';
import { testUnless } from '../files/scratch.ts';
import { everything } from './everything.ts';
import { run, variablesOf, workingDirectory, yamlJob } from './program.ts';
import { inTerminal, noTerminal } from './pty.ts';

const KEY = `key%41"'\\$&/@:${crypto.randomUUID()}`;

/** The environment of a ward in which all is well. */
function environmentOf({ world, immich, config }: Ward) {
  return {
    ...variablesOf(world),
    IMMICH_API_URL: immich.url,
    IMMICH_API_KEY: immich.apiKey.reveal(),
    WRITE_TO: 'sidecar',
    TZ: config.write.timeZone ?? 'UTC',
  };
}

Deno.test('doctor: the exit code says how it stands, --json everything, and secrets stay secret', async (t) => {
  await using ward = await Ward.open();
  using cwd = workingDirectory(ward.world.config.jobs.map(yamlJob));
  const env = environmentOf(ward);
  const doctor = (args: readonly string[], variables = {}) =>
    run(['doctor', ...args], { cwd: cwd.path, env: { ...env, ...variables } });
  const before = await everything(ward.world);

  await t.step('all is well: 0, and a page of 80 columns without colours', async () => {
    const { code, stdout, stderr } = await doctor([]);
    assert.deepEqual([code, stderr], [EXIT.ok, ''], stdout);
    assert.match(stdout, /^This program\n {2}ok {4}immich-sidecar \d/);
    assert.match(stdout, /\n\d+ ok, 1 not looked at\n$/);
    assert.deepEqual(stdout.split('\n').filter((line) => line.length > 80), []);
    assert.doesNotMatch(stdout, ESCAPE);
  });

  await t.step('a warning: 3; a failure: 4', async () => {
    const warned = await doctor([], { WRITE_TO: 'embed' });
    assert.equal(warned.code, EXIT.partial, warned.stdout);
    assert.match(warned.stdout, /\nTo be repaired\n {2}warn {2}.*\n[^]*\d+ ok, 1 warning, 1 not looked at\n$/);
    const failed = await doctor([], { UPLOAD_LOCATION: '/nowhere' });
    assert.equal(failed.code, EXIT.refused);
    assert.match(
      failed.stdout,
      / {2}FAIL {2}"\/nowhere", which is "\/data" in Immich, is not here\.\s+\(files\.directories\)\n {8}-> Mount it/,
    );
  });

  await t.step('--json is one object', async () => {
    const { code, stdout, stderr } = await doctor(['--json', '--thorough'], { PUID: '12345' });
    assert.deepEqual([code, stderr], [EXIT.partial, '']);
    assert.match(stdout, /^[^\n]+\n$/);
    const { findings, ...counts } = JSON.parse(stdout);
    assert.deepEqual(counts, { ok: findings.length - 2, warn: 1, fail: 0, skipped: 1 });
    for (const { check, group, status, message, remedy, ...rest } of findings) {
      assert.deepEqual(rest, {});
      assert.ok(check.startsWith(`${group}.`) && message.length > 0);
      assert.equal(typeof remedy, status === 'warn' || status === 'fail' ? 'string' : 'undefined', check);
    }
  });

  await t.step('a configuration with problems is a finding like others', async () => {
    const { code, stdout, stderr } = await doctor(['--config', 'nowhere.yaml'], { DB_PROT: '1' });
    assert.deepEqual([code, stderr], [EXIT.refused, '']);
    assert.match(
      stdout,
      /FAIL {2}DB_PROT \(environment\): this is not the name of a setting\.\s+\(program\.config\)\n {8}-> Did you mean DB_PORT\?/,
    );
    assert.match(
      stdout,
      /Not looked at: connection, extensions, rights, role, backups, clock\. The\s+configuration\s+has problems\./,
    );
    assert.match(stdout, /\n {2}ok {4}ExifTool \d/);
  });

  await t.step('passwords and keys never appear', async () => {
    for (const args of [[], ['--json']]) {
      const { stdout, stderr } = await doctor(args, { DB_PASSWORD: KEY, IMMICH_API_KEY: KEY, LOG_LEVEL: 'DEBUG' });
      for (const spelling of [KEY, JSON.stringify(KEY).slice(1, -1), encodeURIComponent(KEY), KEY.slice(-36)]) {
        assert.ok(!(stdout + stderr).includes(spelling), `${spelling} is in ${stdout}${stderr}`);
      }
    }
  });

  await t.step(
    'nor do the token of the dashboard and the address of notifications, wherever they come from',
    async () => {
      const token = crypto.randomUUID();
      for (const variables of [{ HTTP_TOKEN: token }, { NOTIFY_URL: `https://example.com/${token}` }]) {
        const [secret = ''] = Object.values(variables);
        const { stdout } = await doctor([], { ...variables, DB_DATABASE_NAME: secret });
        assert.match(stdout.replaceAll(/\s+/g, ' '), /"(?:https:\/\/example\.com\/)?\*{3}"/);
        assert.ok(!stdout.includes(token), stdout);
      }
    },
  );

  await t.step('nothing was written', async () => {
    assert.deepEqual(await everything(ward.world), before);
    assert.deepEqual([...Deno.readDirSync(cwd.path)].map(({ name }) => name), ['config.yaml']);
  });
});

testUnless(noTerminal, 'doctor: colours on a terminal, unless NO_COLOR says otherwise', async () => {
  using cwd = workingDirectory('');
  const env = { DB_HOSTNAME: '127.0.0.1', DB_PORT: '1', TERM: 'xterm' };
  const options = { cwd: cwd.path, wrapper: inTerminal };
  const coloured = await run(['doctor'], { ...options, env });
  assert.equal(coloured.code, EXIT.refused);
  assert.match(coloured.stdout, ESCAPE);
  const plain = await run(['doctor'], { ...options, env: { ...env, NO_COLOR: '1' } });
  assert.doesNotMatch(plain.stdout, ESCAPE);
});

const ESCAPE = new RegExp('\u001b');

Deno.test('doctor --help: what it takes, examples and exit codes, in 80 columns', async () => {
  using cwd = workingDirectory('');
  const { code, stdout, stderr } = await run(['doctor', '--help'], { cwd: cwd.path, env: {} });
  assert.deepEqual([code, stderr], [EXIT.ok, '']);
  for (const word of ['--thorough', '--json', '--config <file>', 'Examples', 'Exit codes', 'Changes nothing']) {
    assert.ok(stdout.replaceAll(/\s+/g, ' ').includes(word), word);
  }
  assert.deepEqual(stdout.split('\n').filter((line) => line.length > 80), []);
});
