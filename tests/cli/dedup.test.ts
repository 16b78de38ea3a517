import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { testUnless } from '../files/scratch.ts';
import { World } from '../share/world.ts';
import { everything } from './everything.ts';
import { run, variablesOf, workingDirectory, yamlJob } from './program.ts';
import { noTerminal, typing } from './pty.ts';

Deno.test('dedup: look, no terminal, --yes, and nothing more to do', async () => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: variablesOf(world) };
  await world.share();
  const none = await run(['dedup'], options);
  assert.deepEqual([none.code, none.stdout], [EXIT.ok, 'There are no duplicates.\n']);
  await bobHasPortrait(world);
  const before = await everything(world);

  const look = await run(['dedup', '--dry-run'], options);
  assert.equal(look.code, EXIT.ok, look.stderr);
  assert.equal(
    look.stdout,
    'taken on    shared        their own\n' +
      '2023-06-03  portrait.jpg  Portrait.HEIC\n' +
      'To be removed: 1 photo or video, 0 people, 3 links.\n' +
      'Nothing was changed.\n',
  );
  const json = JSON.parse((await run(['dedup', '--dry-run', '--json'], options)).stdout);
  assert.equal(json.dryRun, true);
  assert.deepEqual(json.counts, { mirrors: 1, people: 0, links: 3 });
  assert.equal(json.duplicates[0].mirrorAssetId, await world.mirrorOf('family/portrait'));
  assert.equal(json.duplicates[0].ownAssetId, world.id('bob/dog'));
  const exact = await run(['dedup', '--match-time', '--dry-run'], options);
  assert.match(exact.stdout, /There are no duplicates/);

  const unasked = await run(['dedup'], options);
  assert.equal(unasked.code, EXIT.usage);
  assert.match(unasked.stderr, /no terminal to ask on/);
  assert.match(unasked.stderr, /--yes/);
  for (const args of [['--user', 'bob'], ['--job', 'nobody'], ['--job', 'a', '--user', 'b']]) {
    assert.equal((await run(['dedup', '--yes', ...args], options)).code, EXIT.usage, args.join(' '));
  }
  assert.deepEqual(await everything(world), before);

  const done = await run(['dedup', '--yes', '--json'], options);
  assert.deepEqual([done.code, JSON.parse(done.stdout)], [EXIT.ok, { mirrors: 1, people: 0, links: 3, problems: [] }]);
  assert.equal(await world.mirrorOf('family/portrait'), undefined);
  const forgotten = await run(['reshare', '--list'], options);
  assert.match(forgotten.stdout, new RegExp(`the receiving user has it already +${world.id('family/portrait')}`));
});

testUnless(noTerminal, 'dedup asks on a terminal, and takes anything but yes for no', async () => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const env = { ...variablesOf(world), TERM: 'xterm' };
  await world.share();
  await bobHasPortrait(world);
  const before = await everything(world);
  const no = await run(['dedup'], { cwd: cwd.path, env, wrapper: typing('nope') });
  assert.match(no.stdout, /Remove these\? \[y\/N\]/);
  assert.match(no.stdout, /Nothing was changed\./);
  assert.deepEqual(await everything(world), before);
  const yes = await run(['dedup'], { cwd: cwd.path, env, wrapper: typing('y') });
  assert.match(yes.stdout, /Removed: 1 photo or video, 0 people, 3 links\. They are not shared again\./);
});

async function bobHasPortrait(world: World): Promise<void> {
  const own = world.id('bob/dog');
  await world.sql`
    UPDATE asset SET "originalFileName" = 'Portrait.HEIC', "localDateTime" = '2023-06-03T23:00:00Z' WHERE id = ${own}`;
  await world.sql`UPDATE asset_exif SET "dateTimeOriginal" = '2023-06-03T14:00:00Z' WHERE "assetId" = ${own}`;
}
