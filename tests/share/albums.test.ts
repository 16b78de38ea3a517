import assert from 'node:assert/strict';
import { SPREAD } from '../harness/database.ts';
import { World } from './world.ts';

async function inAlbum(world: World): Promise<Set<string>> {
  const plural = world.db.release <= 'v2.2.0';
  const [albumKey, assetKey] = plural ? ['albumsId', 'assetsId'] : ['albumId', 'assetId'];
  const rows = await world.sql<{ id: string }[]>`
    SELECT ${world.sql(assetKey)} AS id
    FROM album_asset
    WHERE ${world.sql(albumKey)} = ${world.library.albums.fromAlice.id}`;
  return new Set(rows.map(({ id }) => id));
}

for (const release of SPREAD) {
  Deno.test(`${release}: an album that is configured later is filled; what its owner takes out stays out`, async () => {
    await using world = await World.open(release);
    const jobs = world.config.jobs;
    world.setJobs(jobs.map((job) => ({ ...job, albumId: undefined })));
    await world.share();
    const before = await inAlbum(world);
    world.setJobs(jobs);
    const report = await world.share();
    const filled = await inAlbum(world);
    const added = report.jobs.reduce((sum, job) => sum + job.albumEntries, 0);
    assert.equal(filled.size - before.size, added);
    const [mirrors] = await world.sql<{ count: number }[]>`
      SELECT count(*)::int
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.mirror_asset_id AND a.visibility <> 'hidden'`;
    assert.equal(added, mirrors?.count);

    const out = await world.mirrorOf('family/portrait') ?? '';
    const assetKey = world.db.release <= 'v2.2.0' ? 'assetsId' : 'assetId';
    await world.sql`DELETE FROM album_asset WHERE ${world.sql(assetKey)} = ${out}`;
    await world.share();
    assert.ok(!(await inAlbum(world)).has(out));
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/picnic')}`;
    const gone = await world.mirrorOf('family/picnic') ?? '';
    await world.share();
    assert.ok(!(await inAlbum(world)).has(gone));
  });
}

Deno.test('an album without a cover gets one, a cover that was chosen stays', async () => {
  await using world = await World.open('v3.1.0');
  const cover = async () => {
    const [row] = await world.sql<{ id: string | null }[]>`
      SELECT "albumThumbnailAssetId" AS id FROM album WHERE id = ${world.library.albums.fromAlice.id}`;
    return row?.id ?? null;
  };
  const chosen = await cover();
  assert.ok(chosen);
  await world.share();
  assert.equal(await cover(), chosen);
  await world.sql`UPDATE album SET "albumThumbnailAssetId" = NULL WHERE id = ${world.library.albums.fromAlice.id}`;
  await world.sql`DELETE FROM immich_sidecar.album_entry`;
  await world.share();
  assert.ok((await inAlbum(world)).has(await cover() ?? ''));
});
