import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import { OUTCOMES } from '../../src/writeback/outcome.ts';
import { Ledger } from '../../src/writeback/ledger/ledger.ts';
import { libraryFromDatabase } from '../harness/fake_immich/from_database.ts';
import { FakeImmich } from '../harness/fake_immich/server.ts';
import { World } from '../share/world.ts';
import { fingerprints, libraryFiles } from '../writeback/run/helper.ts';
import { run, type RunOptions, variablesOf, workingDirectory } from './program.ts';

/** How every sequence begins that moves a cursor or colours text. */
const ESCAPE = new RegExp('\u001b');

function optionsOf(world: World, cwd: string): RunOptions {
  return { cwd, env: { ...variablesOf(world), WRITE_SOURCE: 'database', LOG_LEVEL: 'WARNING' } };
}

Deno.test('write: a dry run shows each tag, then it is written, then there is nothing to do, then it is undone', async (t) => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory('{}');
  const options = optionsOf(world, cwd.path);
  const before = fingerprints(libraryFiles(world));
  const beach = JSON.stringify(Deno.realPathSync(assetOf(world.library, 'family/beach').localPath));
  const state = `${cwd.path}/.immich-sidecar`;

  await t.step('--dry-run', async () => {
    const { code, stdout, stderr } = await run(['write', '--all', '--dry-run'], options);
    assert.equal(code, EXIT.ok, stderr);
    const block = new RegExp(`^~ ${beach}\\n((?: {4}.*\\n)+)`, 'm').exec(stdout)?.[1] ?? '';
    assert.match(block, /^ {4}\+ XMP-dc:Subject: "Dora Example"$/m);
    assert.match(block, /^ {4}\+ XMP-dc:Description: "At the beach"$/m);
    assert.match(stdout, /^ *\d+ {2}would be written$/m);
    assert.match(stdout, /done in [\d.]+ s \(\d+\/s\): nothing was changed\n$/);
    assert.doesNotMatch(stdout + stderr, ESCAPE);
    assert.deepEqual(fingerprints(libraryFiles(world)), before);
  });

  await t.step('--dry-run --json: an object for each file, the last one adds up', async () => {
    const { code, stdout } = await run(['write', '--all', '--dry-run', '--json'], options);
    assert.equal(code, EXIT.ok);
    const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
    const report = lines.pop();
    assert.equal(report.dryRun, true);
    assert.ok(report.outcomes['would-write'] > 20);
    assert.deepEqual(lines.find(({ path }) => JSON.stringify(path) === beach)?.kind, 'media');
    for (const { changes } of lines) assert.ok(changes.length > 0);
  });

  await t.step('--sidecar-name', async () => {
    const args = ['write', '--caption', '--to', 'sidecar', '--sidecar-name', 'photo.xmp', '--dry-run'];
    const { code, stdout, stderr } = await run(args, options);
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stdout, /\/beach\.xmp"\n(?: {4}.*\n)* {4}\+ XMP-photoshop:SidecarForExtension: "jpg"\n/);
  });

  await t.step('write, with statistics and a log file', async () => {
    const { code, stdout, stderr } = await run(['write', '--all', '--only-new', '--export-stats', 'csv'], options);
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stdout, /^ *\d+ {2}written$/m);
    assert.match(stdout, /media files and \d+ sidecars written; run 1\n$/);
    const path = /^statistics: (.*)$/m.exec(stderr)?.[1] ?? '';
    assert.equal(path, `${Deno.realPathSync(state)}/run-1.csv`);
    const rows = Deno.readTextFileSync(path).trimEnd().split('\r\n').map((row) => row.split(','));
    const values = new Map(rows.map(([name, value]) => [name, value]));
    assert.deepEqual(rows[0], ['statistic', 'value']);
    const sum = OUTCOMES.reduce((total, outcome) => total + Number(values.get(outcome)), 0);
    assert.equal(sum, Number(values.get('assets')));
    assert.match(Deno.readTextFileSync(`${cwd.path}/immich_ultra_sync.txt`), /Uploaded originals are written into/);
    assert.match(stderr, /--to sidecar/);
  });

  const written = fingerprints(libraryFiles(world));
  await t.step('again: nothing; as JSON one object; statistics as JSON are that object', async () => {
    const { code, stdout, stderr } = await run(['write', '--all', '--json', '--export-stats', 'json'], options);
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stdout, /^[^\n]+\n$/);
    const report = JSON.parse(stdout);
    assert.deepEqual([report.outcomes.written, report.outcomes['already-right']], [0, 0]);
    assert.deepEqual(JSON.parse(Deno.readTextFileSync(`${state}/run-2.json`)), report);
    assert.deepEqual(fingerprints(libraryFiles(world)), written);
  });

  await t.step('a second run at the same time is refused', async () => {
    using _ = Ledger.open(state);
    const { code, stderr } = await run(['write', '--all'], options);
    assert.equal(code, EXIT.refused);
    assert.match(stderr, /Another run works with the history/);
  });

  await t.step('undo asks, shows and does', async () => {
    const asked = await run(['undo'], options);
    assert.equal(asked.code, EXIT.usage);
    assert.match(asked.stderr, /--yes/);
    const shown = await run(['undo', '--run', '1', '--dry-run'], options);
    assert.equal(shown.code, EXIT.ok, shown.stderr);
    assert.match(shown.stdout, new RegExp(`^< ${beach}: \\d+ tags$`, 'm'));
    assert.match(shown.stdout, /would undo \d+ files of run 1 of .*; nothing was changed\n$/);
    assert.deepEqual(fingerprints(libraryFiles(world)), written);
    const one = await run(['undo', JSON.parse(beach), '--yes', '--json'], options);
    assert.equal(one.code, EXIT.ok, one.stderr);
    assert.deepEqual(JSON.parse(one.stdout.trimEnd().split('\n').at(-1) ?? '').outcomes.undone, 1);
    const rest = await run(['undo', '--yes'], options);
    assert.equal(rest.code, EXIT.ok, rest.stderr);
    assert.deepEqual(libraryFiles(world), [...before.keys()]);
    const nothing = await run(['undo', '--yes'], options);
    assert.equal(nothing.code, EXIT.usage);
    assert.match(nothing.stderr, /knows of no change/);
  });
});

