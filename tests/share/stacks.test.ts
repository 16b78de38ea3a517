import assert from 'node:assert/strict';
import { jobsOf } from '../../src/demo/jobs.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';

const [JPEG, RAW] = ['family/raw-developed', 'family/raw'];

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: stacks are rebuilt from mirrors, with the source's cover, from two mirrors on`, async () => {
    await using world = await World.open(release);
    const report = await world.share();
    assert.equal(report.jobs.reduce((sum, { stacks }) => sum + stacks, 0), 2);
    assert.deepEqual(await stackOf(world, JPEG), { cover: JPEG, members: [RAW, JPEG].sort(), owner: 'bob' });
    assert.deepEqual((await stackOf(world, 'uploads/clip'))?.members, ['uploads/clip', 'uploads/templated']);
    assert.equal(await stackOf(world, 'family/screenshot'), undefined, 'its other half is locked');
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await changesNothing(world);
  });

  Deno.test(`${release}: a stack follows new members, another cover, members that leave, and its end`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const stack = await sourceStackOf(world, JPEG);

    await sql`UPDATE asset SET "stackId" = ${stack} WHERE id = ${world.id('family/picnic')}`;
    await sql`UPDATE stack SET "primaryAssetId" = ${world.id('family/picnic')} WHERE id = ${stack}`;
    await world.share();
    assert.deepEqual(await stackOf(world, RAW), {
      cover: 'family/picnic',
      members: ['family/picnic', RAW, JPEG].sort(),
      owner: 'bob',
    });

    // Locking the cover withdraws it; Immich leaves it in its stack at the source.
    await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/picnic')}`;
    await world.share();
    const first = world.id(RAW) < world.id(JPEG) ? RAW : JPEG;
    assert.deepEqual(await stackOf(world, RAW), { cover: first, members: [RAW, JPEG].sort(), owner: 'bob' });

    await sql`UPDATE asset SET "stackId" = NULL WHERE id = ${world.id(RAW)}`;
    await world.share();
    assert.equal(await stackOf(world, RAW), undefined);
    assert.equal(await stackOf(world, JPEG), undefined, 'one photo is no stack');

    await sql`UPDATE asset SET "stackId" = ${stack}, visibility = 'timeline' WHERE "stackId" = ${stack} OR id = ${
      world.id(RAW)
    }`;
    await world.share();
    assert.deepEqual((await stackOf(world, RAW))?.members, ['family/picnic', RAW, JPEG].sort());

    await sql`DELETE FROM stack WHERE id = ${stack}`;
    await world.share();
    for (const key of [JPEG, RAW, 'family/picnic']) assert.equal(await stackOf(world, key), undefined);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await changesNothing(world);
  });

  Deno.test(`${release}: stacks that swap their covers, and all of their members, are swapped`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const [family, uploads] = [await sourceStackOf(world, JPEG), await sourceStackOf(world, 'uploads/clip')];
    const swap = async (keys: readonly string[], into: string) => {
      const ids = keys.map((key) => world.id(key));
      await sql`UPDATE asset SET "stackId" = ${into} WHERE id = ANY (${ids}::uuid[])`;
    };
    await sql.begin(async (tx) => {
      await tx`UPDATE stack SET "primaryAssetId" = ${world.id('family/picnic')} WHERE id = ${family}`;
      await tx`UPDATE stack SET "primaryAssetId" = ${world.id(JPEG)} WHERE id = ${uploads}`;
      await tx`UPDATE stack SET "primaryAssetId" = ${world.id('uploads/templated')} WHERE id = ${family}`;
    });
    await swap([JPEG], uploads);
    await swap(['uploads/templated'], family);
    await world.share();
    assert.deepEqual((await stackOf(world, JPEG))?.members, ['uploads/clip', JPEG].sort());
    assert.equal((await stackOf(world, RAW))?.cover, 'uploads/templated');
    await swap([RAW], uploads);
    await swap(['uploads/clip'], family);
    await world.share();
    assert.deepEqual((await stackOf(world, JPEG))?.members, [RAW, JPEG].sort());
    assert.deepEqual((await stackOf(world, 'uploads/clip'))?.members, ['uploads/clip', 'uploads/templated']);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await changesNothing(world);
  });
}

