import assert from 'node:assert/strict';
import { jobsOf } from '../../../src/demo/jobs.ts';
import { readDecisions, resolveConflict } from '../../../src/service/decisions.ts';
import { type OpenConflict, readConflicts, type Side } from '../../../src/share/both_ways/conflicts.ts';
import { decideConflicts, settleConflicts } from '../../../src/share/both_ways/resolve.ts';
import { applyUndoMerge, planUndoMerge } from '../../../src/share/both_ways/undo_merge.ts';
import { describeConflict } from '../../../src/share/both_ways/words.ts';
import { World } from '../world.ts';
import {
  conflictsAbout,
  drawFace,
  FACE_RELEASES,
  faceOf,
  facesCorrectedBy,
  giveTo,
  goFacesBothWays,
  openFaces,
  personOf,
  removeFace,
  seenBy,
  settle,
} from './face_deeds.ts';

const BOTH = ['alice', 'bob'] as const;

for (const release of FACE_RELEASES) {
  Deno.test(`${release}: a face that both have given to others is left on both sides until somebody decides`, async () => {
    await using world = await openFaces(release);
    await quarrel(world);
    const [conflict] = await conflictsAbout(world);
    assert.ok(conflict);
    assert.deepEqual(describeConflict(conflict).map((line) => line.replace(/ \([^)]*\)/, '')), [
      '"wedding.jpg", share "family to bob": another face on both sides, as both have changed it',
      '  the owner\'s: "Dora Example"',
      '  the recipient\'s: "Emil, Jr."',
    ]);
    await decide(world, 'source');
    await settle(world);
    for (const seen of await seenBy(world, 'family/wedding', BOTH)) assert.deepEqual(seen, ['Dora Example', 'Grandma']);
    assert.deepEqual(await conflictsAbout(world), []);
  });

  Deno.test(`${release}: of a face that both have given to others the receiver's may count, and what was written is undone`, async () => {
    await using world = await openFaces(release);
    await quarrel(world);
    await decide(world, 'target');
    await settle(world);
    for (const seen of await seenBy(world, 'family/wedding', BOTH)) assert.deepEqual(seen, ['Emil, Jr.', 'Grandma']);
    assert.equal((await undo(world)).undone, 1);
    await settle(world);
    assert.deepEqual(await seenBy(world, 'family/wedding', BOTH), [['Dora Example', 'Grandma'], [
      'Emil, Jr.',
      'Grandma',
    ]], 'what Bob said stays with him');
    assert.deepEqual(await sayConflicts(world), ['moved base-unknown']);
    await world.share();
    assert.deepEqual(await sayConflicts(world), ['moved base-unknown'], 'and is not written again by itself');
    await decide(world, 'target');
    await settle(world);
    for (const seen of await seenBy(world, 'family/wedding', BOTH)) assert.deepEqual(seen, ['Emil, Jr.', 'Grandma']);
  });

  Deno.test(`${release}: a face that one has removed and the other given to somebody else is for a person to decide`, async () => {
    await using world = await openFaces(release);
    await removeFace(world, await faceOf(world, 'family/wedding', 'bob', 'Gustav'));
    await giveTo(
      world,
      await faceOf(world, 'family/wedding', 'alice', 'Gustav'),
      await personOf(world, 'alice', 'Dora Example'),
    );
    await giveTo(
      world,
      await faceOf(world, 'family/birthday', 'bob', 'Emil, Jr.'),
      await personOf(world, 'bob', 'Dora Example'),
    );
    await removeFace(world, await faceOf(world, 'family/birthday', 'alice', 'Emil, Jr.'));
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 0);
    await settle(world);
    await world.share();
    const seen =
      async () => [await seenBy(world, 'family/wedding', BOTH), await seenBy(world, 'family/birthday', BOTH)];
    assert.deepEqual(await seen(), [
      [['Dora Example', 'Grandma'], ['Grandma']],
      [['Grandma', 'Neighbour'], ['Dora Example', 'Grandma', 'Neighbour']],
    ]);
    assert.deepEqual(await sayConflicts(world), ['deleted both-changed', 'moved both-changed']);
    await decide(world, 'source', 'wedding.jpg');
    await decide(world, 'target', 'birthday.jpg');
    await settle(world);
    assert.deepEqual(await seen(), [
      [['Dora Example', 'Grandma'], ['Dora Example', 'Grandma']],
      [['Dora Example', 'Grandma', 'Neighbour'], ['Dora Example', 'Grandma', 'Neighbour']],
    ]);
    assert.deepEqual(await sayConflicts(world), []);
  });

  Deno.test(`${release}: two receivers who give a face to different people contradict; where they agree it is settled`, async () => {
    await using world = await openFaces(release, { withCarol: true });
    const faces = {
      bob: await faceOf(world, 'family/wedding', 'bob', 'Gustav'),
      carol: await faceOf(world, 'family/wedding', 'carol', 'Gustav'),
    };
    await giveTo(world, faces.bob, await personOf(world, 'bob', 'Emil, Jr.'));
    await giveTo(world, faces.carol, await personOf(world, 'carol', 'Dora Example'));
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 0);
    await settle(world);
    assert.deepEqual(await sayConflicts(world), ['moved recipients-differ', 'moved recipients-differ']);
    assert.deepEqual((await seenBy(world, 'family/wedding', ['alice']))[0], ['Grandma', 'Gustav']);
    await giveTo(world, faces.carol, await personOf(world, 'carol', 'Emil, Jr.'));
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 1);
    await settle(world);
    for (const seen of await seenBy(world, 'family/wedding', ['alice', 'bob', 'carol'])) {
      assert.deepEqual(seen, ['Emil, Jr.', 'Grandma']);
    }
    assert.deepEqual(await sayConflicts(world), []);
  });

  Deno.test(`${release}: what was done with faces is undone: somebody who was made goes, what was removed returns, what was drawn is the receiver's alone`, async () => {
    await using world = await openFaces(release, { withCarol: true });
    await giveTo(
      world,
      await faceOf(world, 'family/wedding', 'bob', 'Gustav'),
      await world.insertPerson('bob', 'Uncle Max'),
    );
    await removeFace(world, await faceOf(world, 'family/birthday', 'bob', 'Emil, Jr.'));
    await drawFace(world, 'family/harbour', 'bob', await world.insertPerson('bob', 'Aunt Ida'));
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 3);
    await settle(world);
    assert.equal((await undo(world)).undone, 3);
    await settle(world);
    await world.share();
    assert.deepEqual(await seenBy(world, 'family/wedding', ['alice', 'carol']), [['Grandma', 'Gustav'], [
      'Grandma',
      'Gustav',
    ]]);
    assert.deepEqual(await seenBy(world, 'family/birthday', ['alice', 'carol']), [
      ['Emil, Jr.', 'Grandma', 'Neighbour'],
      ['Emil, Jr.', 'Grandma', 'Neighbour'],
    ]);
    assert.deepEqual(await seenBy(world, 'family/harbour', ['alice', 'carol']), [[], []]);
    assert.deepEqual((await seenBy(world, 'family/harbour', ['bob']))[0], ['Aunt Ida']);
    assert.deepEqual((await seenBy(world, 'family/birthday', ['bob']))[0], ['Grandma', 'Neighbour']);
    assert.deepEqual((await seenBy(world, 'family/wedding', ['bob']))[0], ['Grandma', 'Uncle Max']);
    for (const name of await world.namesOf('alice')) assert.ok(!['Uncle Max', 'Aunt Ida'].includes(name), name);
    assert.deepEqual(await sayConflicts(world), ['added base-unknown', 'deleted base-unknown', 'moved base-unknown']);
    await decide(world, 'source', 'harbour.jpg');
    await decide(world, 'target', 'birthday.jpg');
    await settle(world);
    assert.deepEqual(await seenBy(world, 'family/harbour', BOTH), [[], []]);
    assert.deepEqual(await seenBy(world, 'family/birthday', BOTH), [['Grandma', 'Neighbour'], [
      'Grandma',
      'Neighbour',
    ]]);
    assert.deepEqual(await sayConflicts(world), ['moved base-unknown']);
  });
}

