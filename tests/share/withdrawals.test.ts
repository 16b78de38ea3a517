import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { WithdrawReason } from '../../src/share/cycle/outcome.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { editAsset } from '../harness/immich_jobs/metadata.ts';
import { listFiles } from './snapshot.ts';
import { tracesOf } from './traces.ts';
import { World } from './world.ts';

/** What happens to `family/wedding` at the source, and the reason that is given for taking its mirror back. */
const AT_THE_SOURCE: readonly { reason: WithdrawReason; change: (world: World, id: string) => Promise<unknown> }[] = [
  { reason: 'source-locked', change: ({ sql }, id) => sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id}` },
  {
    reason: 'source-trashed',
    change: ({ sql }, id) => sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${id}`,
  },
  {
    reason: 'source-offline',
    change: ({ sql }, id) =>
      sql`UPDATE asset SET "deletedAt" = now() - interval '25 hours', "isOffline" = true WHERE id = ${id}`,
  },
  { reason: 'source-deleted', change: ({ sql }, id) => sql`DELETE FROM asset WHERE id = ${id}` },
  { reason: 'not-selected', change: ({ sql }, id) => sql`UPDATE asset SET visibility = 'archive' WHERE id = ${id}` },
  {
    reason: 'not-selected',
    change: ({ sql }, id) =>
      sql`UPDATE asset SET "originalPath" = replace("originalPath", '/family/', '/private/') WHERE id = ${id}`,
  },
];

for (const release of REPRESENTATIVE) {
  for (const [index, { reason, change }] of AT_THE_SOURCE.entries()) {
    Deno.test(`${release}: ${reason} (${index}) takes the mirror back with its files and rows, and nothing of the source`, async () => {
      await using world = await World.open(release);
      const sourceFiles = Object.keys(listFiles(world.directory));
      await world.share();
      const mirror = await world.mirrorOf('family/wedding');
      assert.ok(mirror);
      await change(world, world.id('family/wedding'));
      const report = await world.share();
      assert.deepEqual(report.jobs[0]?.withdrawn, { [reason]: 1 });
      assert.deepEqual(await tracesOf(world, mirror), []);
      const left = Object.keys(listFiles(world.directory));
      assert.deepEqual(sourceFiles.filter((path) => !left.includes(path)), []);
      assert.deepEqual(left.filter((path) => path.includes(mirror)), []);
      assert.deepEqual(Object.values((await world.share()).jobs[0]?.withdrawn ?? {}), []);
    });
  }

  Deno.test(`${release}: a source that comes back is mirrored again`, async () => {
    await using world = await World.open(release);
    await world.share();
    const id = world.id('family/wedding');
    await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${id}`;
    await world.share();
    assert.equal(await world.mirrorOf('family/wedding'), undefined);
    await world.sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id = ${id}`;
    await world.share();
    assert.ok(await world.mirrorOf('family/wedding'));
  });
}

for (const release of ['v2.0.0', ...REPRESENTATIVE] as const) {
  Deno.test(`${release}: the sidecar of what Bob wrote goes with his mirror, wherever its photo has moved to`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const before = Object.keys(listFiles(world.directory));
    const id = world.id('family/portrait');
    const mirror = await world.mirrorOfId(id);
    const [asset] = await sql<{ source: string; mirror: string }[]>`
      SELECT a."originalPath" AS source, m."originalPath" AS mirror FROM asset a, asset m WHERE a.id = ${id} AND m.id = ${mirror}`;
    assert.ok(asset);
    const sidecar = `${asset.mirror}.xmp`;
    await editAsset(world, mirror, { description: 'Bob says' });
    await Deno.writeTextFile(world.local(sidecar), '<x/>');
    if (release === 'v2.0.0') await sql`UPDATE asset SET "sidecarPath" = ${sidecar} WHERE id = ${mirror}`;
    else await sql`INSERT INTO asset_file ("assetId", type, path) VALUES (${mirror}, 'sidecar', ${sidecar})`;
    const moved = asset.source.replace(/\/([^/]+)$/, '/another year/$1');
    await Deno.mkdir(world.local(moved.replace(/\/[^/]+$/, '')));
    await Deno.rename(world.local(asset.source), world.local(moved));
    await sql`UPDATE asset SET "originalPath" = ${moved} WHERE id = ${id}`;
    await world.share();
    assert.ok(Deno.lstatSync(world.local(sidecar)).isFile, 'it is his');
    await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${id}`;
    await world.share();
    const left = Object.keys(listFiles(world.directory));
    const folder = 'external/alice/family/2023/another year';
    assert.deepEqual(left.filter((path) => !before.includes(path)), [folder, `${folder}/portrait.jpg`]);
    assert.ok(!left.some((path) => path.endsWith('portrait.jpg.xmp')));
  });
}

Deno.test('a mirror whose row vanished without an audit entry (a restored backup) is made anew', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const mirror = await world.mirrorOf('family/portrait');
  // Immich wrote it for an edit that the backup does not know.
  const sidecar = `${await world.localMirrorPath(world.id('family/portrait'))}.xmp`;
  await Deno.writeTextFile(sidecar, '<x/>');
  await world.sql`DELETE FROM asset WHERE id = ${mirror ?? ''}`;
  await world.sql`DELETE FROM asset_audit WHERE "assetId" = ${mirror ?? ''}`;
  const report = await world.share();
  assert.deepEqual(report.jobs[0]?.withdrawn, { 'mirror-lost': 1 });
  const anew = await world.mirrorOf('family/portrait');
  assert.ok(anew && anew !== mirror);
  assert.ok(!existsSync(sidecar), 'nobody would ever remove it');
});

Deno.test('a job that is no longer configured loses its mirrors; another job that selects the same source keeps them', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  world.setJobs([{ ...family, name: 'renamed' }]);
  await world.share();
  assert.ok(await world.mirrorOf('family/wedding'), 'still selected, by the renamed job');
  assert.equal(await world.mirrorOf('uploads/cat'), undefined);
});

Deno.test('--job leaves the mirrors of other jobs alone', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const report = await world.share({ jobName: 'family to bob' });
  assert.deepEqual(report.jobs.map(({ job }) => job), ['family to bob']);
  assert.ok(await world.mirrorOf('uploads/cat'));
});

Deno.test('a mirror that the target made the cover of a stack can be withdrawn', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const members = [
    await world.mirrorOf('family/wedding'),
    await world.mirrorOf('family/portrait'),
    await world.mirrorOf('family/picnic'),
  ];
  const [stack] = await world.sql<{ id: string }[]>`
    INSERT INTO stack ("primaryAssetId", "ownerId")
    VALUES (${members[0] ?? ''}, ${world.library.users.bob.id})
    RETURNING id`;
  await world.sql`UPDATE asset SET "stackId" = ${stack?.id ?? ''} WHERE id = ANY (${members as string[]}::uuid[])`;
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/wedding')}`;
  const report = await world.share();
  assert.deepEqual(report.jobs[0]?.withdrawn, { 'source-locked': 1 });
  const [left] = await world.sql<{ primary: string }[]>`SELECT "primaryAssetId" AS primary FROM stack WHERE id = ${
    stack?.id ?? ''
  }`;
  assert.ok(left && members.slice(1).includes(left.primary));
});