Deno.test('write: what is wrong with the command line or the configuration is one message with a remedy', async () => {
  using cwd = workingDirectory('{}');
  const env = { IMMICH_API_URL: 'http://127.0.0.1:1', IMMICH_API_KEY: 'some-key-123' };
  for (
    const { args, variables = {}, says } of [
      { args: [], says: /Nothing was chosen[^]*--all, or some of --people .*--face-coordinates/ },
      { args: ['--only-new'], says: /Nothing was chosen/ },
      { args: ['--all', '--to', 'nowhere'], says: /embed, sidecar, both/ },
      { args: ['--all', '--sidecar-name', 'xmp'], says: /photo\.jpg\.xmp, photo\.xmp/ },
      {
        args: ['--all'],
        variables: { WRITE_SIDECAR_NAME: 'xmp' },
        says: /WRITE_SIDECAR_NAME[^]*photo\.jpg\.xmp or photo\.xmp/,
      },
      { args: ['--all', '--source', 'guess'], says: /api, database/ },
      { args: ['--all', '--export-stats', 'xml'], says: /json, csv/ },
      { args: ['--all', '--since', 'yesterday'], says: /2026-07-01/ },
      { args: ['--all', '--log-level', 'LOUD'], says: /LOG_LEVEL[^]*WARNING/ },
      { args: ['--all', '--config', 'none.ini'], says: /none\.ini/ },
      { args: ['--all'], variables: { IMMICH_API_KEY: '' }, says: /IMMICH_API_KEY/ },
      { args: ['--all'], variables: { WRITE_STATE_DIR: '/proc/nowhere' }, says: /WRITE_STATE_DIR/ },
      { args: ['--all'], variables: { IMMICH_LOG_FILE: '/proc/nowhere/log' }, says: /IMMICH_LOG_FILE/ },
    ]
  ) {
    const { code, stdout, stderr } = await run(['write', ...args], { cwd: cwd.path, env: { ...env, ...variables } });
    assert.deepEqual([code, stdout], [EXIT.usage, ''], `${args}: ${stderr}`);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /some-key-123|\n\s+at /);
  }
});

Deno.test('write from the API: settings from an INI file as the predecessor had it, failures end with exit code 3', async () => {
  await using world = await World.open('v2.7.5');
  using cwd = workingDirectory('{}');
  Deno.removeSync(`${cwd.path}/config.yaml`);
  const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
  await using fake = new FakeImmich({ dialect: '2.7.5', library });
  const settings = {
    IMMICH_INSTANCE_URL: fake.url,
    IMMICH_API_KEY: fake.apiKey.reveal(),
    PATH_MAP: `/data=${world.directory}/media,/external_library=${world.directory}/external`,
    WRITE_SETTLE_SECONDS: '0',
    LOG_LEVEL: 'WARNING',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  Deno.writeTextFileSync(`${cwd.path}/immich-sync.conf`, `[immich]\n${lines.join('')}`);
  const first = await run(['write', '--all', '--albums', '--json'], { cwd: cwd.path, env: {} });
  assert.equal(first.code, EXIT.ok, first.stderr);
  const report = JSON.parse(first.stdout);
  assert.ok(report.outcomes.written > 20);
  assert.match(report.source, /^Immich 2\.7\.5 at http:\/\/127\.0\.0\.1:\d+, photos of /);

  // The longest name of the library has no room for a sidecar.
  const second = await run(['write', '--all', '--albums', '--to', 'sidecar'], { cwd: cwd.path, env: {} });
  assert.equal(second.code, EXIT.partial, second.stderr);
  assert.match(second.stdout, /^ {2}! ".*üx\.jpg": the name is too long/m);
  assert.match(second.stdout, /done, with failures in/);
  const requests = fake.requests.length;
  const third = await run(['write', '--all', '--albums', '--to', 'sidecar', '--clear-album-cache'], {
    cwd: cwd.path,
    env: {},
  });
  assert.equal(third.code, EXIT.partial);
  assert.ok(fake.paths(requests).includes('GET /albums'), 'the albums are asked for again');
  assert.ok(!fake.paths().slice(1, requests).includes('POST /faces'));
});

Deno.test('write --help has every flag, examples and where to look', async () => {
  using cwd = workingDirectory('{}');
  const { code, stdout } = await run(['write', '--help'], { cwd: cwd.path, env: {} });
  assert.equal(code, EXIT.ok);
  for (
    const flag of ('all people gps caption time rating albums face-coordinates tags to source since only-new dry-run ' +
      'resume clear-checkpoint clear-album-cache export-stats log-level config json').split(' ')
  ) assert.match(stdout, new RegExp(`--${flag}\\b`), flag);
  assert.match(stdout, /Examples:/);
});
