import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { testUnless } from '../files/scratch.ts';
import { World } from '../share/world.ts';
import { everything } from './everything.ts';
import { run, type RunOptions, variablesOf, workingDirectory, yamlJob } from './program.ts';
import { noTerminal, typing } from './pty.ts';

/** A world that was shared, without the photo that Bob has deleted. */
async function shared(): Promise<World> {
  const world = await World.open('v3.1.0');
  await world.share();
  await world.sql`DELETE FROM asset WHERE id = ${await world.mirrorOf('family/wedding') ?? ''}`;
  await world.share();
  return world;
}

async function mirrors(world: World): Promise<number> {
  return (await world.sql`SELECT FROM immich_sidecar.asset_map`).length;
}

/** A run of which nothing may remain. */
async function look(world: World, args: string[], options: RunOptions, code: number = EXIT.ok) {
  const before = await everything(world);
  const result = await run(args, options);
  assert.equal(result.code, code, `${args.join(' ')}\n${result.stdout}${result.stderr}`);
  assert.deepEqual(await everything(world), before);
  return result;
}

Deno.test('unshare: look, be asked, do, and do again', async () => {
  await using world = await shared();
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: variablesOf(world) };
  const count = await mirrors(world);

  const text = await look(world, ['unshare', '--dry-run'], options);
  assert.match(text.stdout, /^share +photos\nfamily to bob +\d+\nuploads to bob +\d+\n/);
  assert.match(
    text.stdout,
    new RegExp(`^To be removed: ${count} photos and videos \\([\\d.]+ \\w+, which the source keeps`, 'm'),
  );
  assert.match(text.stdout, /^Still configured: "family to bob", "uploads to bob"\.\nThe next sync shares it again/m);
  assert.match(text.stdout, /Nothing was changed\.\n$/);
  const json = JSON.parse((await look(world, ['unshare', '--dry-run', '--json'], options)).stdout);
  assert.deepEqual([json.dryRun, json.mirrors.length, json.counts.mirrors], [true, count, count]);

  const unasked = await look(world, ['unshare'], options, EXIT.usage);
  assert.match(unasked.stderr, /there is no terminal to ask on\.\n {2}-> .*--yes/);
  await look(world, ['unshare', '--job', 'famly', '--yes'], options, EXIT.usage);
  await look(world, ['unshare', '--user', 'bob', '--yes'], options, EXIT.usage);
  await look(world, ['unshare', '--user', crypto.randomUUID(), '--yes'], options, EXIT.usage);
  await look(world, ['unshare', '--user', crypto.randomUUID(), '--job', 'family to bob'], options, EXIT.usage);

  const job = await run(['unshare', '--yes', '--json', '--job', 'uploads to bob'], options);
  assert.equal(job.code, EXIT.ok, job.stderr);
  const { mirrors: uploads, problems } = JSON.parse(job.stdout);
  assert.deepEqual([problems, await mirrors(world)], [[], count - uploads]);
  const bob = world.library.users.bob.id;
  const rest = await run(['unshare', '--yes', '--user', bob.toUpperCase()], options);
  assert.match(
    rest.stdout,
    new RegExp(`^Removed: ${count - uploads} photos and videos, \\d+ people, \\d+ links\\.$`, 'm'),
  );
  assert.equal(await mirrors(world), 0);
  assert.equal((await look(world, ['unshare'], options)).stdout, 'Nothing is shared.\n');
});

testUnless(noTerminal, 'unshare on a terminal: anything but yes changes nothing', async () => {
  await using world = await shared();
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: { ...variablesOf(world), TERM: 'xterm' } };
  for (const answer of ['n', '', 'yesterday']) {
    const { stdout } = await look(world, ['unshare'], { ...options, wrapper: typing(answer) });
    assert.match(stdout, /Remove all this\? \[y\/N\]/);
    assert.match(stdout, /Nothing was changed\./);
  }
  const { code, stdout } = await run(['unshare'], { ...options, wrapper: typing('y') });
  assert.equal(code, EXIT.ok, stdout);
  assert.equal(await mirrors(world), 0);
});

Deno.test('reshare: list, be asked, do, and do again', async () => {
  await using world = await shared();
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: variablesOf(world) };
  const wedding = world.id('family/wedding');

  const list = await look(world, ['reshare', '--list'], options);
  assert.match(list.stdout, /^since +why it is not shared +asset +file\n/);
  assert.match(
    list.stdout,
    new RegExp(`^\\d{4}-\\d\\d-\\d\\d +the receiving user has deleted it +${wedding} +".*"$`, 'm'),
  );
  assert.match(list.stdout, /the receiving user has it already/);
  const json = JSON.parse((await look(world, ['reshare', '--list', '--json', wedding], options)).stdout);
  assert.deepEqual(json.decisions.map(({ sourceAssetId }: { sourceAssetId: string }) => sourceAssetId), [wedding]);

  assert.match((await look(world, ['reshare'], options, EXIT.usage)).stderr, /--job, --user or --all/);
  assert.match((await look(world, ['reshare', '--all'], options, EXIT.usage)).stderr, /--yes/);
  await look(world, ['reshare', 'wedding.jpg', '--yes'], options, EXIT.usage);
  await look(world, ['reshare', '--job', 'famly', '--yes'], options, EXIT.usage);
  await look(world, ['reshare', '--all', wedding, '--yes'], options, EXIT.usage);
  assert.match((await look(world, ['reshare', crypto.randomUUID(), '--yes'], options)).stdout, /^Nothing of that/);

  const one = await run(['reshare', wedding, '--yes'], options);
  assert.equal(one.stdout, 'Shared again by the next sync, as far as it is still selected: 1.\n');
  assert.equal((await run(['sync'], options)).code, EXIT.ok);
  assert.ok(await world.mirrorOf('family/wedding'));
  const rest = await run(['reshare', '--all', '--yes', '--json'], options);
  assert.ok(JSON.parse(rest.stdout).forgotten > 0);
  assert.deepEqual(JSON.parse((await look(world, ['forget', '--dry-run', '--json'], options)).stdout), {
    decisions: [],
    stops: [],
  });
});

testUnless(noTerminal, 'reshare on a terminal asks', async () => {
  await using world = await shared();
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: { ...variablesOf(world), TERM: 'xterm' } };
  const args = ['reshare', world.id('family/wedding')];
  assert.match((await look(world, args, { ...options, wrapper: typing('n') })).stdout, /Share it again\? \[y\/N\]/);
  assert.match((await run(args, { ...options, wrapper: typing('yes') })).stdout, /still selected: 1\./);
});