Deno.test('recipients who agree about a face are not asked whose counts against its owner', async () => {
  await using world = await openFaces('v3.1.0', { withCarol: true });
  for (const user of ['bob', 'carol'] as const) {
    await giveTo(
      world,
      await faceOf(world, 'family/wedding', user, 'Gustav'),
      await personOf(world, user, 'Emil, Jr.'),
    );
  }
  await giveTo(
    world,
    await faceOf(world, 'family/wedding', 'alice', 'Gustav'),
    await personOf(world, 'alice', 'Dora Example'),
  );
  await settle(world);
  assert.deepEqual(await sayConflicts(world), ['moved both-changed', 'moved both-changed']);
  await decide(world, 'target', 'wedding.jpg');
  await settle(world);
  for (const seen of await seenBy(world, 'family/wedding', ['alice', 'bob', 'carol'])) {
    assert.deepEqual(seen, ['Emil, Jr.', 'Grandma']);
  }
  assert.deepEqual(await sayConflicts(world), []);
});

Deno.test('of two faces of a photo each is decided by itself on the dashboard, and what was seen there', async () => {
  await using world = await openFaces('v3.1.0');
  const { sql, config } = world;
  for (
    const [name, bobs, alices] of [['Gustav', 'Emil, Jr.', 'Dora Example'], [
      'Grandma',
      'Dora Example',
      'Gustav',
    ]] as const
  ) {
    const faces = [
      await faceOf(world, 'family/wedding', 'bob', name),
      await faceOf(world, 'family/wedding', 'alice', name),
    ];
    await giveTo(world, faces[0] ?? assert.fail(), await personOf(world, 'bob', bobs));
    await giveTo(world, faces[1] ?? assert.fail(), await personOf(world, 'alice', alices));
    await settle(world);
  }
  const { conflicts } = await readDecisions(sql, config);
  assert.deepEqual(conflicts.map(({ field }) => field), ['face', 'face']);
  for (const { source, target, sourceAssetId, mirrorAssetId, sourceSum, sum } of conflicts) {
    const isGustav = target.face?.name === 'Emil, Jr.';
    assert.equal(source.face?.name, isGustav ? 'Dora Example' : 'Gustav');
    const { isDecided } = await resolveConflict(sql, config, {
      source: sourceAssetId,
      mirror: mirrorAssetId,
      field: 'face',
      seen: `${sourceSum} ${sum}`,
      take: isGustav ? 'target' : 'source',
    });
    assert.ok(isDecided);
  }
  await settle(world);
  for (const seen of await seenBy(world, 'family/wedding', BOTH)) assert.deepEqual(seen, ['Emil, Jr.', 'Gustav']);
  assert.deepEqual(await sayConflicts(world), []);
});

