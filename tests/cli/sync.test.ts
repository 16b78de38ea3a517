import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import type { CycleReport } from '../../src/share/cycle/report.ts';
import { World } from '../share/world.ts';
import { everything } from './everything.ts';
import { run, type RunOptions, variablesOf, workingDirectory, yamlJob } from './program.ts';

/** How every sequence begins that moves a cursor or colours text. */
const ESCAPE = new RegExp('\u001b');

/** The paths of all sources that have a mirror, and whether they are parts of live photos. */
async function mirrored(world: World): Promise<{ path: string; isMotionPart: boolean }[]> {
  return await world.sql<{ path: string; isMotionPart: boolean }[]>`
    SELECT
      a."originalPath" AS path,
      EXISTS (SELECT 1 FROM asset still WHERE still."livePhotoVideoId" = a.id) AS "isMotionPart"
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    ORDER BY 1`;
}

Deno.test('a dry run shows what the next cycle does and writes nothing; --json prints one object for each of them', async (t) => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options: RunOptions = { cwd: cwd.path, env: variablesOf(world) };
  /** A run of which nothing may remain. */
  const look = async (...args: string[]) => {
    const before = await everything(world);
    const result = await run(['sync', '--dry-run', ...args], options);
    assert.equal(result.code, EXIT.ok, result.stderr);
    assert.deepEqual(await everything(world), before);
    return result;
  };

  const text = await look('--list');
  const json = await look('--json');
  const shown = plannedPaths(text.stdout);

  await t.step('as JSON every line is an object, and the last one adds up', () => {
    const steps = json.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
    const planned = steps.slice(0, -1).filter(({ phase }) => phase === 'new-assets').flatMap(({ plan }) =>
      plan.mirrors
    );
    assert.deepEqual(planned.map(({ plan }) => plan.sourcePath).toSorted(), shown.toSorted());
    assert.equal(steps.at(-1).dryRun, true);
    assert.equal(steps.at(-1).photosToShare, shown.length);
    assert.match(text.stdout, new RegExp(`would do: ${shown.length} photos to share, .*; nothing was changed\n$`));
  });

  await t.step('without --list it is a summary by share, kind and folder, and what is left as it is', async () => {
    const { stdout } = await look();
    assert.match(
      stdout,
      /^family to bob\n {2}\+ \d+ photos to share\n {6}\d+: "\/external_library\/alice\/family[^"\n]*"$/m,
    );
    assert.match(stdout, /^ {2}! \d+ photos? to leave out\n {6}\d+: the receiving user has the same picture$/m);
    assert.match(stdout, /^ {2}\d+ waiting for .* by Immich$/m);
    assert.match(
      stdout,
      new RegExp(`\nwould do: ${shown.length} photos to share, .*\n--list shows each of them\\.\n$`),
    );
    assert.ok(stdout.split('\n').length < 60 && !stdout.includes(' -> '), 'no photo by itself');
    const sums = [...stdout.matchAll(/^ {2}\+ (\d+) photos to share$/gm)].map(([, count]) => Number(count));
    assert.equal(sums.reduce((sum, count) => sum + count, 0), shown.length);
  });

  await t.step('nothing but the report is on stdout, nothing colours a file', async () => {
    const result = await run(['sync', '--json'], options);
    assert.equal(result.code, EXIT.ok, result.stderr);
    assert.match(result.stdout, /^[^\n]+\n$/);
    const report: CycleReport = JSON.parse(result.stdout);
    assert.equal(report.complete, true);
    assert.equal(report.jobs.reduce((sum, job) => sum + job.created, 0), (await mirrored(world)).length);
    assert.doesNotMatch(text.stdout + text.stderr + json.stderr + result.stderr, ESCAPE);
  });

  await t.step('the cycle has done what was shown, and the motion parts of what was shown', async () => {
    const done = await mirrored(world);
    assert.deepEqual(
      shown.toSorted(),
      done.filter(({ isMotionPart }) => !isMotionPart).map(({ path }) => path).toSorted(),
    );
  });

  await t.step('after it there is nothing to do', async () => {
    assert.equal((await look('--list')).stdout, 'nothing to do\n');
    assert.match((await look()).stdout, /\d+ are shared already\n[^]*\nnothing to do\n$/);
    assert.equal((await look('--json')).stdout.trimEnd().split('\n').at(-1), '{"dryRun":true}');
  });

  await t.step('what goes, comes and changes later is shown too', async () => {
    const mirror = await world.mirrorOf('family/portrait');
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
    await world.sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${world.id('family/archived')}`;
    await world.sql`UPDATE person SET name = 'Dora B.' WHERE id = ${world.library.people['alice/dora'].id}`;
    const { stdout } = await look('--list');
    assert.match(stdout, new RegExp(`^- family to bob: shared photo ${mirror} \\(source-locked\\)$`, 'm'));
    assert.match(stdout, /^\+ family to bob: ".*archived\.jpg" -> /m);
    assert.match(stdout, /^~ person /m);
    const before = (await mirrored(world)).map(({ path }) => path);
    assert.equal((await run(['sync'], options)).code, EXIT.ok);
    const added = (await mirrored(world)).map(({ path }) => path).filter((path) => !before.includes(path));
    assert.deepEqual(added, plannedPaths(stdout));
  });

  await t.step('a reader that leaves early ends nothing', async () => {
    const wrapper = ['sh', '-c', '"$@" | true', 'sh'];
    for (const args of [['sync', '--dry-run'], ['sync', '--help'], ['sync', '--dry-run', '--json']]) {
      const { stderr } = await run(args, { ...options, wrapper });
      assert.equal(stderr, '');
    }
  });
});

Deno.test('a cycle with failures says so: exit code 3, a line for each, and JSON lines where JSON was asked for', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const env = variablesOf(world);
  Deno.removeSync(world.library.assets.find(({ key }) => key === 'family/portrait')?.localPath ?? '');

  const text = await run(['sync'], { cwd: cwd.path, env });
  assert.equal(text.code, EXIT.partial);
  assert.match(text.stdout, /^share +selected +shared +new +faces +people +links +removed\n/);
  assert.match(text.stdout, /^ {2}1 waiting: the file is not there$/m);
  assert.match(text.stdout, /^ {2}! .*portrait\.jpg": the file is not there/m);
  assert.match(text.stdout, /done, with failures in [\d.]+ s\n.* are not stored twice\n$/);
  assert.match(text.stderr, /portrait\.jpg": the file is not there/);
  assert.doesNotMatch(text.stdout + text.stderr, ESCAPE);

  // With a note, as SHARED_PATH_PREFIX is ignored beside the jobs of the file.
  const noted = { ...env, LOG_FORMAT: 'json', SHARED_PATH_PREFIX: '/external_library/alice/' };
  const json = await run(['sync', '--json'], { cwd: cwd.path, env: noted });
  assert.equal(json.code, EXIT.partial);
  assert.equal(JSON.parse(json.stdout).complete, false);
  const messages = assertJsonLines(json.stderr).map(({ message }) => message);
  assert.ok(messages.some((message) => /SHARED_PATH_PREFIX/.test(message)), 'the note');
  assert.ok(messages.some((message) => /portrait\.jpg/.test(message)), 'the skipped photo');
});

Deno.test('LOG_FORMAT=json: an error is a line of JSON too, wherever it comes from', async () => {
  using cwd = workingDirectory('jobs: []');
  const env = { LOG_FORMAT: 'JSON', DB_PORT: '1', DB_WAIT_SECONDS: '0' };
  const users = { SOURCE_USER_ID: crypto.randomUUID(), TARGET_USER_ID: crypto.randomUUID() };
  const job = {
    ...users,
    TARGET_LIBRARY_ID: crypto.randomUUID(),
    SHARED_PATH_PREFIX: '/external_library/a/',
    TARGET_PATH_PREFIX: '/external_library/b/',
  };
  for (
    const { args, variables, is, says } of [
      { args: [], variables: {}, is: 'usage', says: 'A command is missing.' },
      { args: ['sync', '--nonsense'], variables: {}, is: 'usage', says: "unknown option '--nonsense'" },
      { args: ['sync'], variables: {}, is: 'configuration', says: 'nothing is configured' },
      {
        args: ['sync'],
        variables: { ...job, DB_HOSTNAME: '127.0.0.1' },
        is: 'database-away',
        says: 'No PostgreSQL answers',
      },
    ]
  ) {
    const { code, stdout, stderr } = await run(args, { cwd: cwd.path, env: { ...env, ...variables } });
    assert.deepEqual([code, stdout], [EXIT.usage, '']);
    const [line, ...others] = assertJsonLines(stderr);
    assert.equal(others.length, 0);
    assert.ok(line?.message.includes(says), stderr);
    assert.equal(line?.level, 'ERROR');
    assert.equal(line?.properties.exitCode, EXIT.usage);
    assert.equal(line?.properties.code, is);
    assert.ok(line?.properties.remedy);
  }
});

interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly properties: { readonly remedy?: string; readonly exitCode?: number; readonly code?: string };
}

function assertJsonLines(text: string): LogLine[] {
  assert.match(text, /\n$/);
  return text.trimEnd().split('\n').map((line) => JSON.parse(line));
}

/** The sources that a dry run says it would mirror. */
function plannedPaths(text: string): string[] {
  return [...text.matchAll(/^\+ [^:]*: (".*") -> ".*"$/gm)].map(([, path]) => JSON.parse(path ?? '""'));
}
