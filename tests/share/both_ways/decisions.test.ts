import assert from 'node:assert/strict';
import { decideCorrections, type MirrorState } from '../../../src/share/both_ways/decide.ts';
import { takeFromSources, takeFromTargets } from '../../../src/share/both_ways/resolve.ts';
import { readWrittenChanges, undoWrittenChanges } from '../../../src/share/both_ways/written.ts';
import { conflictsOf, correctedBy, edit, locksOf, mirrorId, openTwoWays, PHOTO, said, TYPED } from './two_ways.ts';

Deno.test('a person decides for the receiver, or for the owner', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  await edit(world, source, { description: "Alice's", rating: 1 });
  await edit(world, mirror, { description: "Bob's", rating: 5 });
  await world.untilIdle();
  const conflicts = await conflictsOf(world);
  assert.deepEqual(conflicts.map(({ field }) => field).toSorted(), ['description', 'rating']);
  await world.apply(async (tools, { jobs: [job] }) => {
    assert.ok(job);
    const done = await takeFromTargets(tools, job, conflicts.filter(({ field }) => field === 'description'));
    assert.deepEqual([done.written, done.problems], [1, []]);
    const ofRating = conflicts.filter(({ field }) => field === 'rating');
    assert.equal(await tools.database.transaction((tx) => takeFromSources(tx, tools.schema, ofRating)), 1);
  });
  await world.share();
  for (const id of [source, mirror]) {
    const { description, rating } = await said(world, id);
    assert.deepEqual([description, rating], ["Bob's", 1]);
  }
  assert.deepEqual(await conflictsOf(world), []);
  assert.equal((await world.plan()).hasChanges, false);
});

Deno.test('what was written into originals is listed, and undone, but for what somebody has changed since', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const before = await said(world, source);
  const since = new Date(Date.now() - 3_600_000);
  await edit(world, mirror, { description: 'first', ...TYPED.date });
  await world.untilIdle();
  await edit(world, mirror, { description: 'second', ...TYPED.rating });
  await world.untilIdle();
  const listed = await readWrittenChanges(world.sql, { limit: 10 });
  assert.deepEqual(
    listed.filter(({ field }) => field === 'description').map((one) => [one.before.description, one.after.description]),
    [['first', 'second'], [before.description, 'first']],
  );
  await edit(world, source, { rating: 3 });
  await world.untilIdle();
  assert.deepEqual(await world.apply((tools) => undoWrittenChanges(tools, { since })), { fields: 2, changedSince: 1 });
  await world.untilIdle();
  const { rating, ...rest } = before;
  for (const id of [source, mirror]) {
    const { rating: now, ...others } = await said(world, id);
    assert.deepEqual(others, rest, 'mirrors follow');
    assert.equal(now, 3);
  }
  assert.ok(rating);
  assert.ok((await locksOf(world, source)).includes('description'));
  assert.deepEqual(await world.apply((tools) => undoWrittenChanges(tools, { since })), { fields: 0, changedSince: 1 });
  assert.equal(await correctedBy(world.share()), 0);
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