Deno.test('a stack over two jobs stays the same when one of its mirrors is lost with a backup', async () => {
  await using world = await World.open('v2.7.5');
  const { sql } = world;
  const stack = await sourceStackOf(world, JPEG);
  await sql`DELETE FROM stack WHERE id <> ${stack}`;
  await sql`UPDATE asset SET "stackId" = NULL WHERE id = ${world.id(RAW)}`;
  await sql`UPDATE asset SET "stackId" = ${stack} WHERE id = ${world.id('uploads/clip')}`;
  await world.share();
  const before = await stackOf(world, JPEG);
  assert.deepEqual(before?.members, [JPEG, 'uploads/clip'].sort());
  const known = await sql`SELECT * FROM immich_sidecar_stacks.stack_map`;

  await sql`DELETE FROM stack WHERE id = ${await mirrorStackOf(world, JPEG)}`;
  const lost = await world.mirrorOf('uploads/clip') ?? '';
  await sql`DELETE FROM asset WHERE id = ${lost}`;
  await sql`DELETE FROM asset_audit WHERE "assetId" = ${lost}`;
  await world.share();
  assert.deepEqual(await stackOf(world, JPEG), before);
  assert.deepEqual(await sql`SELECT * FROM immich_sidecar_stacks.stack_map`, known);
  await changesNothing(world);
});

Deno.test("the target's own stacks stay his, with mirrors in them, and so does what he takes out of ours", async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  const his = await stackUp(world, ['family/picnic', 'family/portrait']);
  const source = await sourceStackOf(world, JPEG);
  await sql`UPDATE asset SET "stackId" = ${source} WHERE id = ${world.id('family/picnic')}`;
  await world.share();
  assert.deepEqual((await stackOf(world, 'family/picnic'))?.members, ['family/picnic', 'family/portrait']);
  assert.deepEqual((await stackOf(world, JPEG))?.members, [RAW, JPEG].sort());
  await changesNothing(world);

  // Taken out of ours by Bob, it is not put back, whatever happens to the rest.
  await sql`DELETE FROM stack WHERE id = ${await mirrorStackOf(world, JPEG)}`;
  await world.share();
  assert.equal(await stackOf(world, JPEG), undefined);
  assert.equal(await stackOf(world, RAW), undefined);
  await changesNothing(world);

  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/picnic')}`;
  await world.share();
  assert.equal((await sql`SELECT FROM stack WHERE id = ${his}`).length, 0, 'with one photo left it is none');
});

