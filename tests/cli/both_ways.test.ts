import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { edit, goBothWays, mirrorId, openTwoWays, PHOTO, said } from '../share/both_ways/two_ways.ts';
import type { World } from '../share/world.ts';
import { everything } from './everything.ts';
import { run, type RunOptions, variablesOf, workingDirectory, yamlJob } from './program.ts';

/** The program over a world whose shares go both ways. */
function programOver(world: World) {
  const cwd = workingDirectory(world.config.jobs.map((job) => ({ ...yamlJob(job), both_ways: job.bothWays })));
  const options: RunOptions = { cwd: cwd.path, env: { ...variablesOf(world), LOG_LEVEL: 'WARNING' } };
  return {
    ask: (...args: string[]) => run(args, options),
    json: async (...args: string[]) => JSON.parse((await run([...args, '--json'], options)).stdout),
    [Symbol.dispose]: () => cwd[Symbol.dispose](),
  };
}

async function fileNameOf({ sql }: World, id: string): Promise<string> {
  const [row] = await sql<{ name: string }[]>`SELECT "originalFileName" AS name FROM asset WHERE id = ${id}`;
  return row?.name ?? assert.fail();
}

Deno.test('resolve: conflicts are listed with both values, in status and explain, too; one is decided, and the next cycle carries it out', async () => {
  await using world = await openTwoWays('v3.1.0');
  using program = programOver(world);
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const name = await fileNameOf(world, source);
  assert.match((await program.ask('resolve')).stdout, /^There is no conflict: /);
  await edit(world, source, { description: 'Lake', rating: 4 });
  await edit(world, mirror, { description: 'The lake in 1974', rating: 5 });
  await world.untilIdle();

  const before = await everything(world);
  for (const args of [['resolve'], ['resolve', name], ['status'], ['explain', name], ['explain', mirror]]) {
    const { code, stdout, stderr } = await program.ask(...args);
    assert.deepEqual([code, stderr], [EXIT.ok, '']);
    assert.match(stdout, /another description on both sides, as both have changed it/);
    assert.match(stdout, /the owner's: "Lake"\n *the recipient's: "The lake in 1974"\n/);
    assert.match(stdout, /the owner's: 4 stars\n *the recipient's: 5 stars\n/);
  }
  assert.equal((await program.json('status')).share.conflicts.length, 2);
  assert.equal((await program.json('explain', source)).photos[0].conflicts.length, 2);
  assert.deepEqual(
    (await program.json('resolve', source, '--field', 'rating')).conflicts.map((one: { field: string }) => one.field),
    ['rating'],
  );
  assert.deepEqual(await everything(world), before, 'looking changes nothing');

  const { code, stdout } = await program.ask('resolve', name, '--take', 'target', '--field', 'description');
  assert.equal(code, EXIT.ok);
  assert.match(
    stdout,
    /what the receiving user says counts for both: description\. .*\n {2}given up: description "Lake", of the owner\n/,
  );
  assert.match((await program.ask('resolve', mirror, '--take', 'source')).stdout, /counts for both: rating\./);
  assert.equal((await program.ask('sync')).code, EXIT.ok);
  for (const id of [source, mirror]) {
    const { description, rating } = await said(world, id);
    assert.deepEqual([description, rating], ['The lake in 1974', 4]);
  }
  assert.deepEqual((await program.json('status')).share.conflicts, []);
});

