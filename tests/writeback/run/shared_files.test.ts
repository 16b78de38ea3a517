import assert from 'node:assert/strict';
import { libraryFromDatabase } from '../../harness/fake_immich/from_database.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { World } from '../../share/world.ts';
import type { WritePlan } from '../../../src/writeback/tags.ts';
import { configOf, plan, tagsOf, undoAll, write } from './helper.ts';

const fields = ['caption', 'albums', 'tags'] as const;

/** Alice has shared with Bob, and has an album of everything of hers, whose name is nobody else's business. */
async function sharedWorld(): Promise<World> {
  const world = await World.open('v3.1.0');
  await world.share();
  const [album] = await world.sql<{ id: string }[]>`
    INSERT INTO album ("albumName") VALUES ('Surgery of my mother') RETURNING id`;
  await world.sql`
    INSERT INTO album_user ("albumId", "userId", role)
    VALUES (${album?.id ?? ''}, ${world.library.users.alice.id}, 'owner')`;
  await world.sql`
    INSERT INTO album_asset ("albumId", "assetId")
    SELECT ${album?.id ?? ''}, id FROM asset WHERE "ownerId" = ${world.library.users.alice.id}`;
  return world;
}

async function mirrorFiles(world: World): Promise<string[]> {
  const rows = await world.sql<{ path: string }[]>`
    SELECT a."originalPath" AS path
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.mirror_asset_id AND a.type = 'IMAGE'`;
  return rows.map(({ path }) => world.local(path));
}

async function countOfFilesThatTell(paths: readonly string[]): Promise<number> {
  const tags = await tagsOf(paths);
  return paths.filter((path) => JSON.stringify(tags.get(path)).includes('Surgery of my mother')).length;
}

Deno.test('what an album is called does not reach those whom its photos are shared with', async () => {
  await using world = await sharedWorld();
  const mirrors = await mirrorFiles(world);
  const report = await write(configOf(world, { destination: 'both' }), { fields });
  assert.equal(report.complete, true, JSON.stringify(report.troubles));
  await world.share();
  assert.ok(mirrors.length > 10);
  assert.equal(await countOfFilesThatTell(mirrors), 0);
  assert.ok(report.privateLeftOut >= mirrors.length, `${report.privateLeftOut} of ${mirrors.length}`);
  assert.ok(report.outcomes.written > 5, 'what is not shared has its album');

  const into = await write(configOf(world, { destination: 'both', intoShared: true }), { fields });
  assert.equal(into.privateLeftOut, 0);
  await world.share();
  assert.ok(await countOfFilesThatTell(await mirrorFiles(world)) > 10, '--into-shared is what it says');
});

Deno.test('the API does not tell who has a mirror: there a file with several names is shared', async () => {
  await using world = await sharedWorld();
  const userIds = [world.library.users.alice.id];
  const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
  await using fake = new FakeImmich({ dialect: '3.1.0', library });
  const fromDatabase = await plan(configOf(world, { userIds }), { fields });
  const fromApi = await plan(
    { ...configOf(world, { source: 'api' }), immich: { url: fake.url, apiKey: fake.apiKey } },
    { fields },
  );
  const telling = ({ plans }: { plans: readonly WritePlan[] }) =>
    plans.filter(({ changes }) => changes.some(({ tag }) => tag === 'XMP-iptcExt:Event')).map(({ path }) => path)
      .sort();
  assert.ok(telling(fromDatabase).length > 5);
  assert.deepEqual(telling(fromApi), telling(fromDatabase));
  assert.equal(fromApi.report.privateLeftOut, fromDatabase.report.privateLeftOut);
});

Deno.test('without the database a shared photo that was written counts as shared until the next share cycle, and after', async () => {
  await using world = await sharedWorld();
  const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
  await using fake = new FakeImmich({ dialect: '3.1.0', library });
  const config = { ...configOf(world, { source: 'api' }), immich: { url: fake.url, apiKey: fake.apiKey } };
  const mirrors = await mirrorFiles(world);
  await write(config, { fields: ['caption', 'gps', 'time'] });
  const second = await write(config, { fields });
  assert.ok(second.privateLeftOut >= mirrors.length);
  await world.share();
  assert.equal(await countOfFilesThatTell(mirrors), 0);
});

Deno.test('what an earlier run has written into a photo that is shared now stays, and can be undone', async () => {
  await using world = await sharedWorld();
  const config = configOf(world, { intoShared: true });
  await write(config, { fields });
  const again = await plan(configOf(world), { fields });
  assert.deepEqual(again.plans, []);
});

Deno.test('what was written into an upload is in its mirror after the next cycle, and what was undone is not', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await world.untilIdle();
  await world.sql`UPDATE asset_exif SET description = 'Said before' WHERE "assetId" = ${world.id('uploads/cat')}`;
  await world.untilIdle();
  const mirror = await world.localMirrorPath(world.id('uploads/cat'));
  const config = configOf(world, { stateDirectory: world.config.write.stateDirectory });
  const caption = async () => JSON.stringify((await tagsOf([mirror])).get(mirror)).includes('Said before');
  await write(config, { fields: ['caption'] });
  assert.equal(await caption(), false);
  assert.equal((await world.share({ isFull: false })).scope, 'changes');
  assert.equal(await caption(), true);
  await world.untilIdle();
  await undoAll(config);
  assert.equal((await world.share({ isFull: false })).scope, 'changes');
  assert.equal(await caption(), false);
});
