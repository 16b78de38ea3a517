import assert from 'node:assert/strict';
import { verifyMirrors } from '../../../src/demo/verify/verify.ts';
import { confirmCorrections, readWaitingJobs } from '../../../src/share/both_ways/waiting.ts';
import { readWritten } from '../../../src/share/both_ways/written.ts';
import { describeWrittenChange } from '../../../src/share/both_ways/words.ts';
import type { World } from '../world.ts';
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
  photoOf,
  removeFace,
  seenBy,
  settle,
} from './face_deeds.ts';

const ALL = ['alice', 'bob', 'carol'] as const;

for (const release of FACE_RELEASES) {
  Deno.test(`${release}: a face that a receiver gives to somebody else is that one's for the owner and the others, within two cycles and without an echo`, async () => {
    await using world = await openFaces(release, { withCarol: true });
    await giveTo(
      world,
      await faceOf(world, 'family/wedding', 'bob', 'Gustav'),
      await personOf(world, 'bob', 'Emil, Jr.'),
    );
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 1);
    await settle(world);
    for (const seen of await seenBy(world, 'family/wedding', ALL)) assert.deepEqual(seen, ['Emil, Jr.', 'Grandma']);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    assert.deepEqual(await conflictsAbout(world), []);
    // It goes on in both directions.
    await giveTo(
      world,
      await faceOf(world, 'family/wedding', 'alice', 'Emil, Jr.'),
      await personOf(world, 'alice', 'Dora Example'),
    );
    await settle(world);
    for (const seen of await seenBy(world, 'family/wedding', ALL)) assert.deepEqual(seen, ['Dora Example', 'Grandma']);
    await giveTo(
      world,
      await faceOf(world, 'family/wedding', 'carol', 'Dora Example'),
      await personOf(world, 'carol', 'Gustav'),
    );
    await settle(world);
    for (const seen of await seenBy(world, 'family/wedding', ALL)) assert.deepEqual(seen, ['Grandma', 'Gustav']);
  });

  Deno.test(`${release}: a face that a receiver gives to somebody of their own brings that one to the owner, by name where there is one of that name`, async () => {
    await using world = await openFaces(release, { withCarol: true });
    const [max, ida] = [await world.insertPerson('bob', 'Uncle Max'), await world.insertPerson('bob', 'Aunt Ida')];
    const known = await world.insertPerson('alice', 'Aunt Ida');
    await giveTo(world, await faceOf(world, 'family/wedding', 'bob', 'Gustav'), max);
    await giveTo(world, await faceOf(world, 'family/birthday', 'bob', 'Emil, Jr.'), ida);
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 2);
    await settle(world);
    for (const seen of await seenBy(world, 'family/wedding', ALL)) assert.deepEqual(seen, ['Grandma', 'Uncle Max']);
    for (const seen of await seenBy(world, 'family/birthday', ALL)) {
      assert.deepEqual(seen, ['Aunt Ida', 'Grandma', 'Neighbour']);
    }
    assert.equal(await personOf(world, 'alice', 'Aunt Ida'), known);
    assert.deepEqual(
      [await personOf(world, 'bob', 'Uncle Max'), await personOf(world, 'bob', 'Aunt Ida')],
      [max, ida],
      'nobody twice',
    );
    assert.deepEqual(await world.verify(verifyMirrors), []);
    // From now on he is the same for both: what Alice sees of him Bob has, too.
    await giveTo(
      world,
      await faceOf(world, 'family/portrait', 'alice', 'Dora Example'),
      await personOf(world, 'alice', 'Uncle Max'),
    );
    await settle(world);
    assert.deepEqual(await seenBy(world, 'family/portrait', ['bob']), [['Uncle Max']]);
    assert.equal(await personOf(world, 'bob', 'Uncle Max'), max);
    await world.share();
    assert.equal((await world.plan()).hasChanges, false);
  });

  Deno.test(`${release}: a face that a receiver removes is removed for the owner and the others, and one that they draw is there for all, once`, async () => {
    await using world = await openFaces(release, { withCarol: true });
    await removeFace(world, await faceOf(world, 'family/birthday', 'bob', 'Emil, Jr.'));
    const drawn = await drawFace(world, 'family/harbour', 'bob', await personOf(world, 'bob', 'Grandma'));
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 2);
    await settle(world);
    for (const seen of await seenBy(world, 'family/birthday', ALL)) assert.deepEqual(seen, ['Grandma', 'Neighbour']);
    for (const seen of await seenBy(world, 'family/harbour', ALL)) assert.deepEqual(seen, ['Grandma']);
    const { sql } = world;
    const [copy] = await sql`
      SELECT "imageWidth", "boundingBoxX1", "boundingBoxY2", "sourceType"::text, "deletedAt"
      FROM asset_face WHERE id = ${await faceOf(world, 'family/harbour', 'alice', 'Grandma')}`;
    assert.deepEqual({ ...copy }, {
      imageWidth: 1440,
      boundingBoxX1: 10,
      boundingBoxY2: 120,
      sourceType: 'manual',
      deletedAt: null,
    });
    assert.equal(await faceOf(world, 'family/harbour', 'bob', 'Grandma'), drawn);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    // What was drawn is a face like all others from now on.
    await giveTo(world, drawn, await personOf(world, 'bob', 'Gustav'));
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 1);
    await settle(world);
    for (const seen of await seenBy(world, 'family/harbour', ALL)) assert.deepEqual(seen, ['Gustav']);
    await removeFace(world, drawn);
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 1);
    await settle(world);
    for (const seen of await seenBy(world, 'family/harbour', ALL)) assert.deepEqual(seen, []);
  });

  Deno.test(`${release}: what Immich's jobs do to a mirror, or to everybody, goes nowhere`, async () => {
    await using world = await openFaces(release);
    const { sql, library: { users }, people: { faceKey } } = world;
    const before = await facesOfAlice(world);
    const ofBob = sql`SELECT id FROM asset WHERE "ownerId" = ${users.bob.id}`;
    // Detected anew: the old ones are gone, new ones belong to nobody, or to somebody of Bob's whom recognition takes for the same.
    const mirror = await photoOf(world, 'family/birthday', 'bob');
    await sql`DELETE FROM asset_face WHERE "assetId" = ${mirror} AND "sourceType" = 'machine-learning'`;
    await sql`
      INSERT INTO asset_face ("assetId", ${
      sql(faceKey)
    }, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2", "sourceType")
      VALUES
        (${mirror}, ${world.library.people['bob/dora'].id}, 100, 100, 50, 50, 'machine-learning'),
        (${mirror}, NULL, 100, 100, 60, 60, 'machine-learning'),
        (${mirror}, ${world.library.people['bob/dora'].id}, 100, 100, 70, 70, 'exif')`;
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 0);
    await settle(world);
    // Nobody's face is somebody's whom Bob has named, by the night's recognition.
    const nobodys = sql`(${sql(faceKey)} IS NULL AND "sourceType" = 'machine-learning' AND "deletedAt" IS NULL)`;
    const { count } = await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${
      world.library.people['bob/dora'].id
    } WHERE "assetId" IN (${ofBob}) AND ${nobodys}`;
    assert.ok(count > 0);
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 0);
    assert.deepEqual(await facesOfAlice(world), before);
    // An administrator starts all over: everybody's are nobody's, and some are found again, as somebody whom Bob has.
    await sql`UPDATE asset_face SET ${sql(faceKey)} = NULL WHERE "sourceType" = 'machine-learning'`;
    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${world.library.people['bob/dora'].id}
      WHERE "assetId" IN (${ofBob}) AND "sourceType" = 'machine-learning'`;
    const written = await sql`SELECT FROM immich_sidecar_both_ways.written`;
    for (let cycle = 0; cycle < 3; cycle++) assert.equal(await facesCorrectedBy(world.share({ isFull: cycle > 1 })), 0);
    assert.equal((await sql`SELECT FROM immich_sidecar_both_ways.written`).length, written.length);
  });
}