for (const release of FACE_RELEASES) {
  Deno.test(`${release}: nobody is shown by a face that is not theirs any more since it was undone`, async () => {
    await using world = await openFaces(release);
    const { sql, library: { users }, people: { personKey } } = world;
    const people: string[] = [];
    for (const name of ['Aunt Ida', 'Kuno']) {
      people.push(await world.insertPerson('alice', name));
      await world.insertPerson('bob', name);
    }
    const covers = async () =>
      await sql<{ face: string | null; path: string }[]>`
        SELECT "faceAssetId" AS face, "thumbnailPath" AS path
        FROM person
        WHERE ${sql(personKey)} = ANY (${people}::uuid[]) AND "ownerId" = ${users.alice.id}`;
    const ida = await personOf(world, 'bob', 'Aunt Ida');
    for (const [key, name] of [['family/wedding', 'Gustav'], ['family/birthday', 'Emil, Jr.']] as const) {
      await giveTo(world, await faceOf(world, key, 'bob', name), ida);
    }
    await drawFace(world, 'family/harbour', 'bob', await personOf(world, 'bob', 'Kuno'));
    await settle(world);
    assert.ok((await covers()).every(({ face }) => face !== null));
    await sql`UPDATE person SET "thumbnailPath" = '/data/cut.jpeg' WHERE ${sql(personKey)} = ANY (${people}::uuid[])`;
    assert.equal((await undo(world)).undone, 3);
    assert.deepEqual((await covers()).map((row) => ({ ...row })), [{ face: null, path: '' }, { face: null, path: '' }]);
    await settle(world);
  });
}

