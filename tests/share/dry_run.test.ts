import assert from 'node:assert/strict';
import { World } from './world.ts';

Deno.test('a dry run tells of faces that a forced run of Immich has left on a mirror, and the cycle removes them', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await world.share();
  assert.equal((await world.plan()).summary(), 'nothing to do\n');
  const [source] = await world.someMirrored();
  const mirror = await world.mirrorOfId(source);
  await world.sql`INSERT INTO asset_face ("assetId", "sourceType") VALUES (${mirror}, 'machine-learning')`;
  const planned = await world.plan();
  assert.deepEqual([planned.hasChanges, planned.totals()], [true, { facesToRemove: 1 }]);
  const report = await world.share();
  assert.equal(report.jobs.reduce((sum, { facesRemoved }) => sum + facesRemoved, 0), 1);
  assert.equal((await world.plan()).hasChanges, false);
});

Deno.test('a dry run tells of stray files, and the cycle removes them', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await world.share();
  const [source] = await world.someMirrored();
  const original = await world.localMirrorPath(source);
  const [job] = world.config.jobs;
  const stray = `${world.local(job?.targetPathPrefix ?? '')}stray.jpg`;
  await Deno.link(original, stray);
  const planned = await world.plan();
  assert.deepEqual([planned.hasChanges, planned.totals()], [true, { filesOfNoSharedPhotoToRemove: 1 }]);
  const report = await world.share();
  assert.equal(report.jobs.reduce((sum, { straysRemoved }) => sum + straysRemoved, 0), 1);
  await assert.rejects(Deno.lstat(stray), Deno.errors.NotFound);
  assert.equal((await world.plan()).hasChanges, false);
});

Deno.test('what is left out as it was left out before is shown by a dry run, and is no change', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const [source] = await world.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${world.id('family/wedding')}`;
  await Deno.remove(world.local(source?.path ?? ''));
  const first = await world.plan();
  assert.equal(first.totals()['photosToLeaveOut'], 2, 'the lost one, and what Bob has uploaded as well');
  await world.share();
  const again = await world.plan();
  assert.deepEqual(
    [again.hasChanges, again.totals()['photosToLeaveOut']],
    [false, 1],
    'a duplicate is no candidate any more',
  );
  assert.match(again.summary(), /^nothing to do; as before: \d+ photos? to leave out/);
});
