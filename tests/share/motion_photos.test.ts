import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { REPRESENTATIVE } from '../harness/database.ts';
import { extractMotionVideo } from '../harness/immich_jobs/motion.ts';
import { deleteAsset } from '../harness/immich_jobs/delete_asset.ts';
import { nestedName, writeFile } from '../harness/immich_jobs/host.ts';
import { pathChecksum } from '../../src/share/mirrors/plan.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: Immich extracts a shared motion photo and finds the video that is shared with it`, async () => {
    await using world = await World.open(release);
    await world.share();
    const before = await videosOfBob(world);
    await extractMirror(world);
    assert.deepEqual(await videosOfBob(world), before);
    const [shown] = await shownBy(world);
    assert.equal(shown, await world.mirrorOf('uploads/motion-video'));
    assert.equal(isIdle(await world.share()), true);
  });

  Deno.test(`${release}: a video that Immich took out of a shared photo goes when its owner locks the photo`, async () => {
    await using world = await World.open(release);
    await world.share();
    const made = await asEarlierVersion(world);
    assert.ok(existsSync(world.local(made.path)));
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('uploads/motion')}`;
    await world.share();
    assert.deepEqual(await shownBy(world), []);
    assert.deepEqual(await world.sql`SELECT FROM asset WHERE id = ${made.id}`.then((rows) => rows.length), 0);
    assert.equal(existsSync(world.local(made.path)), false, 'its file is gone');
    await world.sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${world.id('uploads/motion')}`;
    await world.share();
    const motion = await world.mirrorOf('uploads/motion-video');
    assert.ok(motion, 'after unlocking the motion part is shared again');
    assert.deepEqual(await shownBy(world), [motion]);
  });

  Deno.test(`${release}: a mirror that shows a video of Immich's making gets the shared one back`, async () => {
    await using world = await World.open(release);
    await world.share();
    const made = await asEarlierVersion(world);
    // What an earlier version made of it.
    await world.sql`
      DELETE FROM immich_sidecar.asset_map WHERE source_asset_id = ${world.id('uploads/motion-video')}`;
    await world.sql`
      INSERT INTO immich_sidecar.withdrawn (source_asset_id, target_user_id, reason)
      VALUES (${world.id('uploads/motion-video')}, ${world.library.users.bob.id}, 'target-deleted')`;
    await world.share();
    const motion = await world.mirrorOf('uploads/motion-video');
    assert.ok(motion);
    assert.deepEqual(await shownBy(world), [motion]);
    assert.equal(existsSync(world.local(made.path)), false);
    assert.equal(isIdle(await world.share()), true);
  });

  Deno.test(`${release}: the mirror of an extracted video has the SHA-1 of its bytes, also one that an earlier version made`, async () => {
    await using world = await World.open(release);
    await world.share();
    const motion = await world.mirrorOf('uploads/motion-video') ?? '';
    const sumOf = async (id: string) =>
      (await world.sql<{ sum: string }[]>`SELECT encode(checksum, 'hex') AS sum FROM asset WHERE id = ${id}`)[0]?.sum;
    const right = await sumOf(world.id('uploads/motion-video'));
    assert.equal(await sumOf(motion), right);
    await giveItsPathsChecksum(world, motion);
    assert.notEqual(await sumOf(motion), right);
    await world.share();
    assert.equal(await sumOf(motion), right);
  });

  Deno.test(`${release}: unshare removes what Immich took out of a shared photo, and what a mirror of long ago has left`, async () => {
    await using world = await World.open(release);
    const before = await videosOfBob(world);
    await world.share();
    await asEarlierVersion(world);
    await world.apply(async (tools, view) => {
      await applyUnshare(tools, await planUnshare(view.sql, view, {}), () => {});
    });
    assert.deepEqual(await videosOfBob(world), before);
    await world.share();
    const made = await asEarlierVersion(world);
    await world.sql`UPDATE asset SET "livePhotoVideoId" = NULL WHERE "livePhotoVideoId" = ${made.id}`;
    await world.share();
    assert.equal(existsSync(world.local(made.path)), false, 'nothing showed it, and the source has the same video');
  });

  Deno.test(`${release}: what the receiver took out of a photo of their own stays`, async () => {
    await using world = await World.open(release);
    await world.share();
    const made = await asEarlierVersion(world);
    await world.sql`
      UPDATE asset SET "livePhotoVideoId" = ${made.id}
      WHERE id = (
        SELECT id
        FROM asset
        WHERE "ownerId" = ${world.library.users.bob.id} AND type = 'IMAGE'
          AND id NOT IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map)
        ORDER BY id
        LIMIT 1
      )`;
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('uploads/motion')}`;
    await world.share();
    assert.ok(existsSync(world.local(made.path)));
  });

  Deno.test(`${release}: a photo that is a live photo no longer is none for its receiver, and a deletion keeps the video`, async () => {
    await using world = await World.open(release);
    await world.share();
    const [still, motion] = [world.id('uploads/live'), world.id('uploads/live-video')];
    const mirror = await world.mirrorOf('uploads/live') ?? '';
    // As Immich: both parts in one request.
    await world.sql`UPDATE asset SET "livePhotoVideoId" = NULL WHERE id = ${still}`;
    await world.sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${motion}`;
    await world.share();
    assert.deepEqual(await shownBy(world, 'uploads/live'), []);
    const video = await world.mirrorOf('uploads/live-video');
    assert.ok(video, 'the video is shared for itself');
    await deleteAsset(world, mirror);
    await world.share();
    assert.equal(await world.mirrorOf('uploads/live-video'), video);
  });
}

