import assert from 'node:assert/strict';
import { confirmCorrections } from '../../src/share/both_ways/waiting.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { World } from './world.ts';

const [PHOTO, OTHER] = ['family/picnic', 'family/harbour'];

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a favourite follows its source until the receiver decides otherwise, in a cycle over changes`, async () => {
    await using world = await World.open(release);
    await star(world, PHOTO, true);
    world.setJobs(world.config.jobs.map((job) => ({ ...job, favorites: 'follow' })));
    await world.share();
    assert.deepEqual(await stars(world), [true, false], 'a new mirror has its star at once');

    await star(world, OTHER, true);
    assert.equal(await cycle(world), 1);
    assert.deepEqual(await stars(world), [true, true]);
    await star(world, PHOTO, false);
    await cycle(world);
    assert.deepEqual(await stars(world), [false, true]);

    await starMirror(world, OTHER, false);
    assert.equal(await cycle(world), 0, 'theirs stays');
    await star(world, OTHER, false); // both say the same again
    await cycle(world);
    await star(world, OTHER, true);
    await cycle(world);
    assert.deepEqual(await stars(world), [false, true], 'so it follows again');
  });
}

Deno.test('favourites do not follow by themselves; from the cycle on that is told to, they do, where the receiver has none of their own', async () => {
  await using world = await World.open('v3.1.0');
  const jobs = world.config.jobs;
  await star(world, PHOTO, true);
  await world.share();
  await starMirror(world, OTHER, true);
  await world.share();
  assert.deepEqual(await stars(world), [false, true]);

  // Of two jobs between two users one is enough.
  world.setJobs(jobs.map((job, index) => index === 0 ? job : { ...job, favorites: 'follow' as const }));
  await world.share({ isFull: false });
  assert.deepEqual(await stars(world), [true, true]);
  world.setJobs(jobs);
  await world.share();
  await star(world, PHOTO, false);
  await cycle(world);
  assert.deepEqual(await stars(world), [true, true], 'nothing is taken away when it ends');
});

Deno.test('what the receiver has decided about a favourite comes back with a photo, and what followed comes anew', async () => {
  await using world = await World.open('v3.1.0');
  world.setJobs(world.config.jobs.map((job) => ({ ...job, favorites: 'follow' })));
  for (const key of [PHOTO, OTHER]) await star(world, key, true);
  await world.share();
  await starMirror(world, PHOTO, false);
  const ids = [world.id(PHOTO), world.id(OTHER)];
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ANY (${ids}::uuid[])`;
  await cycle(world);
  assert.deepEqual(await stars(world), [undefined, undefined]);
  await world.sql`UPDATE asset SET visibility = 'timeline' WHERE id = ANY (${ids}::uuid[])`;
  await cycle(world);
  assert.deepEqual(await stars(world), [false, true]);
});

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: with both, a favourite of either is one of the other, and no cycle after the second writes anything`, async () => {
    await using world = await World.open(release);
    world.setJobs(world.config.jobs.map((job) => ({ ...job, favorites: 'both' })));
    await star(world, PHOTO, true);
    await world.share();
    assert.deepEqual(await stars(world), [true, false]);

    await starMirror(world, OTHER, true);
    await cycle(world);
    assert.deepEqual([await sourceStars(world), await stars(world)], [[true, true], [true, true]]);
    await starMirror(world, PHOTO, false);
    await cycle(world);
    assert.deepEqual([await sourceStars(world), await stars(world)], [[false, true], [false, true]]);
    await star(world, OTHER, false);
    await cycle(world);
    assert.deepEqual([await sourceStars(world), await stars(world)], [[false, false], [false, false]]);

    // Both did the same at once.
    await star(world, OTHER, true);
    await starMirror(world, OTHER, true);
    await cycle(world);
    await star(world, OTHER, false);
    await cycle(world);
    assert.deepEqual([await sourceStars(world), await stars(world)], [[false, false], [false, false]]);
    const before = await versions(world);
    await world.share();
    await world.share();
    assert.deepEqual(await versions(world), before, 'no echo');
  });
}

Deno.test('with both, what differs when it begins waits, and the cycle over changes after it is confirmed gives it to the originals', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await starMirror(world, OTHER, true);
  await world.share();
  world.setJobs(world.config.jobs.map((job) => ({ ...job, favorites: 'both' })));
  await world.share();
  await cycle(world);
  assert.deepEqual(await sourceStars(world), [false, false]);
  assert.equal((await confirmCorrections(world.sql, undefined)).length, 1);
  await cycle(world);
  assert.deepEqual(await sourceStars(world), [false, true]);
  assert.equal((await world.plan()).hasChanges, false);
});

async function star(world: World, key: string, isFavorite: boolean): Promise<void> {
  await world.sql`UPDATE asset SET "isFavorite" = ${isFavorite} WHERE id = ${world.id(key)}`;
}

async function starMirror(world: World, key: string, isFavorite: boolean): Promise<void> {
  await world.sql`UPDATE asset SET "isFavorite" = ${isFavorite} WHERE id = ${await world.mirrorOf(key) ?? null}`;
}

/** How many photos one cycle over changes brings up to date. */
async function cycle(world: World): Promise<number> {
  const { jobs } = await world.share({ isFull: false });
  return jobs.reduce((sum, { rowsUpdated }) => sum + rowsUpdated, 0);
}

async function sourceStars(world: World): Promise<boolean[]> {
  const ids = [PHOTO, OTHER].map((key) => world.id(key));
  const rows = await world.sql<{ isFavorite: boolean }[]>`
    SELECT "isFavorite" FROM asset WHERE id = ANY (${ids}::uuid[]) ORDER BY array_position(${ids}::uuid[], id)`;
  return rows.map(({ isFavorite }) => isFavorite);
}

async function versions(world: World): Promise<string[]> {
  const rows = await world.sql<{ version: string }[]>`SELECT id || ' ' || "updateId" AS version FROM asset ORDER BY id`;
  return rows.map(({ version }) => version);
}

/** Of the mirrors of both photos; undefined = there is none. */
async function stars(world: World): Promise<(boolean | undefined)[]> {
  return await Promise.all([PHOTO, OTHER].map(async (key) => {
    const [row] = await world.sql<{ isFavorite: boolean }[]>`
      SELECT "isFavorite" FROM asset WHERE id = ${await world.mirrorOf(key) ?? null}`;
    return row?.isFavorite;
  }));
}