for (const release of FACE_RELEASES) {
  Deno.test(`${release}: one who is drawn by two at once in one place is there once, and twice in two places`, async () => {
    await using world = await openFaces(release, { withCarol: true });
    const grandma = { alice: '', bob: '', carol: '' };
    for (const user of ALL) grandma[user] = await personOf(world, user, 'Grandma');
    // Two receivers; the owner and a receiver; the same, but in two places.
    const drawn = await drawFace(world, 'family/harbour', 'bob', grandma.bob);
    await drawFace(world, 'family/harbour', 'carol', grandma.carol, { right: 15 });
    await drawFace(world, 'family/portrait', 'alice', grandma.alice);
    const hers = await drawFace(world, 'family/portrait', 'bob', grandma.bob, { right: 20 });
    await drawFace(world, 'family/picnic', 'alice', grandma.alice);
    await drawFace(world, 'family/picnic', 'bob', grandma.bob, { right: 60 });
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 2);
    await settle(world);
    for (const seen of await seenBy(world, 'family/harbour', ALL)) assert.deepEqual(seen, ['Grandma']);
    for (const seen of await seenBy(world, 'family/portrait', ALL)) {
      assert.deepEqual(seen, ['Dora Example', 'Grandma']);
    }
    for (const seen of await seenBy(world, 'family/picnic', ALL)) {
      assert.deepEqual(seen, ['', 'Dora Example', 'Grandma', 'Grandma']);
    }
    assert.equal(await faceOf(world, 'family/harbour', 'bob', 'Grandma'), drawn);
    assert.equal(await faceOf(world, 'family/portrait', 'bob', 'Grandma'), hers);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    // It is a face like all others from now on.
    await giveTo(world, hers, await personOf(world, 'bob', 'Gustav'));
    assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 1);
    await settle(world);
    for (const seen of await seenBy(world, 'family/portrait', ALL)) assert.deepEqual(seen, ['Dora Example', 'Gustav']);
  });
}

