import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

const PHOTO = 'family/portrait';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a photo that goes offline keeps its mirror for a day, then loses it in a cycle over changes, though nothing has changed`, async () => {
    await using world = await World.open(release);
    await using engine = await Engine.start(world.config);
    await engine.cycle();
    const mirror = await world.mirrorOf(PHOTO);
    const file = await world.localMirrorPath(world.id(PHOTO));
    await goOffline(world);
    const first = await engine.cycle();
    assert.deepEqual([first.jobs[0]?.withdrawn, first.missed], [{}, 1]);
    assert.equal(await world.mirrorOf(PHOTO), mirror);
    assert.ok(Deno.lstatSync(file).isFile);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await engine.untilIdle(world.sql);

    await passTime(world, '23 hours');
    await engine.untilIdle(world.sql);
    assert.equal(await world.mirrorOf(PHOTO), mirror);
    await passTime(world, '1 hour');
    const { jobs, scope, rechecked } = await engine.cycle();
    assert.deepEqual([jobs[0]?.withdrawn, scope, rechecked], [{ 'source-offline': 1 }, 'changes', 1]);
    assert.equal(await world.mirrorOf(PHOTO), undefined);
  });
}

Deno.test('a photo whose time runs out while a cycle is at work loses its mirror in the next one', async () => {
  await using world = await World.open('v3.1.0');
  await using engine = await Engine.start(world.config);
  await engine.cycle();
  await engine.untilIdle(world.sql);
  const { sql } = world;
  await sql.unsafe(`
    CREATE FUNCTION pass_time() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET session_replication_role = replica AS $$
    BEGIN
      UPDATE asset SET "deletedAt" = now() - interval '24 hours' WHERE "isOffline";
      RETURN NEW;
    END $$`);
  await sql`UPDATE asset_exif SET description = 'new' WHERE "assetId" = ${world.id('family/picnic')}`;
  await goOffline(world);
  await sql`CREATE TRIGGER passes_time BEFORE UPDATE ON asset_exif FOR EACH ROW EXECUTE FUNCTION pass_time()`;
  assert.deepEqual((await engine.cycle()).jobs[0]?.withdrawn, {});
  await sql`DROP TRIGGER passes_time ON asset_exif`;
  assert.deepEqual((await engine.cycle()).jobs[0]?.withdrawn, { 'source-offline': 1 });
});

Deno.test('a photo that comes back in time has the mirror that it had, with whatever has been done to it', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const mirror = await world.mirrorOf(PHOTO);
  await world.sql`UPDATE asset SET "isFavorite" = true WHERE id = ${mirror ?? ''}`;
  await goOffline(world);
  await world.share();
  await world.sql`UPDATE asset SET "isOffline" = false, "deletedAt" = NULL WHERE id = ${world.id(PHOTO)}`;
  await world.share();
  await passTime(world, '30 hours');
  await world.share();
  const [row] = await world.sql`SELECT "isFavorite" AS is FROM asset WHERE id = ${mirror ?? ''}`;
  assert.deepEqual([await world.mirrorOf(PHOTO), row], [mirror, { is: true }]);
});

Deno.test('full cycles and dry runs say the same during the time of grace, and running again changes nothing', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await goOffline(world);
  assert.deepEqual((await world.plan()).totals(), { photosThatImmichDoesNotFindAnyMore: 1 });
  assert.equal((await world.share()).missed, 1);
  assert.equal((await world.plan()).summary(), 'nothing to do\n');
  const before = [await digestTables(world.sql), listFiles(world.directory)];
  assert.equal((await world.share()).missed, 0);
  assert.deepEqual([await digestTables(world.sql), listFiles(world.directory)], before);
});

Deno.test('nothing new is made of a photo that is offline', async () => {
  await using world = await World.open('v3.1.0');
  await goOffline(world);
  await world.share();
  assert.equal(await world.mirrorOf(PHOTO), undefined);
});

Deno.test('without OFFLINE_GRACE_HOURS a mirror goes at once; with more of them it stays longer', async () => {
  await using world = await World.open('v3.1.0');
  world.config = { ...world.config, offlineGraceHours: 48 };
  await world.share();
  await goOffline(world);
  await passTime(world, '47 hours');
  await world.share();
  assert.ok(await world.mirrorOf(PHOTO));
  world.config = { ...world.config, offlineGraceHours: 0 };
  await world.share();
  assert.equal(await world.mirrorOf(PHOTO), undefined);
});

/** What has no grace, though the photo is offline, too. */
const AT_ONCE: Readonly<Record<string, (world: World) => PromiseLike<unknown>>> = {
  locked: (world) => world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id(PHOTO)}`,
  trashed: (world) => world.sql`UPDATE asset SET status = 'trashed' WHERE id = ${world.id(PHOTO)}`,
  deleted: (world) => world.sql`DELETE FROM asset WHERE id = ${world.id(PHOTO)}`,
  'not selected any more': (world) => world.sql`UPDATE asset SET visibility = 'archive' WHERE id = ${world.id(PHOTO)}`,
};

for (const [what, happen] of Object.entries(AT_ONCE)) {
  Deno.test(`there is no grace for an offline photo that is ${what}`, async () => {
    await using world = await World.open('v3.1.0');
    await world.share();
    await goOffline(world);
    await world.share();
    assert.ok(await world.mirrorOf(PHOTO));
    await happen(world);
    await world.share();
    assert.equal(await world.mirrorOf(PHOTO), undefined);
  });
}

Deno.test('the motion part of a live photo stays as long as its still, whichever of them is offline, and goes with a locked one', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [still] = await world.sql<{ id: string; motion: string }[]>`
    SELECT a.id, a."livePhotoVideoId" AS motion
    FROM immich_sidecar.asset_map m JOIN asset a ON a.id = m.source_asset_id
    WHERE a."livePhotoVideoId" IS NOT NULL`;
  assert.ok(still);
  const mirrored = async () =>
    (await world.sql`
      SELECT FROM immich_sidecar.asset_map WHERE source_asset_id IN (${still.id}, ${still.motion})`).length;
  for (const id of [still.motion, still.id]) {
    await world.sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() WHERE id = ${id}`;
    await world.share();
    assert.equal(await mirrored(), 2);
  }
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${still.id}`;
  await world.share();
  assert.equal(await mirrored(), 0);
});

async function goOffline(world: World): Promise<void> {
  await world.sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() WHERE id = ${world.id(PHOTO)}`;
}

/** As if so much time had passed: nothing that Immich dates changes with it. */
async function passTime({ sql }: World, by: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`SET LOCAL session_replication_role = replica`;
    await tx`UPDATE asset SET "deletedAt" = "deletedAt" - ${by}::interval WHERE "isOffline"`;
    await tx`UPDATE immich_sidecar_decisions.recheck SET due_at = due_at - ${by}::interval`;
  });
}
