import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: faces that come, move, are hidden, deleted or removed later follow`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { faceKey } = world.people;
    const [moved, hidden] = await sql<{ id: string }[]>`
      SELECT id FROM asset_face WHERE "assetId" = ${world.id('family/picnic')} ORDER BY "boundingBoxX1"`;
    await sql`UPDATE asset_face SET "boundingBoxX1" = "boundingBoxX1" + 3 WHERE id = ${moved?.id ?? ''}`;
    await sql`UPDATE asset_face SET "deletedAt" = now() WHERE id = ${hidden?.id ?? ''}`;
    await sql`DELETE FROM asset_face WHERE "assetId" = ${world.id('family/portrait')}`;
    await sql`
      INSERT INTO asset_face ("assetId", ${sql(faceKey)}, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
      VALUES (${world.id('family/harbour')}, ${world.library.people['alice/grandma'].id}, 100, 100, 50, 50)`;
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
    assert.deepEqual(
      { added: report.jobs[0]?.faces, updated: report.jobs[0]?.facesUpdated, removed: report.jobs[0]?.facesRemoved },
      { added: 1, updated: 2, removed: 1 },
    );
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/harbour')), ['Grandma']);
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/portrait')), []);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertAtRest(world);
  });

  Deno.test(`${release}: a merge at the source moves the faces, and the person without faces goes`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    const [from, into] = [world.library.people['alice/gustav'].id, world.library.people['alice/grandma'].id];
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/edited')), ['Emil, Jr.', 'Gustav']);
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${into} WHERE ${sql(faceKey)} = ${from}`;
    await sql`DELETE FROM person WHERE ${sql(personKey)} = ${from} AND "ownerId" = ${world.library.users.alice.id}`;
    await world.share();
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/edited')), ['Emil, Jr.', 'Grandma']);
    assert.ok(!(await world.namesOf('bob')).includes('Gustav'));
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertAtRest(world);
  });

  Deno.test(`${release}: a face that is given to somebody the target does not know brings that person along`, async () => {
    await using world = await World.open(release);
    await world.share();
    assert.ok(!(await world.namesOf('bob')).includes('Secret Friend'));
    const { sql } = world;
    await sql`
      UPDATE asset_face
      SET ${sql(world.people.faceKey)} = ${world.library.people['alice/secret'].id}
      WHERE "assetId" = ${world.id('family/portrait')}`;
    await world.share();
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/portrait')), ['Secret Friend']);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertAtRest(world);
  });

  Deno.test(`${release}: what the target corrects on a mirror stays, until the source itself changes that face`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { faceKey } = world.people;
    const own = world.library.people['bob/dora'].id;
    const mirror = await world.mirrorOf('family/portrait');
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${own} WHERE "assetId" = ${mirror ?? ''}`;
    await world.share();
    assert.deepEqual(await world.facesOn(mirror), ['Dora']);
    await sql`
      UPDATE asset_face
      SET ${sql(faceKey)} = ${world.library.people['alice/grandma'].id}
      WHERE "assetId" = ${world.id('family/portrait')}`;
    await world.share();
    assert.deepEqual(await world.facesOn(mirror), ['Grandma']);
  });

  Deno.test(`${release}: a face that the target removed comes back with somebody new when the source changes it`, async () => {
    await using world = await World.open(release);
    // A second share between the same two would do what the first one leaves.
    world.setJobs(world.config.jobs.slice(0, 1));
    await world.share();
    const { sql } = world;
    const mirror = await world.mirrorOf('family/portrait');
    await sql`UPDATE asset_face SET "deletedAt" = now() WHERE "assetId" = ${mirror ?? ''}`;
    await world.share();
    assert.deepEqual(await world.facesOn(mirror), []);
    await sql`UPDATE asset_face SET "updatedAt" = now() WHERE "assetId" = ${world.id('family/portrait')}`;
    await world.share();
    assert.deepEqual(await world.facesOn(mirror), [], 'not when something only touches it');
    await sql`
      UPDATE asset_face
      SET ${sql(world.people.faceKey)} = ${world.library.people['alice/secret'].id}
      WHERE "assetId" = ${world.id('family/portrait')}`;
    await world.share();
    assert.deepEqual(await world.facesOn(mirror), ['Secret Friend']);
    await assertAtRest(world);
  });

  Deno.test(`${release}: a mirrored person whom the target merged into their own stays merged, also for new photos`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    const own = world.library.people['bob/dora'].id;
    const [mirrored] = await sql<{ id: string }[]>`
      SELECT mirror_person_id AS id
      FROM immich_sidecar.person_map
      WHERE origin_person_id = ${world.library.people['alice/dora'].id}
        AND target_user_id = ${world.library.users.bob.id}`;
    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${own}
      WHERE ${sql(faceKey)} = ${mirrored?.id ?? ''}
        AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${world.library.users.bob.id})`;
    await sql`
      DELETE FROM person
      WHERE ${sql(personKey)} = ${mirrored?.id ?? ''} AND "ownerId" = ${world.library.users.bob.id}`;
    await sql`
      INSERT INTO asset_face ("assetId", ${sql(faceKey)}, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
      VALUES (${world.id('family/harbour')}, ${world.library.people['alice/dora'].id}, 100, 100, 50, 50)`;
    await world.share();
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/portrait')), ['Dora']);
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/harbour')), ['Dora']);
    assert.ok(!(await world.namesOf('bob')).includes('Dora Example'));
    await assertAtRest(world);
  });
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: somebody whom the target deletes comes back with their faces and name in the next cycle, and one whom they hide stays hidden`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql, library: { users } } = world;
    const [names, faces] = [await world.namesOf('bob'), await world.facesOn(await world.mirrorOf('family/portrait'))];
    assert.ok(faces.includes('Dora Example'));
    // PersonRepository.delete: the row, which takes the faces away from nobody from 3.2 on.
    await sql`DELETE FROM person WHERE name = 'Dora Example' AND "ownerId" = ${users.bob.id}`;
    await sql`UPDATE person SET "isHidden" = true WHERE name = 'Grandma' AND "ownerId" = ${users.bob.id}`;
    assert.ok(!(await world.facesOn(await world.mirrorOf('family/portrait'))).includes('Dora Example'));
    await world.share({ isFull: false });
    assert.deepEqual(await world.namesOf('bob'), names);
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/portrait')), faces);
    const [grandma] = await sql`
      SELECT "isHidden" FROM person WHERE name = 'Grandma' AND "ownerId" = ${users.bob.id}`;
    assert.equal(grandma?.['isHidden'], true);
    await assertAtRest(world);
  });

  Deno.test(`${release}: who gave most faces of somebody to others, one by one, has not merged them: what happened to the rest counts`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    const bob = world.library.users.bob.id;
    const own = world.library.people['bob/dora'].id;
    const photos = ['family/harbour', 'family/portrait', 'family/picnic'] as const;
    const people: string[] = [];
    for (const name of ['Deleted', 'Merged']) {
      const id = await world.insertPerson('alice', name);
      people.push(id);
      for (const photo of photos) {
        await sql`
          INSERT INTO asset_face ("assetId", ${
          sql(faceKey)
        }, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
          VALUES (${world.id(photo)}, ${id}, 100, 100, 50, ${name.length})`;
      }
    }
    await world.share();
    const mirrorsOf = async (origin = '') =>
      await sql<{ person: string; face: string }[]>`
        SELECT fm.person_id AS person, fm.mirror_face_id AS face
        FROM immich_sidecar.face_map fm
        JOIN immich_sidecar.person_map pm ON pm.mirror_person_id = fm.person_id AND pm.origin_person_id = ${origin}
        JOIN asset_face f ON f.id = fm.source_face_id
        ORDER BY f."assetId" = ${world.id('family/picnic')}`;
    const [deleted, merged] = [await mirrorsOf(people[0]), await mirrorsOf(people[1])];
    const given = [...deleted.slice(0, 2), ...merged.slice(0, 2)].map(({ face }) => face);
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${own} WHERE id = ANY (${given}::uuid[])`;
    // An hour later.
    await sql.begin(async (tx) => {
      await tx`SET LOCAL session_replication_role = replica`;
      await tx`UPDATE asset_face SET "updatedAt" = "updatedAt" - interval '1 hour' WHERE id = ANY (${given}::uuid[])`;
    });
    const heir = await world.insertPerson('bob', 'Heir');
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${heir} WHERE id = ${merged[2]?.face ?? ''}`;
    for (const [gone] of [deleted, merged]) {
      await sql`DELETE FROM person WHERE ${sql(personKey)} = ${gone?.person ?? ''} AND "ownerId" = ${bob}`;
    }
    for (const [index, id] of people.entries()) {
      await sql`
        INSERT INTO asset_face ("assetId", ${
        sql(faceKey)
      }, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
        VALUES (${world.id('family/edited')}, ${id}, 100, 100, 50, ${40 + index})`;
    }
    await world.share();
    assert.deepEqual(await world.facesOn(await world.mirrorOf('family/edited')), [
      'Deleted',
      'Emil, Jr.',
      'Gustav',
      'Heir',
    ]);
    const [left] = await sql<{ count: number }[]>`
      SELECT count(*)::int FROM asset_face WHERE id = ANY (${given}::uuid[]) AND ${sql(faceKey)} = ${own}`;
    assert.equal(left?.count, given.length, 'what Bob has given to others stays theirs');
    await assertAtRest(world);
  });
}

/** One more cycle changes nothing. */
async function assertAtRest(world: World): Promise<void> {
  const before = await digestTables(world.sql);
  await world.share();
  assert.deepEqual(await digestTables(world.sql), before);
}

Deno.test("what the receiver's own crop leaves out of a mirror stays so when Immich touches the source's faces, until the crop is taken back", async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  const [source, mirror] = [world.id('family/picnic'), await world.mirrorOf('family/picnic') ?? ''];
  const seen = async () => [
    ...await sql<{ x: number; isVisible: boolean }[]>`
      SELECT f."boundingBoxX1" - of_source."boundingBoxX1" AS x, f."isVisible"
      FROM immich_sidecar.face_map fm
      JOIN asset_face f ON f.id = fm.mirror_face_id
      JOIN asset_face of_source ON of_source.id = fm.source_face_id
      WHERE fm.mirror_asset_id = ${mirror}`,
  ];
  const all = (isVisible: boolean) => ({ x: 0, isVisible });
  const count = (await seen()).length;
  assert.ok(count > 0);
  await sql`
    INSERT INTO asset_edit ("assetId", action, parameters, sequence)
    VALUES (${mirror}, 'crop', ${sql.json({ x: 0, y: 0, width: 9, height: 9 })}, 0)`;
  await sql`UPDATE asset_face SET "isVisible" = false WHERE "assetId" = ${mirror}`;
  await world.share();
  assert.deepEqual(await seen(), Array(count).fill(all(false)));

  await sql`UPDATE asset_face SET "updatedAt" = now() WHERE "assetId" = ${source}`;
  await world.share();
  assert.deepEqual(await seen(), Array(count).fill(all(false)), 'the source is touched');
  await sql`UPDATE asset_face SET "boundingBoxX1" = "boundingBoxX1" + 1 WHERE "assetId" = ${source}`;
  await world.share();
  assert.deepEqual(await seen(), Array(count).fill(all(false)), 'the box follows');

  await sql`DELETE FROM asset_edit WHERE "assetId" = ${mirror}`;
  await world.share();
  assert.deepEqual(await seen(), Array(count).fill(all(true)));
});
