/** Albums that are given to somebody else, and accounts that are deleted for good: what is shared because of them. */
import assert from 'node:assert/strict';
import type { SelectConfig } from '../../src/config/config.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { confirmBrakes } from '../../src/share/brake/remembered.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { makeLibraries, sharedBetween, sharingAlbums } from './shared_albums_world.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

const NOTHING: SelectConfig = { albums: [], people: [], tags: [], paths: [], peopleMatch: 'any', favorites: false };

/** A cycle over what has changed, without a problem; what is shared then. */
async function follow(world: World, engine: Engine): Promise<Record<string, string[]>> {
  await tellCounts(world.sql);
  assert.deepEqual(problemsOf(await engine.cycle()), []);
  assert.deepEqual(await world.verify(verifyMirrors), []);
  return await sharedBetween(world);
}

/** A full cycle finds no more. */
async function assertAtRest(world: World, engine: Engine): Promise<void> {
  await engine.untilIdle(world.sql);
  const state = [await digestTables(world.sql), listFiles(world.directory)];
  await engine.cycle({ isFull: true });
  assert.deepEqual([await digestTables(world.sql), listFiles(world.directory)], state);
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a job's album that is given to somebody else is followed as long as its former owner is in it`, async (t) => {
    await using world = await World.open(release);
    const immich = new InImmich(world);
    const album = await immich.makeAlbum('alice', 'Family', [world.id('family/portrait'), world.id('bob/dog')]);
    const uploads = world.config.jobs.at(-1);
    assert.ok(uploads);
    world.setJobs([{ ...uploads, name: 'family', kind: 'any', select: { ...NOTHING, albums: ['Family'] } }]);
    await using engine = await Engine.start(world.config);
    assert.deepEqual(await follow(world, engine), { 'alice to bob': ['family/portrait'] });
    const mirror = await world.mirrorOf('family/portrait');
    await t.step('she stays a member: nothing changes, and what is put into it comes', async () => {
      await immich.giveAlbum(album, 'alice', 'carol', { stays: true });
      assert.deepEqual(await follow(world, engine), { 'alice to bob': ['family/portrait'] });
      assert.equal(await world.mirrorOf('family/portrait'), mirror);
      await immich.putInto(album, [world.id('uploads/cat'), world.id('carol/garden')]);
      assert.deepEqual(await follow(world, engine), { 'alice to bob': ['family/portrait', 'uploads/cat'] });
    });
    await t.step('it is given on: that is not hers to decide', async () => {
      await immich.giveAlbum(album, 'carol', 'bob', { stays: true });
      assert.deepEqual(await follow(world, engine), { 'alice to bob': ['family/portrait', 'uploads/cat'] });
    });
    await t.step(
      'she is no member any more: it selects nothing, and another one of that name is not meant',
      async () => {
        await immich.dismiss(album, 'alice');
        assert.deepEqual(await follow(world, engine), {});
        await immich.makeAlbum('alice', 'Family', [world.id('family/wedding')]);
        assert.deepEqual(await follow(world, engine), {});
      },
    );
    await t.step('it is given back to her: it is the one that was meant', async () => {
      await immich.giveAlbum(album, 'bob', 'alice', { stays: false });
      assert.deepEqual(await follow(world, engine), { 'alice to bob': ['family/portrait', 'uploads/cat'] });
    });
    await t.step('it is renamed and given away at once', async () => {
      await immich.renameAlbum(album, 'The others');
      await immich.giveAlbum(album, 'alice', 'carol', { stays: false });
      assert.deepEqual(await follow(world, engine), {});
    });
    await assertAtRest(world, engine);
  });

  Deno.test(`${release}: a shared album that is given to somebody else is shared by and with its members as before`, async (t) => {
    await using world = await World.open(release);
    const immich = new InImmich(world);
    await world.sql`DELETE FROM album`;
    await makeLibraries(world);
    world.config = { ...sharingAlbums(world), brake: { percent: 20, minimum: 1 } };
    const album = await immich.makeAlbum('alice', 'Family', [
      ...['family/portrait', 'family/wedding', 'uploads/cat', 'bob/dog'].map((key) => world.id(key)),
    ]);
    await immich.invite(album, 'bob');
    await immich.invite(album, 'carol');
    await using engine = await Engine.start(world.config);
    const ofAlice = ['family/portrait', 'family/wedding', 'uploads/cat'];
    const all = {
      'alice to bob': ofAlice,
      'alice to carol': ofAlice,
      'bob to alice': ['bob/dog'],
      'bob to carol': ['bob/dog'],
    };
    assert.deepEqual(await follow(world, engine), all);
    const mirror = await world.mirrorOf('family/portrait');
    await t.step('to one of its members, and who had it stays in it', async () => {
      await immich.giveAlbum(album, 'alice', 'bob', { stays: true });
      assert.deepEqual(await follow(world, engine), all);
      assert.equal(await world.mirrorOf('family/portrait'), mirror);
    });
    await t.step('and who had it leaves: what is hers goes, and what was hers to see, however many', async () => {
      await immich.giveAlbum(album, 'bob', 'carol', { stays: true });
      await immich.dismiss(album, 'alice');
      assert.deepEqual(await follow(world, engine), { 'bob to carol': ['bob/dog'] });
    });
    await t.step('and is given back to her', async () => {
      await immich.giveAlbum(album, 'carol', 'alice', { stays: true });
      assert.deepEqual(await follow(world, engine), all);
    });
    await assertAtRest(world, engine);
  });

  Deno.test(`${release}: a member of shared albums whose account is purged, and an owner: the others go on, and nothing of theirs is left`, async (t) => {
    await using world = await World.open(release);
    const { sql, library: { users }, directory } = world;
    const immich = new InImmich(world);
    await sql`DELETE FROM album`;
    await makeLibraries(world);
    world.config = sharingAlbums(world);
    const keys = ['family/portrait', 'uploads/cat', 'bob/dog', 'carol/garden'];
    const family = await immich.makeAlbum('alice', 'Family', keys.map((key) => world.id(key)));
    await immich.invite(family, 'bob');
    await immich.invite(family, 'carol');
    const ofCarol = await immich.makeAlbum('carol', 'Summer', [world.id('carol/garden')]);
    await immich.invite(ofCarol, 'alice');
    await using engine = await Engine.start(world.config);
    const all = await follow(world, engine);
    assert.deepEqual(Object.keys(all), [
      'alice to bob',
      'alice to carol',
      'bob to alice',
      'bob to carol',
      'carol to alice',
      'carol to bob',
    ]);
    const bobsDirectory = `${directory}/media/shared/bob-${users.bob.id.slice(0, 8)}`;
    const mirrorOfCarols = await world.mirrorOf('family/portrait', 'carol');
    await t.step('Bob, a member and the owner of a photo in it', async () => {
      await immich.purge('bob');
      assert.deepEqual(await follow(world, engine), {
        'alice to carol': all['alice to carol'],
        'carol to alice': all['carol to alice'],
      });
      assert.equal(await world.mirrorOf('family/portrait', 'carol'), mirrorOfCarols);
      assert.deepEqual(Object.keys(listFiles(bobsDirectory)).filter((path) => path !== '.kept'), []);
      await assertAtRest(world, engine);
    });
    await t.step(
      'Alice, who owns the album: it goes with her, and so do her photos',
      async () => {
        await immich.purge('alice');
        assert.deepEqual(await follow(world, engine), {});
        assert.deepEqual([...await sql`SELECT FROM immich_sidecar_kept.file`], [], 'she wanted them gone');
        assert.deepEqual([...await sql`SELECT FROM immich_sidecar.link`], []);
        await assertAtRest(world, engine);
      },
    );
  });
}

Deno.test('the photos of an owner whose account is purged are many: they stay until somebody says that this was meant', async () => {
  await using world = await World.open('v3.3.0', { extraImages: 12 });
  const { sql, library } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  await makeLibraries(world);
  world.config = { ...sharingAlbums(world), brake: { percent: 20, minimum: 5 } };
  const extra = library.assets.filter(({ key }) => key.startsWith('family/extra/')).map(({ id }) => id);
  await immich.invite(await immich.makeAlbum('alice', 'Family', extra), 'bob');
  await world.share();
  const before = await sharedBetween(world);
  assert.equal(before['alice to bob']?.length, 12);
  await immich.purge('alice');
  const { brakes } = await world.share();
  assert.deepEqual(brakes.map(({ job, reasons }) => [job, reasons]), [
    ['shared albums: Alice → Bob', { 'source-deleted': 12 }],
  ]);
  assert.deepEqual(await sharedBetween(world), before);
  await confirmBrakes(sql, undefined);
  const report = await world.share();
  assert.deepEqual([report.brakes, problemsOf(report), await sharedBetween(world)], [[], [], {}]);
});
