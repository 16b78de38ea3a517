import assert from 'node:assert/strict';
import { type OpenConflict, readConflicts, type Side } from '../../../src/share/both_ways/conflicts.ts';
import { decideCorrections, type MirrorState } from '../../../src/share/both_ways/decide.ts';
import { decideConflicts, settleConflicts } from '../../../src/share/both_ways/resolve.ts';
import { applyUndoMerge, planUndoMerge } from '../../../src/share/both_ways/undo_merge.ts';
import { readWritten } from '../../../src/share/both_ways/written.ts';
import type { World } from '../world.ts';
import { correctedBy, edit, locksOf, mirrorId, openTwoWays, PHOTO, said, TWO_WAY_RELEASES, TYPED } from './two_ways.ts';

for (const release of TWO_WAY_RELEASES) {
  Deno.test(`${release}: a person decides for the receiver, or for the owner, field by field; the next cycle carries it out`, async () => {
    await using world = await openTwoWays(release);
    const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
    await edit(world, source, { description: "Alice's", rating: 1 });
    await edit(world, mirror, { description: "Bob's", rating: 5 });
    await world.untilIdle();
    const found = await open(world, source);
    assert.deepEqual(
      found.map((
        { field, source, target },
      ) => [field, Object.values(source.asset_exif), Object.values(target.asset_exif)])
        .toSorted(),
      [['description', ["Alice's"], ["Bob's"]], ['rating', [1], [5]]],
    );
    await decide(world, source, { take: 'target', fields: ['description'] });
    await decide(world, source, { take: 'source', fields: ['rating'] });
    assert.deepEqual(await open(world, source), []);
    await world.share({ isFull: false });
    for (const id of [source, mirror]) {
      const { description, rating } = await said(world, id);
      assert.deepEqual([description, rating], ["Bob's", 1]);
    }
    assert.equal((await world.plan()).hasChanges, false);

    // Nothing that Immich reads from files again brings back what was given up, and both go on.
    await edit(world, mirror, { latitude: 1, longitude: 2 });
    await edit(world, source, { rating: 3 });
    await world.untilIdle();
    for (const id of [source, mirror]) {
      const { description, rating } = await said(world, id);
      assert.deepEqual([description, rating], ["Bob's", 3]);
    }
    assert.deepEqual(await open(world, source), []);
  });
}

Deno.test('where two receivers contradict, one of them is taken, and the other follows', async () => {
  await using world = await openTwoWays('v3.1.0', { withCarol: true });
  const [source, bobs, carols] = [world.id(PHOTO), await mirrorId(world), await mirrorId(world, PHOTO, 'carol')];
  await edit(world, bobs, { description: 'one' });
  await edit(world, carols, { description: 'another' });
  await world.untilIdle();
  const found = await open(world, source);
  assert.equal(found.length, 2);
  assert.throws(() => decideConflicts(found, { photo: 'x.jpg', fields: [], job: undefined, take: 'target' }), {
    message: /^Several recipients of the photo "x\.jpg" have changed its description/,
  });
  const job = found.find(({ mirrorAssetId }) => mirrorAssetId === carols)?.job;
  await decide(world, source, { take: 'target', job });
  await world.untilIdle();
  for (const id of [source, bobs, carols]) assert.equal((await said(world, id)).description, 'another');
  assert.deepEqual(await open(world, source), []);
});

Deno.test('what somebody changes while another decides is not decided unseen', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  await edit(world, source, { rating: 1 });
  await edit(world, mirror, { rating: 5 });
  await world.untilIdle();
  const found = await open(world, source);
  await edit(world, mirror, { rating: 4 });
  assert.equal(await settle(world, found, 'source'), 0);
  await world.untilIdle();
  assert.deepEqual([(await said(world, source)).rating, (await said(world, mirror)).rating], [1, 4]);
  assert.equal((await open(world, source)).length, 1);
});

Deno.test('what nobody knows the beginning of is decided, too', async () => {
  for (const take of ['source', 'target'] as const) {
    await using world = await openTwoWays('v3.1.0');
    const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
    await edit(world, mirror, { rating: 5 });
    await world.sql`UPDATE immich_sidecar.asset_map SET base_rating = NULL WHERE mirror_asset_id = ${mirror}`;
    await world.untilIdle();
    assert.deepEqual((await open(world, source)).map(({ because }) => because), ['base-unknown']);
    await decide(world, source, { take });
    await world.untilIdle();
    const expected = take === 'source' ? 2 : 5;
    assert.deepEqual([(await said(world, source)).rating, (await said(world, mirror)).rating], [expected, expected]);
    assert.deepEqual(await open(world, source), []);
  }
});

