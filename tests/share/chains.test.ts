import assert from 'node:assert/strict';
import type { JobConfig } from '../../src/config/config.ts';
import { jobsOf } from '../../src/demo/jobs.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';

/** Bob's uploads back to Alice, into a library of hers that is made for it. */
async function bobToAlice(world: World): Promise<JobConfig> {
  const { alice, bob } = world.library.users;
  const [library] = await world.sql<{ id: string }[]>`
    INSERT INTO library (name, "ownerId", "importPaths", "exclusionPatterns")
    VALUES ('uploads of Bob', ${alice.id}, ${['/data/shared/alice']}, ${[]}::text[])
    RETURNING id`;
  const [, uploads] = world.config.jobs;
  assert.ok(library && uploads);
  return {
    ...uploads,
    name: 'bob to alice',
    sourceUserId: bob.id,
    targetUserId: alice.id,
    targetLibraryId: library.id,
    targetPathPrefix: '/data/shared/alice/.bob/',
    albumId: undefined,
  };
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: sharing both ways makes no mirror of a mirror and gives the owner his own person back`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    await world.share();
    const [dora] = await sql<{ id: string }[]>`
      SELECT mirror_person_id AS id
      FROM immich_sidecar.person_map
      WHERE origin_person_id = ${world.library.people['alice/dora'].id}`;
    // Bob finds Alice's Dora, whom he knows as a mirror, on a photo of his own.
    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${dora?.id ?? ''} WHERE "assetId" = ${world.id('bob/dog')}`;
    world.setJobs([...world.config.jobs, await bobToAlice(world)]);
    await world.share();
    assert.deepEqual(await world.verify(verifyMirrors), []);
    const mirror = await world.mirrorOf('bob/dog', 'alice');
    assert.ok(mirror);
    const faces = await sql<{ id: string | null }[]>`
      SELECT ${sql(faceKey)} AS id FROM asset_face WHERE "assetId" = ${mirror}`;
    assert.deepEqual(new Set(faces.map(({ id }) => id)), new Set([world.library.people['alice/dora'].id]));
    const [mirrorsOfMirrors] = await sql<{ count: number }[]>`
      SELECT count(*)::int
      FROM immich_sidecar.asset_map a
      JOIN immich_sidecar.asset_map b ON b.source_asset_id = a.mirror_asset_id`;
    assert.equal(mirrorsOfMirrors?.count, 0);
    const before = await digestTables(sql);
    await world.share();
    assert.deepEqual(await digestTables(sql), before);

    // Alice deletes her person: Bob's stays, as it has a face of his own; Alice's mirror of it has none.
    await sql`
      DELETE FROM person
      WHERE ${sql(personKey)} = ${world.library.people['alice/dora'].id}
        AND "ownerId" = ${world.library.users.alice.id}`;
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ failures }) => failures), [], 'no foreign key is violated on the way');
    await world.share();
    const atRest = await digestTables(sql);
    await world.share();
    assert.deepEqual(await digestTables(sql), atRest);
  });

  Deno.test(`${release}: one source goes to two targets, each with files of its own`, async () => {
    await using world = await World.open(release);
    world.setJobs([...jobsOf(world.library, 'bob'), ...jobsOf(world.library, 'carol')]);
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ failures }) => failures), []);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    const original = world.library.assets.find(({ key }) => key === 'family/portrait');
    assert.equal(Deno.lstatSync(original?.localPath ?? '').nlink, 3);
    world.setJobs(jobsOf(world.library, 'bob'));
    await world.share();
    assert.equal(await world.mirrorOf('family/portrait', 'carol'), undefined);
    assert.ok(await world.mirrorOf('family/portrait', 'bob'));
    assert.equal(Deno.lstatSync(original?.localPath ?? '').nlink, 2);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
}
