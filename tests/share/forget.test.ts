import assert from 'node:assert/strict';
import { UserError } from '../../src/errors.ts';
import { connect } from '../../src/postgres/connect.ts';
import { applyForget, type Decision, type ForgetChoice, planForget } from '../../src/share/undo/forget.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import { withSharing } from '../../src/share/share.ts';
import { everything } from '../cli/everything.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { World } from './world.ts';

/** The pictures that Bob has uploaded (see the library's specs). */
const DUPLICATE = 'family/beach';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: what Bob trashed, deleted or has, too is shared again once it is forgotten`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    assert.equal(await world.mirrorOf(DUPLICATE), undefined);
    await sql`
      UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${
      await world.mirrorOf('family/wedding') ?? ''
    }`;
    await sql`DELETE FROM asset WHERE id = ${await world.mirrorOf('family/portrait') ?? ''}`;
    await world.share();
    await sql`DELETE FROM asset WHERE id = ${await world.mirrorOf('family/wedding') ?? ''}`;
    await world.share();
    const decisions = await look(world);
    assert.deepEqual(
      reasonsOf(world, decisions),
      { 'family/wedding': 'target-trashed', 'family/portrait': 'target-deleted', [DUPLICATE]: 'duplicate' },
    );
    assert.equal(await forget(world), decisions.length);
    assert.deepEqual(await look(world), []);
    await world.share();
    for (const key of ['family/wedding', 'family/portrait', DUPLICATE]) assert.ok(await world.mirrorOf(key), key);
    assert.deepEqual(await look(world), []);
  });
}

Deno.test('what was forgotten of a photo that no job is about any more is done with in one cycle, although there is nothing to do for it', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  const [, uploads] = world.config.jobs;
  assert.ok(uploads);
  world.setJobs([uploads]);
  await world.untilIdle();
  await sql`INSERT INTO immich_sidecar_decisions.recheck (source_asset_id) VALUES (${world.id('bob/dog')})`;
  assert.equal((await world.share({ isFull: false })).rechecked, 1);
  assert.equal((await world.share({ isFull: false })).scope, 'nothing');
});

Deno.test('a cycle over changes shares again what was forgotten since the last', async () => {
  await using world = await World.open('v3.1.0');
  const sql = await connect(world.config.database);
  try {
    await withSharing(sql, world.config, 'test', async (sharing) => {
      const cycle = () => sharing.cycle({ progress: SILENT });
      await cycle();
      await world.sql`DELETE FROM asset WHERE id = ${await world.mirrorOf('family/portrait') ?? ''}`;
      await cycle();
      await cycle();
      assert.equal(await world.mirrorOf('family/portrait'), undefined);
      await applyForget(world.sql, await look(world));
      await cycle();
      assert.ok(await world.mirrorOf('family/portrait'));
      assert.ok(await world.mirrorOf(DUPLICATE));
      assert.equal((await world.sql`SELECT FROM immich_sidecar_decisions.recheck`).length, 0);
    });
  } finally {
    await sql.end();
  }
});

Deno.test('what is forgotten while a cycle looks at that very photo is not forgotten by the cycle', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  await sql`DELETE FROM asset WHERE id = ${await world.mirrorOf('family/portrait') ?? ''}`;
  await world.share();
  const decisions = await look(world, { sourceAssetIds: [world.id('family/portrait')] });
  // As when a time of grace has run out.
  await sql`INSERT INTO immich_sidecar_decisions.recheck (source_asset_id) VALUES (${world.id('family/portrait')})`;
  await sql`UPDATE person SET name = 'Renamed' WHERE id = ${world.library.people['alice/grandma'].id}`;
  const cycle = await sql.begin(async (tx) => {
    await tx`SELECT FROM person WHERE "ownerId" = ${world.library.users.bob.id} FOR UPDATE`;
    const running = world.share({ isFull: false });
    const isWaiting = async () =>
      (await sql`
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).length > 0;
    // With its people it comes behind the new photos.
    while (!await isWaiting()) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(await applyForget(sql, decisions), 1);
    return [running];
  });
  await Promise.all(cycle);
  assert.equal(await world.mirrorOf('family/portrait'), undefined);
  await world.share({ isFull: false });
  assert.ok(await world.mirrorOf('family/portrait'));
});

