/** What may happen to users, albums and people that decide what is shared, and to many photos at once. */
import assert from 'node:assert/strict';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { InImmich } from './deeds_in_immich.ts';
import { makeLibraries, sharedBetween, sharingAlbums } from './shared_albums_world.ts';
import { World } from './world.ts';

Deno.test('an album put together at once, an owner who is a member too, an account that is deleted', async (t) => {
  await using world = await World.open('v2.7.5', { extraImages: 30 });
  const { sql, library } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  await makeLibraries(world);
  // A hundredth of what a real cycle does at once: thirty photos take the way of fifty thousand.
  world.limits = { ...LIMITS, batch: 4, search: 7, mirrors: 5, changes: 20 };
  world.config = { ...sharingAlbums(world), brake: { percent: 20, minimum: 5 } };
  const photos = library.assets.filter(({ key }) => key.startsWith('family/extra/'));
  const counts = async () =>
    Object.fromEntries(Object.entries(await sharedBetween(world)).map(([pair, keys]) => [pair, keys.length]));
  const album = await immich.makeAlbum('alice', 'Family', [world.id('bob/dog')]);
  await immich.invite(album, 'bob');
  await world.share();
  await t.step(
    'many photos come in one cycle, whatever the brake says of so many that go; others that fail go on later',
    async () => {
      const [first] = photos;
      assert.ok(first !== undefined);
      await immich.putInto(album, photos.map(({ id }) => id));
      const path = first.localPath;
      await Deno.rename(path, `${path}.away`);
      const report = await world.share({ isFull: false });
      assert.deepEqual(report.brakes, []);
      assert.deepEqual(await counts(), { 'alice to bob': photos.length - 1, 'bob to alice': 1 });
      await Deno.rename(`${path}.away`, path);
      assert.deepEqual(problemsOf(await world.share({ isFull: false })), []);
      assert.deepEqual(await counts(), { 'alice to bob': photos.length, 'bob to alice': 1 });
    },
  );
  await t.step(
    'the owner of an album is invited to it as well: nothing changes, and nobody gets their own photos',
    async () => {
      await immich.invite(album, 'alice');
      assert.deepEqual(problemsOf(await world.share({ isFull: false })), []);
      assert.deepEqual(await counts(), { 'alice to bob': photos.length, 'bob to alice': 1 });
    },
  );
  await t.step('the account of a member is deleted: that is said, its photos stay, and the others go on', async () => {
    await immich.invite(album, 'carol');
    await world.share({ isFull: false });
    assert.deepEqual((await counts())['alice to carol'], photos.length);
    await sql`UPDATE "user" SET "deletedAt" = now(), status = 'deleted' WHERE id = ${library.users.carol.id}`;
    await immich.putInto(album, [world.id('uploads/cat')]);
    const left = problemsOf(await world.share({ isFull: false }));
    assert.deepEqual(left.map(({ code, where }) => [code, where.job]), [
      ['job-left-out', 'shared albums: Alice → Carol'],
      ['job-left-out', 'shared albums: Bob → Carol'],
    ]);
    const { 'alice to bob': bobs, 'alice to carol': carols } = await counts();
    assert.deepEqual([bobs, carols], [photos.length + 1, photos.length]);
  });
  await t.step('and restored: it goes on', async () => {
    await sql`UPDATE "user" SET "deletedAt" = NULL, status = 'active' WHERE id = ${library.users.carol.id}`;
    assert.deepEqual(problemsOf(await world.share({ isFull: false })), []);
    assert.equal((await counts())['alice to carol'], photos.length + 1);
  });
});

Deno.test('all that a job names is deleted: a dry run tells what goes, and cycles go on while the brake keeps it', async () => {
  await using world = await World.open('v3.1.0');
  const immich = new InImmich(world);
  const party = await immich.makeTag('alice', 'party');
  for (const key of ['family/wedding', 'family/portrait', 'family/picnic']) await immich.tag(party, world.id(key));
  const [family] = world.config.jobs;
  assert.ok(family);
  const select = { albums: [], people: [], tags: ['party'], paths: [], favorites: false, peopleMatch: 'any' } as const;
  world.setJobs([{ ...family, select }]);
  world.config = { ...world.config, brake: { percent: 20, minimum: 1 } };
  await world.share();
  await immich.deleteTag(party);
  assert.equal((await world.plan()).hasChanges, true);
  for (const isFull of [true, false]) {
    const { brakes } = await world.share({ isFull });
    assert.deepEqual(brakes.map(({ mirrors, total }) => ({ mirrors, total })), [{ mirrors: 3, total: 3 }]);
  }
});