Deno.test('resolve: no conflict, no such photo, several of that name, and what does not fit together', async () => {
  await using world = await openTwoWays('v3.1.0');
  using program = programOver(world);
  const [source, other] = [world.id(PHOTO), world.id('family/picnic')];
  const refused = async (args: readonly string[], words: RegExp) => {
    const { code, stderr } = await program.ask('resolve', ...args);
    assert.equal(code, EXIT.usage, stderr);
    assert.match(stderr, words);
  };
  await refused([source, '--take', 'source'], /There is no conflict about the photo /);
  await refused(['nowhere.jpg', '--take', 'source'], /Immich knows no photo "nowhere\.jpg"\.[^]*the name of its file/);
  await refused(['--take', 'source'], /--take is about one photo/);
  await refused([source, '--take', 'both'], /Allowed choices are source, target/);
  await refused([source, '--job', 'famly', '--take', 'source'], /famly/);
  await world.sql`UPDATE asset SET "originalFileName" = 'twice.jpg' WHERE id IN (${source}, ${other})`;
  await refused(['twice.jpg', '--take', 'source'], new RegExp(`2 photos are called "twice\\.jpg"\\.[^]*${other}`));
  await edit(world, source, { rating: 4 });
  await edit(world, await mirrorId(world), { rating: 5 });
  await world.untilIdle();
  await refused(
    [source, '--take', 'source', '--field', 'date'],
    /There is no such conflict [^]*There is one about rating/,
  );
});

Deno.test('what recipients have changed is listed and taken back, and is confirmed where it was much', async () => {
  await using world = await openTwoWays('v3.1.0', { fields: [] });
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const name = await fileNameOf(world, source);
  await edit(world, mirror, { description: "Grandma's", rating: 5 });
  await world.untilIdle();
  goBothWays(world, ['description', 'rating']);
  using program = programOver(world);
  const description = async () => (await said(world, source)).description;
  const was = await description();

  assert.equal((await program.ask('sync')).code, EXIT.ok);
  assert.match(
    (await program.ask('status')).stdout,
    /1 original would get what recipients have changed[^]*--confirm-corrections --job /,
  );
  assert.match((await program.ask('status', '--written-to-source')).stdout, /^Nothing was written into originals\./);
  assert.equal(await description(), was);
  const confirmed = await program.ask('sync', '--confirm-corrections');
  assert.match(confirmed.stdout, /^Confirmed: 1 original of ".*" may be changed\.$/m);
  assert.equal(await description(), "Grandma's");
  assert.match(
    (await program.ask('sync', '--confirm-corrections')).stdout,
    /^Nothing waits to be written into originals\.$/m,
  );

  assert.match((await program.ask('status')).stdout, /^2 changes of recipients in originals: /m);
  const listed = await program.ask('status', '--written-to-source');
  assert.match(listed.stdout, new RegExp(`^\\d.* UTC, share ".*": "${name}": description ".*" -> "Grandma's"$`, 'm'));
  assert.equal((await program.json('status', '--written-to-source')).written.length, 2);

  assert.equal((await program.ask('undo-merge')).code, EXIT.usage);
  assert.match((await program.ask('undo-merge', '--since', 'yesterday')).stderr, /--since: "yesterday" is no time\./);
  assert.match((await program.ask('undo-merge', '--since', '12h')).stderr, /--yes is missing/);
  assert.match(
    (await program.ask('undo-merge', '--since', '2099-01-01', '--yes')).stdout,
    /^There is nothing to undo\./,
  );
  await edit(world, source, { rating: 1 });
  await world.untilIdle();
  const dry = await program.ask('undo-merge', '--since', '12h', '--dry-run');
  assert.equal(dry.code, EXIT.partial);
  assert.match(
    dry.stdout,
    new RegExp(
      `^"${name}": description "Grandma's" -> ".*"\\nChanged by somebody since[^]*rating 2 stars -> 5 stars\\nNothing was changed\\.\\n$`,
    ),
  );
  assert.equal(await description(), "Grandma's");
  const undone = await program.ask('undo-merge', '--since', '12h', '--yes');
  assert.match(undone.stdout, /^1 change undone\.$/m);
  assert.equal(await description(), was);
  assert.equal((await program.ask('sync')).code, EXIT.ok);
  assert.equal(await description(), was, 'it is not written again by itself');
  assert.match((await program.ask('status', '--written-to-source')).stdout, /; undone \d{4}-/);

  // What was written stays where it is when nothing is shared any more, and is listed.
  assert.equal((await program.ask('unshare', '--yes')).code, EXIT.ok);
  assert.equal((await said(world, source)).rating, 1);
  assert.equal((await program.json('status', '--written-to-source')).written.length, 2);
});
