import assert from 'node:assert/strict';
import type { JobConfig } from '../../src/config/config.ts';
import { SPREAD } from '../harness/database.ts';
import { readSaved } from '../../src/share/standing/saved.ts';
import { World } from './world.ts';

Deno.test('uploads are mirrored wherever they lie: upload folder, storage template, motion part', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const alice = world.library.users.alice.id;
  const pathOf = async (key: string, mirror: boolean) => {
    const id = mirror ? await world.mirrorOf(key) : world.id(key);
    const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id ?? ''}`;
    return row?.path ?? '';
  };
  const target = '/data/shared/bob/.alice/';
  const cases = {
    'uploads/cat': (path: string) => path.replace(`/data/upload/${alice}/`, target),
    'uploads/templated': (path: string) => path.replace('/data/', target),
    'uploads/motion-video': (path: string) => path.replace('/data/', target),
  };
  for (const [key, expected] of Object.entries(cases)) {
    const [source, mirror] = [await pathOf(key, false), await pathOf(key, true)];
    assert.equal(mirror, expected(source));
    assert.notEqual(mirror, source);
    assert.equal(Deno.lstatSync(world.local(mirror)).ino, Deno.lstatSync(world.local(source)).ino);
  }
});

for (const release of SPREAD) {
  Deno.test(`${release}: symlink placement leads to the source's own files and links no original`, async () => {
    await using world = await World.open(release);
    const external = `${world.directory}/external`;
    Deno.symlinkSync(`${external}/alice/family`, `${external}/bob_shared/.alice`);
    const [family, uploads] = world.config.jobs;
    assert.ok(family && uploads);
    const alice = world.library.users.alice.id;
    Deno.mkdirSync(`${world.directory}/media/shared/bob`, { recursive: true });
    Deno.symlinkSync(`${world.directory}/media/upload/${alice}`, `${world.directory}/media/shared/bob/.alice`);
    world.setJobs([family, uploads].map((job): JobConfig => ({ ...job, placement: 'symlink' })));
    const report = await world.share();
    const [row] = await world.sql<{ path: string }[]>`
      SELECT "originalPath" AS path FROM asset WHERE id = ${await world.mirrorOf('family/portrait') ?? ''}`;
    assert.equal(row?.path, '/external_library/bob_shared/.alice/2023/portrait.jpg');
    const source = world.library.assets.find(({ key }) => key === 'family/portrait')?.localPath ?? '';
    assert.equal(Deno.realPathSync(world.local(row?.path ?? '')), source);
    assert.equal(Deno.lstatSync(source).nlink, 1);
    // Originals behind a symbolic link are not in the journal.
    const [first] = await world.sql<{ bytes: number }[]>`
      SELECT (
        (
          SELECT sum(e."fileSizeInByte")
          FROM immich_sidecar.asset_map m JOIN asset_exif e ON e."assetId" = m.mirror_asset_id
          WHERE m.job_name = ${family.name}
        ) + (
          SELECT sum(l.saves)
          FROM immich_sidecar.link l JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = l.mirror_id
          WHERE m.job_name = ${family.name}
        )
      )::float8 AS bytes`;
    assert.equal((await readSaved(world.sql)).get(family.name), first?.bytes);
    // What no symbolic link leads to is left out with its reason, and goes through with a hard link.
    assert.deepEqual(Object.keys(report.jobs[1]?.standing?.skipped ?? {}), ['unreachable']);
    assert.ok(await world.mirrorOf('uploads/cat'));

    // The target's deletion takes the link's rows, never the source's file.
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/wedding')}`;
    const sidecar = `${world.library.assets.find(({ key }) => key === 'family/wedding')?.localPath}.xmp`;
    await world.share();
    assert.equal(await world.mirrorOf('family/wedding'), undefined);
    assert.ok(Deno.lstatSync(sidecar).isFile, 'the sidecar behind the link is the source’s');
    assert.ok(Deno.lstatSync(source).isFile);
  });
}

Deno.test('a file whose time differs from the source row gives the mirror its own time, so that no scan finds it changed', async () => {
  await using world = await World.open('v3.1.0');
  const source = world.library.assets.find(({ key }) => key === 'family/portrait')?.localPath ?? '';
  const touched = new Date('2025-05-05T05:05:05.123Z');
  Deno.utimeSync(source, touched, touched);
  await world.share();
  const [row] = await world.sql<{ modified: Date }[]>`
    SELECT "fileModifiedAt" AS modified FROM asset WHERE id = ${await world.mirrorOf('family/portrait') ?? ''}`;
  assert.equal(row?.modified.getTime(), touched.getTime());
});

Deno.test('archived and hidden assets are shared only when the job says so', async () => {
  await using world = await World.open('v3.1.0');
  const withheld = world.library.assets.filter(({ expected }) => expected === 'archived' || expected === 'hidden');
  assert.ok(withheld.length >= 2);
  await world.share();
  for (const { key } of withheld) assert.equal(await world.mirrorOf(key), undefined);
  world.setJobs(world.config.jobs.map((job) => ({ ...job, includeArchived: true, includeHidden: true })));
  await world.share();
  for (const { key } of withheld) assert.ok(await world.mirrorOf(key), key);
});

Deno.test('an asset is ready when this Immich has computed what it computes; a job may ask for less or more', async () => {
  const pending = (world: World) =>
    world.library.assets.filter(({ expected, key }) => expected === 'pending' && key.startsWith('family/'));
  await using world = await World.open('v3.1.0', {
    database: { systemConfig: { machineLearning: { clip: { enabled: false }, ocr: { enabled: false } } } },
  });
  await world.share();
  const missing = async () => {
    const keys: string[] = [];
    for (const { key } of pending(world)) {
      if (await world.mirrorOf(key) === undefined) keys.push(key.split('/').at(-1) ?? '');
    }
    return keys.sort();
  };
  assert.deepEqual(await missing(), ['faces', 'metadata', 'thumbnails']);
  world.setJobs(world.config.jobs.map((job) => ({ ...job, require: { clip: 'auto', faces: 'ignored', ocr: 'auto' } })));
  await world.share();
  assert.deepEqual(await missing(), ['metadata', 'thumbnails']);
});

Deno.test('the media location is what the paths of the database show, whatever Immich has noted', async () => {
  await using world = await World.open('v2.7.5', {
    mediaLocation: '/usr/src/app/upload',
    database: { mediaLocation: '/data' },
  });
  const [family] = world.config.jobs;
  assert.ok(family);
  world.setJobs([family]);
  const report = await world.share();
  assert.deepEqual(report.jobs[0]?.problems, []);
  const files = await world.sql<{ path: string }[]>`
    SELECT path FROM asset_file WHERE "assetId" = ${await world.mirrorOf('family/portrait') ?? ''}`;
  const folder = `/usr/src/app/upload/thumbs/${world.library.users.bob.id}/`;
  assert.ok(files.length >= 2 && files.every(({ path }) => path.startsWith(folder)));
});