Deno.test('a cover that the target has chosen stays until his choice leaves the stack', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  const stack = await mirrorStackOf(world, JPEG);
  await sql`UPDATE stack SET "primaryAssetId" = ${await world.mirrorOf(RAW) ?? ''} WHERE id = ${stack}`;
  await world.share();
  assert.equal((await stackOf(world, JPEG))?.cover, RAW);
  const source = await sourceStackOf(world, JPEG);
  await sql`UPDATE asset SET "stackId" = ${source} WHERE id = ${world.id('family/picnic')}`;
  await sql`UPDATE stack SET "primaryAssetId" = ${world.id('family/picnic')} WHERE id = ${source}`;
  await world.share();
  assert.equal((await stackOf(world, JPEG))?.cover, RAW);
  await changesNothing(world);
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id(RAW)}`;
  await world.share();
  assert.deepEqual((await stackOf(world, JPEG))?.members, ['family/picnic', JPEG].sort());
  assert.equal((await stackOf(world, JPEG))?.cover, 'family/picnic');
});

Deno.test("when ours ends, photos of the target's own that he put into it stay together", async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  const stack = await mirrorStackOf(world, JPEG);
  const own = [world.id('bob/dog'), world.id('bob/walk')];
  await sql`UPDATE asset SET "stackId" = ${stack} WHERE id = ANY (${own}::uuid[])`;
  await sql`DELETE FROM stack WHERE id = ${await sourceStackOf(world, JPEG)}`;
  await world.share();
  const left = await sql<{ id: string }[]>`SELECT id FROM asset WHERE "stackId" = ${stack} ORDER BY id`;
  assert.deepEqual(left.map(({ id }) => id), own.sort());
  assert.equal(await stackOf(world, JPEG), undefined);
  await changesNothing(world);
});

Deno.test('without jobs no stack of ours is left', async () => {
  await using world = await World.open('v3.1.0');
  const before = (await digestTables(world.sql))['public.stack'];
  await world.share();
  assert.notEqual((await digestTables(world.sql))['public.stack'], before);
  world.setJobs(
    jobsOf(world.library, 'carol').map((job) => ({ ...job, sourcePathPrefix: '/external_library/alice/none/' })),
  );
  world.config = { ...world.config, brake: { minimum: 1_000, percent: 100 } };
  await world.share();
  assert.equal((await digestTables(world.sql))['public.stack'], before);
  assert.equal((await world.sql`SELECT FROM immich_sidecar_stacks.stack_map`).length, 0);
});

interface Stack {
  readonly cover: string | undefined;
  readonly members: readonly string[];
  readonly owner: string | undefined;
}

/** The stack that the mirror of an asset is in, in the words of the generated library. */
async function stackOf(world: World, key: string): Promise<Stack | undefined> {
  const stack = await mirrorStackOf(world, key);
  if (stack === null) return undefined;
  const rows = await world.sql<{ id: string; isCover: boolean; owner: string }[]>`
    SELECT coalesce(m.source_asset_id, a.id) AS id, a.id = s."primaryAssetId" AS "isCover", s."ownerId" AS owner
    FROM stack s
    JOIN asset a ON a."stackId" = s.id
    LEFT JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id
    WHERE s.id = ${stack}`;
  const keyOf = (id: string | undefined) => world.library.assets.find((asset) => asset.id === id)?.key;
  return {
    cover: keyOf(rows.find(({ isCover }) => isCover)?.id),
    members: rows.map(({ id }) => keyOf(id) ?? id).sort(),
    owner: Object.entries(world.library.users).find(([, { id }]) => id === rows[0]?.owner)?.[0],
  };
}

async function mirrorStackOf(world: World, key: string): Promise<string | null> {
  const [row] = await world.sql<{ stack: string | null }[]>`
    SELECT "stackId" AS stack FROM asset WHERE id = ${await world.mirrorOf(key) ?? null}`;
  return row?.stack ?? null;
}

async function sourceStackOf(world: World, key: string): Promise<string> {
  const [row] = await world.sql<{ stack: string }[]>`SELECT "stackId" AS stack FROM asset WHERE id = ${world.id(key)}`;
  return row?.stack ?? '';
}

/** Stacks mirrors of these assets, as the target's owner would. */
async function stackUp(world: World, keys: readonly string[]): Promise<string> {
  const mirrors: string[] = [];
  for (const key of keys) mirrors.push(await world.mirrorOf(key) ?? '');
  const [stack] = await world.sql<{ id: string }[]>`
    INSERT INTO stack ("primaryAssetId", "ownerId")
    VALUES (${mirrors[0] ?? ''}, ${world.library.users.bob.id})
    RETURNING id`;
  await world.sql`UPDATE asset SET "stackId" = ${stack?.id ?? ''} WHERE id = ANY (${mirrors}::uuid[])`;
  return stack?.id ?? '';
}

async function changesNothing(world: World): Promise<void> {
  const before = await digestTables(world.sql);
  await world.share();
  assert.deepEqual(await digestTables(world.sql), before);
}
