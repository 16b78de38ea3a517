import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE, SPREAD } from '../harness/database.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { editAsset } from '../harness/immich_jobs/metadata.ts';
import { World } from './world.ts';

for (const release of SPREAD) {
  Deno.test(`${release}: what Alice changes on a photo follows, and another cycle changes nothing`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const [id, other] = await world.someMirrored();
    await sql`
      UPDATE asset_exif
      SET description = 'Café "am See"', rating = 4, latitude = 48.5, longitude = 9.25, city = 'Ulm',
          "dateTimeOriginal" = '2020-02-02T10:00:00.123Z', "timeZone" = 'Europe/Berlin', "lensModel" = 'new lens'
      WHERE "assetId" = ${id}`;
    await sql`
      UPDATE asset
      SET "localDateTime" = '2020-02-02T11:00:00.123Z', "fileCreatedAt" = '2020-02-02T10:00:00.123Z', "originalFileName" = 'renamed.jpg'
      WHERE id = ${id}`;
    await sql`UPDATE asset_job_status SET "facesRecognizedAt" = now() WHERE "assetId" = ${other}`;
    const report = await world.share();
    assert.equal(sum(report, 'rowsUpdated'), 1);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertSettled(world);
  });
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: what Bob has changed on a mirror is his, until he changes it back`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const [id] = await world.someMirrored();
    const mirror = await world.mirrorOfId(id);
    await editAsset(world, mirror, { description: 'Bob says' });
    await sql`UPDATE asset SET "isFavorite" = true, visibility = 'archive' WHERE id = ${mirror}`;
    await world.share();
    await sql`UPDATE asset_exif SET description = 'Alice says', rating = 5 WHERE "assetId" = ${id}`;
    await world.share();
    const read = async () => {
      const [row] = await sql`
        SELECT e.description, e.rating, a."isFavorite", a.visibility
        FROM asset a JOIN asset_exif e ON e."assetId" = a.id
        WHERE a.id = ${mirror}`;
      return { ...row };
    };
    assert.deepEqual(await read(), { description: 'Bob says', rating: 5, isFavorite: true, visibility: 'archive' });
    await assertSettled(world);
    const [{ description } = { description: '' }] = await sql<{ description: string }[]>`
      SELECT description FROM asset_exif WHERE "assetId" = ${id}`;
    await editAsset(world, mirror, { description });
    await world.share();
    await sql`UPDATE asset_exif SET description = 'Alice says more' WHERE "assetId" = ${id}`;
    await world.share();
    assert.equal((await read()).description, 'Alice says more');
    await assertSettled(world);
  });

  Deno.test(`${release}: a source file that was moved, replaced or touched is followed`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const [moved, replaced, touched] = await world.someMirrored();
    const pathOf = async (id: string) => {
      const [row] = await sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
      return row?.path ?? '';
    };
    const from = await pathOf(moved);
    const to = from.replace(/\/([^/]+)$/, '/moved $1');
    await Deno.rename(world.local(from), world.local(to));
    await sql`UPDATE asset SET "originalPath" = ${to} WHERE id = ${moved}`;
    const before = await world.localMirrorPath(moved);

    const path = world.local(await pathOf(replaced));
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(`${path}.new`, bytes);
    await Deno.rename(`${path}.new`, path);
    await Deno.utime(path, 1_500_000_000, 1_500_000_000);

    await Deno.utime(world.local(await pathOf(touched)), 1_600_000_000, 1_600_000_000);

    await world.share();
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assert.rejects(Deno.lstat(before), Deno.errors.NotFound);
    const [row] = await sql<{ modified: Date }[]>`
      SELECT "fileModifiedAt" AS modified FROM asset WHERE id = ${await world.mirrorOfId(touched)}`;
    assert.equal(row?.modified.getTime(), 1_600_000_000_000);
    await assertSettled(world);
  });

  Deno.test(`${release}: a sidecar of Bob's gives way to Alice's once both say the same`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const id = world.id('family/portrait');
    const mirror = await world.mirrorOfId(id);
    const say = async (asset: string) => {
      await editAsset(world, asset, { description: 'the same words' });
      await sql`
        INSERT INTO asset_file ("assetId", type, path)
        SELECT id, 'sidecar', "originalPath" || '.xmp' FROM asset WHERE id = ${asset}`;
    };
    const hisFile = `${await world.localMirrorPath(id)}.xmp`;
    await Deno.writeTextFile(hisFile, '<bob/>');
    await say(mirror);
    await world.share();
    assert.equal(await Deno.readTextFile(hisFile), '<bob/>');
    const [source] = await sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
    await Deno.writeTextFile(world.local(`${source?.path}.xmp`), '<alice/>');
    await say(id);
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
    assert.equal(await Deno.readTextFile(hisFile), '<alice/>');
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertSettled(world);
  });

  Deno.test(`${release}: a sidecar of Bob's goes when it says what Alice's photo says without one`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const before = Object.keys(listFiles(world.directory));
    const id = world.id('family/portrait');
    const hisFile = `${await world.localMirrorPath(id)}.xmp`;
    await Deno.writeTextFile(hisFile, '<bob/>');
    await sql`
      INSERT INTO asset_file ("assetId", type, path)
      SELECT id, 'sidecar', "originalPath" || '.xmp' FROM asset WHERE id = ${await world.mirrorOfId(id)}`;
    await world.share();
    assert.deepEqual(Object.keys(listFiles(world.directory)), before);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertSettled(world);
  });

  Deno.test(`${release}: two photos that change names keep each its own mirror`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const [a, b] = await world.someMirrored();
    const rows = await sql<{ id: string; path: string }[]>`
      SELECT id, "originalPath" AS path FROM asset WHERE id IN (${a}, ${b}) ORDER BY id = ${b}`;
    const [first, second] = rows.map(({ path }) => path);
    assert.ok(first !== undefined && second !== undefined);
    const temporary = world.local(`${first}.swap`);
    await Deno.rename(world.local(first), temporary);
    await Deno.rename(world.local(second), world.local(first));
    await Deno.rename(temporary, world.local(second));
    await sql`UPDATE asset SET checksum = decode(md5(id::text), 'hex') WHERE id IN (${a}, ${b})`;
    await sql`UPDATE asset SET "originalPath" = ${second} WHERE id = ${a}`;
    await sql`UPDATE asset SET "originalPath" = ${first} WHERE id = ${b}`;
    await world.share();
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertSettled(world);
  });

  Deno.test(`${release}: generated files that go missing, are made anew, come late or go follow`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const [missing, anew, late] = await world.someMirrored();
    const fileOf = async (id: string | undefined, type: string) => {
      const [row] = await sql<{ path: string }[]>`
        SELECT path FROM asset_file WHERE "assetId" = ${id ?? null} AND type = ${type}`;
      return world.local(row?.path ?? '');
    };
    await Deno.remove(await fileOf(await world.mirrorOfId(missing), 'preview'));
    const thumbnail = await fileOf(anew, 'thumbnail');
    await Deno.writeFile(`${thumbnail}.new`, new Uint8Array([1, 2, 3]));
    await Deno.rename(`${thumbnail}.new`, thumbnail);
    const preview = await fileOf(late, 'preview');
    const fullsize = preview.replace('preview', 'fullsize');
    await Deno.copyFile(preview, fullsize);
    await sql`
      INSERT INTO asset_file ("assetId", type, path)
      SELECT "assetId", 'fullsize', replace(path, 'preview', 'fullsize')
      FROM asset_file
      WHERE "assetId" = ${late} AND type = 'preview'`;
    await world.share();
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertSettled(world);

    await Deno.remove(fullsize);
    await sql`DELETE FROM asset_file WHERE "assetId" = ${late} AND type = 'fullsize'`;
    await world.share();
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertSettled(world);
  });

  Deno.test(`${release}: a mirror that a scan has marked offline comes back when its file is there`, async () => {
    await using world = await World.open(release);
    await world.share();
    const [id] = await world.someMirrored();
    await Deno.remove(await world.localMirrorPath(id));
    await world.sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() WHERE id = ${await world.mirrorOfId(id)}`;
    await world.share();
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertSettled(world);
  });
}

Deno.test('a job that is renamed, or given another place, takes its mirrors along', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const favourite = await world.mirrorOfId((await world.someMirrored())[0]);
  await world.sql`UPDATE asset SET "isFavorite" = true WHERE id = ${favourite}`;
  world.setJobs(world.config.jobs.map((job) => ({
    ...job,
    name: `${job.name} renamed`,
    targetPathPrefix: `${job.targetPathPrefix}deeper/`,
  })));
  await world.share();
  assert.deepEqual(await world.verify(verifyMirrors), [{
    subject: `asset ${favourite}`,
    problem: 'has a wrong value of its own: isFavorite',
  }]);
  await assertSettled(world);
});

async function assertSettled(world: World): Promise<void> {
  const before = [await digestTables(world.sql), listFiles(world.directory)];
  await world.share();
  assert.deepEqual([await digestTables(world.sql), listFiles(world.directory)], before);
}

function sum(
  report: { jobs: readonly { rowsUpdated: number; filesUpdated: number }[] },
  key: 'rowsUpdated' | 'filesUpdated',
) {
  return report.jobs.reduce((total, job) => total + job[key], 0);
}
