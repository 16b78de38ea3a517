import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { World } from './world.ts';

for (const release of ['v2.5.0' as const, ...REPRESENTATIVE]) {
  Deno.test(`${release}: with share_edited: skip a photo that was edited has no mirror, from the cycle after its edit until the edit is undone`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    world.setJobs(world.config.jobs.map((job) => ({ ...job, shareEdited: 'skip' })));
    const engine = await Engine.start(world.config);
    try {
      await engine.cycle();
      assert.equal(await world.mirrorOf('family/edited'), undefined);
      const mirror = await world.mirrorOf('family/portrait');
      assert.ok(mirror);
      const path = await world.localMirrorPath(world.id('family/portrait'));
      await sql`
        INSERT INTO asset_edit ("assetId", action, parameters, sequence)
        VALUES (${world.id('family/portrait')}, 'crop', '{"x": 1, "y": 1, "width": 9, "height": 9}', 0)`;
      await engine.cycle();
      assert.equal(
        await world.mirrorOf('family/portrait'),
        undefined,
        'withdrawn by a cycle that looks at changes only',
      );
      assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
      await sql`DELETE FROM asset_edit WHERE "assetId" = ${world.id('family/portrait')}`;
      await engine.cycle();
      assert.ok(await world.mirrorOf('family/portrait'), 'shared again');
    } finally {
      await engine.end();
    }
  });
}

for (const release of ['v2.5.0' as const, ...REPRESENTATIVE]) {
  Deno.test(`${release}: an edit that its owner takes back is taken back on the mirror, with its pictures`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const [source, mirror] = [world.id('family/edited'), await world.mirrorOf('family/edited') ?? ''];
    const edited = async (id: string) =>
      (await sql<{ path: string }[]>`SELECT path FROM asset_file WHERE "assetId" = ${id} AND "isEdited"`).map((
        { path },
      ) => path);
    const pictures = await edited(mirror);
    assert.ok(pictures.length > 0 && pictures.every((path) => existsSync(world.local(path))));
    // As Immich: the edits, then the rows and files of their pictures (MediaService.handleAssetEditThumbnailGeneration, v3.1.0).
    const ofSource = await edited(source);
    await sql`DELETE FROM asset_edit WHERE "assetId" = ${source}`;
    await sql`DELETE FROM asset_file WHERE "assetId" = ${source} AND "isEdited"`;
    for (const path of ofSource) Deno.removeSync(world.local(path));
    await world.share();
    assert.deepEqual(await edited(mirror), []);
    assert.deepEqual(pictures.filter((path) => existsSync(world.local(path))), []);
  });
}

Deno.test('by itself a cropped photo is shared, and its mirror carries the whole original', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const mirror = await world.mirrorOf('family/edited');
  assert.ok(mirror);
  const source = world.library.assets.find(({ key }) => key === 'family/edited')?.localPath ?? '';
  assert.equal(sha1Of(await world.localMirrorPath(world.id('family/edited'))), sha1Of(source));
  // A job that changes its mind withdraws it.
  world.setJobs(world.config.jobs.map((job) => ({ ...job, shareEdited: 'skip' })));
  await world.share();
  assert.equal(await world.mirrorOf('family/edited'), undefined);
});

Deno.test('share_edited: skip is accepted by releases that know no edits', async () => {
  await using world = await World.open('v2.0.0');
  world.setJobs(world.config.jobs.map((job) => ({ ...job, shareEdited: 'skip' })));
  await world.share();
  assert.ok(await world.mirrorOf('family/portrait'));
});

function sha1Of(path: string): string {
  return createHash('sha1').update(Deno.readFileSync(path)).digest('hex');
}