Deno.test('people of one cluster group: a face goes to the same person, and somebody new is of the same group', async () => {
  await using world = await openFaces('v3.3.0', { sameClusterGroup: true });
  const max = await world.insertPerson('bob', 'Uncle Max');
  await giveTo(world, await faceOf(world, 'family/wedding', 'bob', 'Gustav'), max);
  await giveTo(
    world,
    await faceOf(world, 'family/birthday', 'bob', 'Emil, Jr.'),
    await personOf(world, 'bob', 'Gustav'),
  );
  assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 2);
  await settle(world);
  assert.equal(await personOf(world, 'alice', 'Uncle Max'), max);
  assert.deepEqual(await seenBy(world, 'family/wedding', ['alice', 'bob']), [['Grandma', 'Uncle Max'], [
    'Grandma',
    'Uncle Max',
  ]]);
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

Deno.test('faces: without both_ways nothing goes to the owner; what differs when it begins waits for a person, and so does much at once', async () => {
  await using world = await openFaces('v3.1.0', { isOn: false });
  const before = await facesOfAlice(world);
  const emil = await personOf(world, 'bob', 'Emil, Jr.');
  await giveTo(world, await faceOf(world, 'family/wedding', 'bob', 'Gustav'), emil);
  await drawFace(world, 'family/harbour', 'bob', emil);
  await world.share();
  assert.deepEqual(await facesOfAlice(world), before);
  goFacesBothWays(world);
  assert.equal(await facesCorrectedBy(world.share()), 0);
  assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 0);
  const [way, ...others] = await readWaitingJobs(world.sql);
  assert.deepEqual([way?.photos, others.length], [2, 0]);
  assert.deepEqual(await facesOfAlice(world), before);
  assert.equal((await confirmCorrections(world.sql, 'family to bob')).length, 1);
  assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 2);
  await settle(world);
  world.config = { ...world.config, brake: { percent: 20, minimum: 1 } };
  const gustav = await personOf(world, 'bob', 'Gustav');
  await giveTo(world, await faceOf(world, 'family/picnic', 'bob', 'Dora Example'), gustav);
  await giveTo(world, await faceOf(world, 'family/portrait', 'bob', 'Dora Example'), gustav);
  assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 0);
  assert.deepEqual(await seenBy(world, 'family/portrait', ['alice', 'bob']), [['Dora Example'], ['Gustav']]);
  await confirmCorrections(world.sql, undefined);
  assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 2);
  await settle(world);
});

