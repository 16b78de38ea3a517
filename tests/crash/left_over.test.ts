import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { World } from '../share/world.ts';
import { changeSource } from './deeds.ts';
import { Ground } from './ground.ts';

Deno.test('the test link of a run that was killed between making and removing it is removed by the next', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const ground = new Ground(world);
  const source = world.library.assets.find(({ key }) => key === 'family/locked')?.localPath ?? '';
  const probe = (directory: string) => `${world.directory}/${directory}/.immich-sidecar-probe`;
  // What is the nearest directory above the links changes with the first copy.
  const places = ['external', 'external/bob_shared', 'media', 'media/thumbs'].map(probe);
  for (const place of places) Deno.linkSync(source, place);
  await world.share();
  assert.deepEqual(places.filter((place) => existsSync(place)), []);
  await ground.assertRight('after the next run');
});

Deno.test('the temporary name of a run that was killed before it could rename it is removed by the next', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const ground = new Ground(world);
  await world.share();
  await changeSource(world, ground, 1);
  const outdated = await world.sql<{ mirror: string; source: string }[]>`
    SELECT mirror.path AS mirror, source.path AS source
    FROM immich_sidecar.asset_map m
    JOIN asset_file mirror ON mirror."assetId" = m.mirror_asset_id AND mirror.type = 'thumbnail'
    JOIN asset_file source ON source."assetId" = m.source_asset_id AND source.type = 'thumbnail'
    WHERE mirror.path || source.path NOT LIKE '%edited%'`;
  let left = 0;
  for (const { mirror, source } of outdated) {
    const [from, to] = [Deno.statSync(world.local(source)), Deno.statSync(world.local(mirror))];
    if (from.ino === to.ino) continue;
    Deno.linkSync(world.local(source), world.local(mirror).replace(/[^/]+$/, '.immich-sidecar-temporary'));
    left++;
  }
  assert.ok(left > 0);
  await world.share();
  await ground.assertRight('after the next run');
});

Deno.test('a file that is taken for another is not left under two names: renaming it to itself does nothing', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const ground = new Ground(world);
  await world.share();
  const [preview] = await world.sql<{ path: string }[]>`
    SELECT path FROM asset_file WHERE "assetId" = ${
    await world.mirrorOf('family/portrait') ?? ''
  } AND type = 'preview'`;
  const path = world.local(preview?.path ?? '');
  let failed = 0;
  const real = Deno.lstatSync;
  try {
    // What cannot be looked at seems to be another file than the source's, and is linked again.
    Deno.lstatSync = (which) => {
      if (which !== path) return real(which);
      failed++;
      throw ioError();
    };
    await world.share();
  } finally {
    Deno.lstatSync = real;
  }
  assert.ok(failed > 1);
  await ground.assertRight('after that run');
});

Deno.test("a person's thumbnail that cannot be removed is not forgotten: it goes in the next cycle", async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const ground = new Ground(world);
  await world.share();
  const { alice, bob } = world.library.users;
  const [person] = await world.sql<{ path: string }[]>`
    SELECT p."thumbnailPath" AS path
    FROM immich_sidecar.person_map m
    JOIN person p ON p.id = m.mirror_person_id AND p."ownerId" = ${bob.id}
    WHERE p."thumbnailPath" <> ''
    LIMIT 1`;
  const path = world.local(person?.path ?? '');
  assert.ok(existsSync(path));
  const real = Deno.removeSync;
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE "ownerId" = ${alice.id} AND visibility = 'timeline'`;
  world.config = { ...world.config, brake: { percent: 100, minimum: 1_000_000 } };
  try {
    Deno.removeSync = (which, options) => {
      if (which === path) throw ioError();
      real(which, options);
    };
    await world.share();
  } finally {
    Deno.removeSync = real;
  }
  assert.ok(existsSync(path));
  await world.share();
  assert.ok(!existsSync(path));
  await ground.assertRight('after the next run');
});

function ioError(): Error {
  return Object.assign(new Error('Input/output error (os error 5)'), { code: 'EIO' });
}