Deno.test('two motion photos with the same video share one, as in Immich, and when one of them goes the other has it', async () => {
  await using world = await World.open('v3.1.0');
  const { sql, library } = world;
  await world.share();
  const [first, second] = await world.someMirrored();
  const stills = [first, second];
  const libraries = [crypto.randomUUID(), crypto.randomUUID()];
  const parts = [crypto.randomUUID(), crypto.randomUUID()].sort();
  // The same file lies in two libraries of Alice's, below the directory that is shared.
  for (const [index, part] of parts.entries()) {
    const path = `/data/encoded-video/${library.users.alice.id}/${nestedName(part)}-MP.mp4`;
    writeFile(world, path, await videoBytes(world));
    await sql`
      INSERT INTO library
      SELECT (jsonb_populate_record(l, jsonb_build_object('id', ${libraries[index] ?? ''}::uuid))).*
      FROM library l
      WHERE "ownerId" = ${library.users.alice.id}
      LIMIT 1`;
    await sql`
      INSERT INTO asset
      SELECT (jsonb_populate_record(a, jsonb_build_object(
        'id', ${part}::uuid, 'originalPath', ${path}::text, 'libraryId', ${libraries[index] ?? ''}::uuid
      ))).*
      FROM asset a
      WHERE id = ${world.id('uploads/motion-video')}`;
    await sql`INSERT INTO asset_exif ("assetId") VALUES (${part})`;
    await sql`INSERT INTO asset_job_status ("assetId", "metadataExtractedAt") VALUES (${part}, now())`;
    await sql`
      UPDATE asset SET "libraryId" = ${libraries[index] ?? ''}, "livePhotoVideoId" = ${part} WHERE id = ${
      stills[index] ?? ''
    }`;
  }
  const report = await world.share();
  assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
  const shown = async (id: string) =>
    (await sql<{ id: string | null }[]>`
      SELECT "livePhotoVideoId" AS id FROM asset WHERE id = ${await world.mirrorOfId(id)}`)[0]?.id;
  const shared = await world.mirrorOfId(parts[0] ?? '');
  assert.deepEqual([await shown(first), await shown(second)], [shared, shared]);
  assert.equal(isIdle(await world.share()), true);
  await extractMotionVideo(world, await world.mirrorOfId(second), await videoBytes(world));
  assert.equal(await shown(second), shared);
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${first}`;
  await world.share();
  assert.equal(await shown(second), await world.mirrorOfId(parts[1] ?? ''));
});

function isIdle(report: Awaited<ReturnType<World['share']>>): boolean {
  return report.jobs.every(({ created, withdrawn }) => created === 0 && Object.keys(withdrawn).length === 0);
}

/** What the mirror of the motion photo shows when it is played. */
async function shownBy(world: World, key = 'uploads/motion'): Promise<string[]> {
  const mirror = await world.mirrorOf(key);
  const rows = await world.sql<{ id: string }[]>`
    SELECT "livePhotoVideoId" AS id FROM asset WHERE id = ${mirror ?? null} AND "livePhotoVideoId" IS NOT NULL`;
  return rows.map(({ id }) => id);
}

async function videosOfBob(world: World): Promise<{ id: string }[]> {
  return await world.sql<{ id: string }[]>`
    SELECT id, "originalPath" FROM asset WHERE "ownerId" = ${world.library.users.bob.id} AND type = 'VIDEO' ORDER BY id`;
}

async function videoBytes(world: World): Promise<Uint8Array> {
  const [video] = await world.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${world.id('uploads/motion-video')}`;
  return Deno.readFileSync(world.local(video?.path ?? ''));
}

async function extractMirror(world: World): Promise<void> {
  await extractMotionVideo(world, await world.mirrorOf('uploads/motion') ?? '', await videoBytes(world));
}

async function giveItsPathsChecksum({ sql, db }: World, id: string): Promise<void> {
  const [asset] = await sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  await sql`UPDATE asset SET checksum = decode(${pathChecksum(asset?.path ?? '')}, 'hex') WHERE id = ${id}`;
  if (db.release >= 'v2.7.5') await sql`UPDATE asset SET "checksumAlgorithm" = 'sha1-path' WHERE id = ${id}`;
}

/** A mirrored motion part had the checksum of its path once, so that Immich made another and deleted ours. */
async function asEarlierVersion(world: World): Promise<{ id: string; path: string }> {
  const motion = await world.mirrorOf('uploads/motion-video') ?? '';
  await giveItsPathsChecksum(world, motion);
  await extractMirror(world);
  const [made] = await world.sql<{ id: string; path: string }[]>`
    SELECT id, "originalPath" AS path FROM asset WHERE id = ANY (${await shownBy(world)}::uuid[])`;
  assert.ok(made !== undefined && made.id !== motion, 'Immich has made one of its own');
  return made;
}
