import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import {
  drawFace,
  faceOf,
  giveTo,
  goFacesBothWays,
  openFaces,
  personOf,
  photoOf,
  seenBy,
} from '../share/both_ways/face_deeds.ts';
import { everything } from './everything.ts';
import { run, type RunOptions, variablesOf, workingDirectory, yamlJob } from './program.ts';

const BOTH = ['alice', 'bob'] as const;

Deno.test('resolve: faces are listed with both people, decided, carried out, listed and undone', async () => {
  await using world = await openFaces('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map((job) => ({ ...yamlJob(job), both_ways: job.bothWays })));
  const options: RunOptions = { cwd: cwd.path, env: { ...variablesOf(world), LOG_LEVEL: 'WARNING' } };
  const ask = (...args: string[]) => run(args, options);
  const json = async (...args: string[]) => JSON.parse((await ask(...args, '--json')).stdout);
  await giveTo(
    world,
    await faceOf(world, 'family/wedding', 'bob', 'Gustav'),
    await personOf(world, 'bob', 'Emil, Jr.'),
  );
  await giveTo(
    world,
    await faceOf(world, 'family/wedding', 'alice', 'Gustav'),
    await personOf(world, 'alice', 'Dora Example'),
  );
  await world.untilIdle();
  const before = await everything(world);
  const mirror = await photoOf(world, 'family/wedding', 'bob');
  for (const args of [['resolve'], ['resolve', 'wedding.jpg'], ['resolve', mirror], ['status'], ['explain', mirror]]) {
    const { code, stdout, stderr } = await ask(...args);
    assert.deepEqual([code, stderr], [EXIT.ok, '']);
    assert.match(stdout, /another face on both sides, as both have changed it/);
    assert.match(stdout, /the owner's: "Dora Example"\n *the recipient's: "Emil, Jr\."\n/);
  }
  assert.equal((await json('status')).share.conflicts.length, 1);
  assert.equal((await json('resolve', 'wedding.jpg', '--field', 'face')).conflicts[0].face.kind, 'moved');
  assert.deepEqual(await everything(world), before, 'looking changes nothing');

  const { code, stdout } = await ask('resolve', 'wedding.jpg', '--take', 'target', '--field', 'face');
  assert.equal(code, EXIT.ok);
  assert.match(stdout, /counts for both: face\. .*\n {2}given up: face "Dora Example", of the owner\n/);
  assert.equal((await ask('sync')).code, EXIT.ok);
  for (const seen of await seenBy(world, 'family/wedding', BOTH)) assert.deepEqual(seen, ['Emil, Jr.', 'Grandma']);
  assert.deepEqual((await json('status')).share.conflicts, []);
  assert.match(
    (await ask('status', '--written-to-source')).stdout,
    /"wedding\.jpg": face "Dora Example" -> "Emil, Jr\."$/m,
  );

  assert.match((await ask('undo-merge', '--since', '12h', '--yes')).stdout, /^1 change undone\.$/m);
  assert.equal((await ask('sync')).code, EXIT.ok);
  assert.deepEqual(await seenBy(world, 'family/wedding', BOTH), [['Dora Example', 'Grandma'], [
    'Emil, Jr.',
    'Grandma',
  ]]);
  assert.match((await ask('resolve')).stdout, /as what it was before is not known any more/);
  assert.match((await ask('resolve', mirror, '--take', 'source')).stdout, /counts for both: face\./);
  assert.equal((await ask('sync')).code, EXIT.ok);
  for (const seen of await seenBy(world, 'family/wedding', BOTH)) assert.deepEqual(seen, ['Dora Example', 'Grandma']);
});

Deno.test('faces that differ when a share begins to go both ways are counted, and confirmed', async () => {
  await using world = await openFaces('v3.1.0', { isOn: false });
  await drawFace(world, 'family/harbour', 'bob', await personOf(world, 'bob', 'Grandma'));
  goFacesBothWays(world);
  using cwd = workingDirectory(world.config.jobs.map((job) => ({ ...yamlJob(job), both_ways: job.bothWays })));
  const options: RunOptions = { cwd: cwd.path, env: { ...variablesOf(world), LOG_LEVEL: 'WARNING' } };
  const ask = (...args: string[]) => run(args, options);
  assert.equal((await ask('sync')).code, EXIT.ok);
  assert.match((await ask('status')).stdout, /faces of 1 original .*--confirm-corrections/s);
  assert.deepEqual(await seenBy(world, 'family/harbour', ['alice']), [[]]);
  const confirmed = await ask('sync', '--confirm-corrections', '--job', 'family to bob');
  assert.equal(confirmed.code, EXIT.ok);
  assert.match(confirmed.stdout, /^Confirmed: faces of 1 original of "family to bob" may be changed\.$/m);
  assert.deepEqual(await seenBy(world, 'family/harbour', BOTH), [['Grandma'], ['Grandma']]);
});