Deno.test('no face moves of a photo that either side has locked, trashed or does not share any more', async () => {
  await using world = await openFaces('v3.1.0');
  const { sql } = world;
  const before = await facesOfAlice(world);
  const [source, mirror] = [world.id('family/wedding'), await photoOf(world, 'family/wedding', 'bob')];
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${mirror}`;
  await giveTo(
    world,
    await faceOf(world, 'family/wedding', 'bob', 'Gustav'),
    await personOf(world, 'bob', 'Emil, Jr.'),
  );
  await drawFace(world, 'family/wedding', 'bob', await personOf(world, 'bob', 'Emil, Jr.'));
  await world.share();
  await sql`UPDATE asset SET visibility = 'timeline', "deletedAt" = now(), status = 'trashed' WHERE id = ${mirror}`;
  await world.share();
  assert.deepEqual(await facesOfAlice(world), before);
  await sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id = ${mirror}`;
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${source}`;
  await world.share();
  await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${source}`;
  assert.deepEqual(await facesOfAlice(world), before);
});

Deno.test('a face of somebody without a name stays where it is drawn, until that one has a name; of two of one name nobody knows who is meant', async () => {
  await using world = await openFaces('v3.1.0');
  const { sql } = world;
  const [unnamed, twin] = [await world.insertPerson('bob', ''), await world.insertPerson('bob', 'Twin')];
  await world.insertPerson('alice', 'Twin');
  await world.insertPerson('alice', 'Twin');
  const hidden = await world.insertPerson('bob', 'Hidden');
  await sql`UPDATE person SET "isHidden" = true WHERE id = ${hidden}`;
  for (const person of [unnamed, twin, hidden]) await drawFace(world, 'family/harbour', 'bob', person);
  assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 0);
  assert.deepEqual(await seenBy(world, 'family/harbour', ['alice']), [[]]);
  await sql`UPDATE person SET name = 'Uncle Max' WHERE id = ${unnamed}`;
  assert.equal(await facesCorrectedBy(world.share({ isFull: false })), 1);
  assert.deepEqual(await seenBy(world, 'family/harbour', ['alice']), [['Uncle Max']]);
  await settle(world);
});

Deno.test('what was done with faces of originals is listed, and whoever has lost their cover gets another one', async () => {
  await using world = await openFaces('v3.1.0');
  const { sql, people: { personKey } } = world;
  const emil = await personOf(world, 'alice', 'Emil, Jr.');
  const cover = await faceOf(world, 'family/birthday', 'alice', 'Emil, Jr.');
  await sql`UPDATE person SET "faceAssetId" = ${cover} WHERE ${sql(personKey)} = ${emil}`;
  const shown = async () => {
    const [row] = await sql`SELECT "faceAssetId" AS face, "thumbnailPath" AS path FROM person WHERE ${
      sql(personKey)
    } = ${emil}`;
    return row ?? assert.fail();
  };
  assert.equal((await shown())['face'], cover);
  await giveTo(
    world,
    await faceOf(world, 'family/birthday', 'bob', 'Emil, Jr.'),
    await personOf(world, 'bob', 'Gustav'),
  );
  await removeFace(world, await faceOf(world, 'family/portrait', 'bob', 'Dora Example'));
  await drawFace(world, 'family/harbour', 'bob', await world.insertPerson('bob', 'Uncle Max'));
  await settle(world);
  const now = await shown();
  assert.notEqual(now['face'], cover);
  assert.equal(now['path'], '', 'Immich makes one where none is noted');
  const written = await readWritten(sql, {});
  assert.deepEqual(written.map(describeWrittenChange).toSorted(), [
    '"birthday.jpg": face "Emil, Jr." -> "Gustav"',
    '"harbour.jpg": face none -> "Uncle Max"',
    '"portrait.jpg": face "Dora Example" -> removed',
  ]);
});

/** All faces of Alice's photos, and whose they are. */
async function facesOfAlice({ sql, library: { users }, people: { faceKey } }: World): Promise<string[]> {
  const rows = await sql<{ face: string }[]>`
    SELECT concat_ws(' ', f.id, f.${sql(faceKey)}, f."deletedAt") AS face
    FROM asset_face f
    JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${users.alice.id}
    ORDER BY 1`;
  return rows.map(({ face }) => face);
}