Deno.test('what was written into originals is listed, and taken back, but for what somebody has changed since; it is not written again by itself', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const before = await said(world, source);
  await edit(world, mirror, { description: 'first', ...TYPED.date });
  await world.untilIdle();
  await edit(world, mirror, { description: 'second', ...TYPED.rating });
  await world.untilIdle();
  const typed = await said(world, mirror);
  const listed = await readWritten(world.sql, {});
  assert.deepEqual(
    listed.filter(({ field }) => field === 'description').map(({ before, after }) => [
      before?.asset_exif.description,
      after?.asset_exif.description,
    ]),
    [[before.description, 'first'], ['first', 'second']],
  );
  await edit(world, source, { rating: 3 });
  await world.untilIdle();
  const plan = await world.apply(({ database, schema }) => planUndoMerge(database.sql, schema, {}));
  assert.deepEqual(plan.back.map(({ field, ids }) => [field, ids.length]).toSorted(), [['date', 1], [
    'description',
    2,
  ]]);
  assert.deepEqual(plan.changedSince.map(({ field }) => field), ['rating']);
  assert.deepEqual(await world.apply((tools) => applyUndoMerge(tools, plan)), {
    undone: 2,
    changedMeanwhile: 0,
    problems: [],
  });
  assert.equal(await correctedBy(world.share()), 0);
  await world.untilIdle();
  assert.deepEqual(await said(world, source), { ...before, rating: 3 });
  assert.deepEqual(await said(world, mirror), { ...typed, rating: 3 }, 'what Bob has typed is not lost');
  assert.deepEqual((await open(world, source)).map(({ field, because }) => [field, because]).toSorted(), [
    ['date', 'base-unknown'],
    ['description', 'base-unknown'],
  ]);
  assert.ok((await locksOf(world, source)).includes('description'));
  assert.deepEqual(await world.apply((tools) => applyUndoMerge(tools, plan)), {
    undone: 0,
    changedMeanwhile: 2,
    problems: [],
  });
  assert.ok((await readWritten(world.sql, {})).filter(({ undoneAt }) => undoneAt !== null).length === 3);
});

Deno.test('what somebody else has written in between is where taking back ends', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  await edit(world, mirror, { description: "Bob's first" });
  await world.untilIdle();
  await edit(world, source, { description: "Alice's" });
  await world.untilIdle();
  await edit(world, mirror, { description: "Bob's second" });
  await world.untilIdle();
  const plan = await world.apply(({ database, schema }) => planUndoMerge(database.sql, schema, {}));
  assert.deepEqual([plan.back.length, plan.changedSince.length], [1, 1]);
  await world.apply((tools) => applyUndoMerge(tools, plan));
  assert.equal((await said(world, source)).description, "Alice's", 'and not what was there before both');
});

Deno.test('who has changed a field decides where it goes', () => {
  const state = (name: string, more: Partial<MirrorState>): MirrorState => ({
    mirrorAssetId: name,
    fields: ['rating'],
    asked: ['rating'],
    theirs: ['rating'],
    unknown: [],
    moved: [],
    sums: { rating: '5' },
    ...more,
  });
  const outcome = (...mirrors: MirrorState[]) => {
    const { corrections, conflicts } = decideCorrections('source', mirrors);
    return [
      ...corrections.map((one) => one.mirrorAssetId),
      ...conflicts.map((one) => `${one.mirrorAssetId} ${one.because}`),
    ];
  };
  assert.deepEqual(outcome(state('b', {})), ['b']);
  assert.deepEqual(outcome(state('b', { theirs: [] })), []);
  assert.deepEqual(outcome(state('b', { asked: [] })), [], 'another job asks for it');
  assert.deepEqual(outcome(state('b', { moved: ['rating'] })), ['b both-changed']);
  assert.deepEqual(outcome(state('b', { theirs: [], unknown: ['rating'] })), ['b base-unknown']);
  assert.deepEqual(outcome(state('b', {}), state('c', {})), ['b', 'c'], 'both say the same');
  const other = state('c', { asked: [], sums: { rating: '1' } });
  assert.deepEqual(outcome(state('b', {}), other), ['b recipients-differ']);
  assert.deepEqual(outcome(state('b', {}), { ...other, theirs: [] }), ['b']);
  assert.deepEqual(outcome(state('b', {}), { ...other, fields: [] }), ['b'], 'what goes one way is nobody else’s');
});

/** What waits for a person about a photo. */
async function open(world: World, sourceAssetId: string): Promise<OpenConflict[]> {
  return await world.apply((_, view) => readConflicts(view.sql, view, [sourceAssetId]));
}

async function decide(
  world: World,
  sourceAssetId: string,
  { take, fields = [], job }: {
    readonly take: Side;
    readonly fields?: readonly string[];
    readonly job?: string | undefined;
  },
): Promise<void> {
  const decided = decideConflicts(await open(world, sourceAssetId), { photo: PHOTO, take, fields, job });
  assert.equal(await world.apply(({ schema }) => settleConflicts(world.sql, schema, decided)), decided.length);
}

async function settle(world: World, found: readonly OpenConflict[], take: Side): Promise<number> {
  const decided = decideConflicts(found, { photo: PHOTO, take, fields: [], job: undefined });
  return await world.apply(({ schema }) => settleConflicts(world.sql, schema, decided));
}
