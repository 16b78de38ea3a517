import assert from 'node:assert/strict';
import { confirmCorrections } from '../../../src/share/both_ways/waiting.ts';
import { tellCounts } from '../idle.ts';
import { Engine } from '../oracle/engine.ts';
import type { World } from '../world.ts';
import {
  conflictsOf,
  correctedBy,
  edit,
  goBothWays,
  mirrorId,
  openTwoWays,
  PHOTO,
  said,
  TWO_WAY_RELEASES,
  TYPED,
} from './two_ways.ts';

for (const release of TWO_WAY_RELEASES) {
  Deno.test(`${release}: what both have changed alike is settled, what they have changed differently is left and found`, async () => {
    await using world = await openTwoWays(release);
    const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
    await edit(world, source, { description: 'the same', rating: 4 });
    await edit(world, mirror, { description: 'the same', rating: 5 });
    assert.equal(await correctedBy(world.share({ isFull: false })), 0);
    await world.untilIdle();
    const [originals, mirrors] = [await said(world, source), await said(world, mirror)];
    assert.deepEqual([originals.description, mirrors.description], ['the same', 'the same']);
    assert.deepEqual([originals.rating, mirrors.rating], [4, 5], 'nobody loses what they have typed');
    assert.deepEqual(await sayConflicts(world), [`rating of ${mirror}: both-changed`]);
    assert.equal(await correctedBy(world.share()), 0, 'and so it stays');

    // The one that is settled goes on in both directions.
    await edit(world, mirror, { description: "Bob's" });
    assert.equal(await correctedBy(world.share({ isFull: false })), 1);
    assert.equal((await said(world, source)).description, "Bob's");
    // Somebody gives in.
    await edit(world, source, { rating: 5 });
    await world.untilIdle();
    assert.deepEqual(await sayConflicts(world), []);
  });

  Deno.test(`${release}: what one receiver types reaches the others, and two who differ are a conflict`, async () => {
    await using world = await openTwoWays(release, { withCarol: true });
    const [source, bobs, carols] = [world.id(PHOTO), await mirrorId(world), await mirrorId(world, PHOTO, 'carol')];
    await edit(world, bobs, { description: "Bob's", rating: 5 });
    await world.share({ isFull: false });
    await world.share({ isFull: false });
    for (const id of [source, carols]) {
      const { description, rating } = await said(world, id);
      assert.deepEqual([description, rating], ["Bob's", 5], 'within two cycles');
    }
    await world.untilIdle();
    await edit(world, bobs, { description: 'one' });
    await edit(world, carols, { description: 'another' });
    assert.equal(await correctedBy(world.share({ isFull: false })), 0);
    await world.untilIdle();
    assert.equal((await said(world, source)).description, "Bob's");
    assert.deepEqual(
      (await sayConflicts(world)).toSorted(),
      [`description of ${bobs}: recipients-differ`, `description of ${carols}: recipients-differ`].toSorted(),
    );
    await edit(world, carols, { description: 'one' });
    assert.equal(await correctedBy(world.share({ isFull: false })), 1, 'they agree');
    await world.untilIdle();
    assert.equal((await said(world, source)).description, 'one');
    assert.deepEqual(await sayConflicts(world), []);
  });
}

Deno.test('what was there when both_ways begins waits for a person, and so does much at once', async () => {
  await using world = await openTwoWays('v3.1.0', { fields: [] });
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const { description: before } = await said(world, source);
  await edit(world, mirror, TYPED.description);
  await world.untilIdle();
  goBothWays(world, ['description']);
  const plan = await world.plan();
  assert.equal(plan.totals().originalsHeldBack, 1);
  assert.equal(await correctedBy(world.share({ isFull: false })), 0);
  assert.equal((await said(world, source)).description, before);
  assert.equal(await correctedBy(world.share({ isFull: false })), 0, 'for as long as nobody says so');
  await confirm(world);
  assert.equal(await correctedBy(world.share({ isFull: false })), 1);
  assert.equal((await said(world, source)).description, TYPED.description.description);

  // From now on a few go by themselves.
  await edit(world, mirror, { description: 'again' });
  assert.equal(await correctedBy(world.share({ isFull: false })), 1);
  world.config = { ...world.config, brake: { percent: 20, minimum: 1 } };
  await edit(world, mirror, { description: 'much' });
  await edit(world, await mirrorId(world, 'family/picnic'), { description: 'much' });
  assert.equal(await correctedBy(world.share({ isFull: false })), 0);
  assert.equal(await correctedBy(world.share({ isFull: false })), 0);
  await confirm(world);
  assert.equal(await correctedBy(world.share({ isFull: false })), 2);
  await world.untilIdle();
  assert.equal((await world.plan()).hasChanges, false);
});

Deno.test('what is confirmed reaches the other receivers in the cycle that writes it, although nothing else has happened', async () => {
  await using world = await openTwoWays('v3.1.0', { fields: ['description'], withCarol: true });
  world.config = { ...world.config, brake: { percent: 20, minimum: 1 } };
  const keys = [PHOTO, 'family/picnic'];
  for (const key of keys) await edit(world, await mirrorId(world, key), { description: 'much' });
  await using engine = await Engine.start(world.config);
  await engine.cycle();
  await tellCounts(world.sql);
  await engine.cycle();
  const ofCarol = async () =>
    await Promise.all(keys.map(async (key) => (await said(world, await mirrorId(world, key, 'carol'))).description));
  assert.ok(!(await ofCarol()).includes('much'), 'it waits');
  await confirm(world);
  assert.equal(await correctedBy(engine.cycle()), 2);
  assert.deepEqual(await ofCarol(), ['much', 'much']);
  await engine.untilIdle(world.sql);
});

Deno.test('no field of a photo that either side has locked, trashed or stopped sharing moves', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const { description: before } = await said(world, source);
  await edit(world, mirror, { description: 'not for Alice' });
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${mirror}`;
  await world.untilIdle();
  assert.equal((await said(world, source)).description, before);
  await world
    .sql`UPDATE asset SET visibility = 'timeline', "deletedAt" = now(), status = 'trashed' WHERE id = ${mirror}`;
  await world.untilIdle();
  assert.equal((await said(world, source)).description, before);
  await world.sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id = ${mirror}`;
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${source}`;
  await world.untilIdle();
  assert.equal((await said(world, source)).description, before);
});

/** As sentences. */
async function sayConflicts(world: World): Promise<string[]> {
  return (await conflictsOf(world)).map(({ field, mirrorAssetId, because }) =>
    `${field} of ${mirrorAssetId}: ${because}`
  );
}

async function confirm(world: World): Promise<void> {
  const confirmed = await confirmCorrections(world.sql, undefined);
  assert.equal(confirmed.length, 1);
}