Deno.test('with a live photo comes its motion part', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [live] = await world.sql<{ still: string; motion: string; id: string }[]>`
    SELECT m.mirror_asset_id AS still, mirror."livePhotoVideoId" AS motion, m.source_asset_id AS id
    FROM immich_sidecar.asset_map m
    JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror."livePhotoVideoId" IS NOT NULL`;
  assert.ok(live);
  // As Immich does: the still, and then its motion part.
  await world.sql`DELETE FROM asset WHERE id = ${live.still}`;
  await world.sql`DELETE FROM asset WHERE id = ${live.motion}`;
  await world.share();
  assert.equal((await look(world)).filter(({ kind }) => kind === 'withdrawn').length, 2);
  assert.equal(await forget(world, { sourceAssetIds: [live.id] }), 2);
  await world.share();
  const [again] = await world.sql<{ motion: string | null }[]>`
    SELECT mirror."livePhotoVideoId" AS motion
    FROM immich_sidecar.asset_map m
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    WHERE m.source_asset_id = ${live.id}`;
  assert.ok(again?.motion);
});

Deno.test('only what was chosen is forgotten: a job, a user, single photos', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const keys = ['family/wedding', 'family/portrait', 'uploads/cat'];
  const mirrors = await Promise.all(keys.map((key) => world.mirrorOf(key)));
  await world.sql`DELETE FROM asset WHERE id = ANY (${mirrors as string[]}::uuid[])`;
  await world.share();
  const names = async (choice: ForgetChoice) => Object.keys(reasonsOf(world, await look(world, choice))).toSorted();
  const bob = world.library.users.bob.id;
  assert.deepEqual(await names({ job: 'uploads to bob' }), ['uploads/cat']);
  assert.deepEqual(await names({ job: 'family to bob' }), [DUPLICATE, 'family/portrait', 'family/wedding'].toSorted());
  assert.deepEqual(await names({ sourceAssetIds: [world.id('family/wedding')] }), ['family/wedding']);
  assert.deepEqual(await names({ sourceAssetIds: [world.id('family/wedding')], job: 'uploads to bob' }), []);
  assert.deepEqual(await names({ targetUserId: bob }), await names({}));
  assert.deepEqual(await names({ targetUserId: world.library.users.carol.id }), []);
  await assert.rejects(look(world, { job: 'famly' }), UserError);
  await forget(world, { sourceAssetIds: [world.id('family/wedding')] });
  await world.share();
  assert.ok(await world.mirrorOf('family/wedding'));
  assert.equal(await world.mirrorOf('family/portrait'), undefined);
});

Deno.test('looking changes nothing, also where nothing was ever shared', async () => {
  await using world = await World.open('v3.1.0');
  const before = await everything(world);
  assert.deepEqual(await look(world), []);
  assert.equal(await forget(world), 0);
  assert.deepEqual(await everything(world), before);
});

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

async function look(world: World, choice: ForgetChoice = {}): Promise<Decision[]> {
  const sql = await connect(world.config.database);
  try {
    return [...await planOnly(sql, world.config, undefined, (tx, context) => planForget(tx, context, choice))];
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function forget(world: World, choice: ForgetChoice = {}): Promise<number> {
  return await applyForget(world.sql, await look(world, choice));
}

/** Why each asset, by its nickname, is not shared. */
function reasonsOf(world: World, decisions: readonly Decision[]): Record<string, string> {
  const key = (id: string) => world.library.assets.find((asset) => asset.id === id)?.key ?? id;
  return Object.fromEntries(decisions.map(({ sourceAssetId, reason }) => [key(sourceAssetId), reason]));
}

Deno.test('nothing tells what the target has in his locked folder', async () => {
  await using world = await World.open('v3.1.0');
  await world.sql`
    UPDATE asset SET visibility = 'locked'
    WHERE "ownerId" = ${world.library.users.bob.id} AND "libraryId" IS NULL AND visibility = 'timeline'`;
  const report = await world.share();
  assert.deepEqual(report.jobs.map(({ standing }) => standing?.skipped), [{}, {}]);
  assert.ok(await world.mirrorOf(DUPLICATE));
});