for (const release of FACE_RELEASES) {
  Deno.test(`${release}: a third one keeps what they say of somebody who becomes an owner's as well, and when that is undone`, async () => {
    await using world = await World.open(release);
    const { sql, library, people: { personKey, faceKey } } = world;
    const { bob, carol } = library.users;
    const [, uploads] = jobsOf(library, 'carol');
    assert.ok(uploads);
    const onward = {
      ...uploads,
      name: 'bob to carol',
      sourceUserId: bob.id,
      targetPathPrefix: '/data/shared/carol/.bob/',
    };
    world.setJobs([...world.config.jobs, onward]);
    goFacesBothWays(world);
    const max = await world.insertPerson('bob', 'Uncle Max');
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${max} WHERE "assetId" = ${world.id('bob/dog')}`;
    await world.share();
    const carols = await personOf(world, 'carol', 'Uncle Max');
    await sql`
      UPDATE person SET name = 'Max, my uncle' WHERE ${sql(personKey)} = ${carols} AND "ownerId" = ${carol.id}`;
    const seen =
      async () => [await personOf(world, 'carol', 'Max, my uncle'), ...(await seenBy(world, 'bob/dog', ['carol']))];
    await world.share();
    await giveTo(world, await faceOf(world, 'family/wedding', 'bob', 'Gustav'), max);
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 1);
    await world.share();
    assert.deepEqual(await seen(), [carols, ['Max, my uncle']]);
    assert.equal((await undo(world)).undone, 1);
    await world.share();
    assert.deepEqual(await seen(), [carols, ['Max, my uncle']]);
    await settle(world);
    assert.ok(!(await world.namesOf('alice')).includes('Uncle Max'));
  });
}

Deno.test('what an owner has changed since is not undone, and stays listed', async () => {
  await using world = await openFaces('v3.1.0');
  await giveTo(
    world,
    await faceOf(world, 'family/wedding', 'bob', 'Gustav'),
    await personOf(world, 'bob', 'Emil, Jr.'),
  );
  await settle(world);
  await giveTo(
    world,
    await faceOf(world, 'family/wedding', 'alice', 'Emil, Jr.'),
    await personOf(world, 'alice', 'Dora Example'),
  );
  await settle(world);
  const plan = await world.apply(({ schema }, view) => planUndoMerge(view.sql, schema, {}));
  assert.deepEqual([plan.back.length, plan.changedSince.length], [0, 1]);
});

Deno.test('faces of adopted mirrors: what was there before nobody knows, so it waits for a person', async () => {
  await using world = await openFaces('v3.1.0', { isOn: true });
  const { sql } = world;
  await giveTo(
    world,
    await faceOf(world, 'family/wedding', 'bob', 'Gustav'),
    await personOf(world, 'bob', 'Emil, Jr.'),
  );
  const drawn = await drawFace(world, 'family/harbour', 'bob', await personOf(world, 'bob', 'Emil, Jr.'));
  await sql`DELETE FROM immich_sidecar.face_map`;
  await sql`DELETE FROM immich_sidecar.asset_map`;
  for (let cycle = 0; cycle < 2; cycle++) assert.equal(await facesCorrectedBy(world.share()), 0);
  assert.deepEqual(await seenBy(world, 'family/wedding', BOTH), [['Grandma', 'Gustav'], ['Emil, Jr.', 'Grandma']]);
  assert.deepEqual(await seenBy(world, 'family/harbour', BOTH), [[], ['Emil, Jr.']]);
  assert.deepEqual(await sayConflicts(world), ['added base-unknown', 'moved base-unknown']);
  await decide(world, 'target', 'harbour.jpg');
  await decide(world, 'target', 'wedding.jpg');
  await settle(world);
  assert.deepEqual(await seenBy(world, 'family/wedding', BOTH), [['Emil, Jr.', 'Grandma'], ['Emil, Jr.', 'Grandma']]);
  assert.deepEqual(await seenBy(world, 'family/harbour', BOTH), [['Emil, Jr.'], ['Emil, Jr.']]);
  assert.equal(await faceOf(world, 'family/harbour', 'bob', 'Emil, Jr.'), drawn);
});

/** Alice and Bob give one face to different people. */
async function quarrel(world: World): Promise<void> {
  await giveTo(
    world,
    await faceOf(world, 'family/wedding', 'bob', 'Gustav'),
    await personOf(world, 'bob', 'Emil, Jr.'),
  );
  await giveTo(
    world,
    await faceOf(world, 'family/wedding', 'alice', 'Gustav'),
    await personOf(world, 'alice', 'Dora Example'),
  );
  assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 0);
  await settle(world);
  assert.equal(await facesCorrectedBy(world.share()), 0);
  assert.deepEqual(await seenBy(world, 'family/wedding', BOTH), [['Dora Example', 'Grandma'], [
    'Emil, Jr.',
    'Grandma',
  ]]);
  assert.deepEqual(await sayConflicts(world), ['moved both-changed']);
}

async function sayConflicts(world: World): Promise<string[]> {
  return (await conflictsAbout(world)).map(({ face, because }) => `${face?.kind} ${because}`).toSorted();
}

async function decide(world: World, take: Side, fileName?: string): Promise<void> {
  const found = await world.apply((_, view) => readConflicts(view.sql, view));
  const meant = found.filter((one: OpenConflict) => fileName === undefined || one.fileName === fileName);
  const decided = decideConflicts(meant, { photo: fileName ?? 'it', fields: ['face'], job: undefined, take });
  assert.equal(await world.apply(({ schema }) => settleConflicts(world.sql, schema, decided)), decided.length);
}

async function undo(world: World) {
  return await world.apply(async (tools) =>
    await applyUndoMerge(tools, await planUndoMerge(tools.database.sql, tools.schema, {}))
  );
}
