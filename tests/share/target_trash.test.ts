/** What a target does to a mirror past our eyes, and in front of them: the trash of Immich, what is purged from it, and what is gone otherwise. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describeBrake } from '../../src/share/brake/words.ts';
import { applyForget, planForget } from '../../src/share/undo/forget.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: what Bob trashes stays in his trash, follows, and comes back as if nothing had been; what is purged from there is declined`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    await world.share();
    const id = world.id('family/wedding');
    const [mirror, path] = [await world.mirrorOfId(id), await world.localMirrorPath(id)];
    await trash(world, [mirror]);
    const report = await world.share({ isFull: false });
    assert.deepEqual([report.jobs[0]?.withdrawn, report.trashNoted], [{}, 1]);
    assert.equal((await world.share()).jobs[0]?.standing?.withdrawn, 1);
    assert.equal(await statusOf(world, mirror), 'trashed');
    await sql`UPDATE asset_exif SET description = 'said meanwhile', "lockedProperties" = NULL WHERE "assetId" = ${id}`;
    await world.share({ isFull: false });
    await assertAtRest(world);

    // Immich's "Undo".
    await sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id = ${mirror}`;
    await world.share({ isFull: false });
    const [shown] = await sql`SELECT description FROM asset_exif WHERE "assetId" = ${mirror}`;
    assert.deepEqual([shown?.['description'], existsSync(path)], ['said meanwhile', true]);
    assert.equal(await world.mirrorOfId(id), mirror);
    await assertAtRest(world);

    // Purged two months after a cycle has seen it in the trash, of which Immich's audit says nothing any more.
    await trash(world, [mirror]);
    await world.share({ isFull: false });
    await purge(world, [mirror]);
    await sql`DELETE FROM asset_audit WHERE "assetId" = ${mirror}`;
    assert.deepEqual((await world.share()).jobs[0]?.withdrawn, { 'target-trashed': 1 });
    assert.equal(await world.mirrorOf('family/wedding'), undefined);
    assert.equal(existsSync(path), false);
    await assertAtRest(world);

    // One that was deleted past the trash, by itself.
    await purge(world, [await world.mirrorOf('family/portrait') ?? '']);
    assert.deepEqual((await world.share()).jobs[0]?.withdrawn, { 'target-deleted': 1 });
    assert.deepEqual(await declined(world), ['target-deleted', 'target-trashed']);
    await assertAtRest(world);
  });
}

Deno.test('what is withdrawn while Bob has it in his trash is remembered as declined; so is what lies behind a symbolic link, at once', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  const id = world.id('family/wedding');
  await trash(world, [await world.mirrorOfId(id)]);
  await world.share();
  await sql`UPDATE asset SET visibility = 'archive' WHERE id = ${id}`;
  assert.deepEqual((await world.share()).jobs[0]?.withdrawn, { 'target-trashed': 1 });
  await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${id}`;
  await world.share();
  assert.equal(await world.mirrorOf('family/wedding'), undefined);

  // Without a file of its own, as behind a symbolic link, Immich would purge the source's.
  const other = await world.mirrorOf('family/portrait') ?? '';
  await sql`
    DELETE FROM immich_sidecar.link l
    USING asset a
    WHERE a.id = ${other} AND l.mirror_id = a.id AND l.path = a."originalPath"`;
  await trash(world, [other]);
  assert.deepEqual((await world.share({ isFull: false })).jobs[0]?.withdrawn, { 'target-trashed': 1 });
});

Deno.test('a live photo that Bob trashes takes its motion part along when it is purged, and neither comes back', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  const [live] = await sql<{ still: string; part: string; source: string }[]>`
    SELECT m.mirror_asset_id AS still, mirror."livePhotoVideoId" AS part, a.id AS source
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror."livePhotoVideoId" IS NOT NULL
    ORDER BY a.id`;
  assert.ok(live);
  await trash(world, [live.still]);
  await world.share({ isFull: false });
  world.config = { ...world.config, brake: { percent: 0, minimum: 0 } };
  await purge(world, [live.still, live.part]);
  const report = await world.share({ isFull: false });
  assert.deepEqual([report.brakes, report.jobs.flatMap(({ withdrawn }) => Object.entries(withdrawn))], [[], [
    ['target-trashed', 2],
  ]]);
  await assertAtRest(world);
  await assert.rejects(world.mirrorOfId(live.source));
});

Deno.test('an emptied trash is no accident; mirrors that are gone past it, all at once, are: the brake asks, and reshare makes them again', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  const mirrors = await mirrorsOf(world, 'family to bob');
  assert.ok(mirrors.length >= 12);
  const [first, second, ...rest] = mirrors;
  await trash(world, [first ?? '', second ?? '']);
  await world.share();
  await purge(world, mirrors);
  const report = await world.share();
  assert.deepEqual(report.jobs[0]?.withdrawn, { 'target-trashed': 2 });
  const [brake] = report.brakes;
  assert.deepEqual(brake?.reasons, { 'target-deleted': rest.length });
  assert.ok(brake);
  const words = describeBrake(brake);
  for (const said of ['gone from the recipient', 'reshare --job "family to bob"', '--confirm-withdrawals']) {
    assert.ok(words.includes(said), words);
  }
  assert.deepEqual(await declined(world), ['target-trashed', 'target-trashed']);
  // A person may take longer than Immich keeps its audit.
  await sql`DELETE FROM asset_audit`;
  assert.equal((await world.share()).brakes.length, 1);
  await assertAtRest(world);

  const lost = (await world.apply((_, view) => planForget(world.sql, view, { job: 'family to bob' })))
    .filter(({ kind }) => kind === 'gone');
  assert.equal(lost.length, rest.length);
  assert.equal(await applyForget(sql, lost), rest.length);
  const again = await world.share();
  assert.deepEqual([again.brakes, again.jobs[0]?.created], [[], rest.length]);
  assert.deepEqual(await declined(world), ['target-trashed', 'target-trashed']);
  await assertAtRest(world);

  // What is asked for once is not asked for for ever.
  const news = await mirrorsOf(world, 'family to bob');
  await purge(world, news.slice(0, 1));
  assert.deepEqual((await world.share()).jobs[0]?.withdrawn, { 'target-deleted': 1 });
  // This time it was meant.
  await purge(world, news.slice(1));
  assert.equal((await world.share()).brakes.length, 1);
  await sql`UPDATE immich_sidecar_decisions.brake SET confirmed_at = now()`;
  const confirmed = await world.share();
  assert.deepEqual([confirmed.brakes, confirmed.jobs[0]?.withdrawn], [[], { 'target-deleted': rest.length - 1 }]);
  assert.deepEqual(await mirrorsOf(world, 'family to bob'), []);
});

async function trash({ sql }: World, mirrors: readonly string[]): Promise<void> {
  await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ANY (${mirrors as string[]}::uuid[])`;
}

/** As AssetDelete does it, from the trash or past it. */
async function purge(world: World, mirrors: readonly string[]): Promise<void> {
  const paths = await world.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ANY (${mirrors as string[]}::uuid[])`;
  await world.sql`UPDATE asset SET "stackId" = NULL WHERE id = ANY (${mirrors as string[]}::uuid[])`;
  await world.sql`DELETE FROM stack s WHERE s."primaryAssetId" = ANY (${mirrors as string[]}::uuid[])`;
  await world.sql`DELETE FROM asset WHERE id = ANY (${mirrors as string[]}::uuid[])`;
  for (const { path } of paths) await Deno.remove(world.local(path)).catch(() => {}); // a motion part may share its file's place
}

async function mirrorsOf({ sql }: World, job: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT mirror_asset_id AS id FROM immich_sidecar.asset_map WHERE job_name = ${job} ORDER BY source_asset_id`;
  return rows.map(({ id }) => id);
}

async function statusOf({ sql }: World, id: string): Promise<unknown> {
  const [row] = await sql`SELECT status FROM asset WHERE id = ${id}`;
  return row?.['status'];
}

async function declined({ sql }: World): Promise<unknown[]> {
  const rows = await sql`SELECT reason FROM immich_sidecar.withdrawn ORDER BY reason`;
  return rows.map(({ reason }) => reason);
}

/** One more cycle changes nothing. */
async function assertAtRest(world: World): Promise<void> {
  const before = await digestTables(world.sql);
  await world.share();
  assert.deepEqual(await digestTables(world.sql), before);
}
