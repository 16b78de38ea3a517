/** Photos and libraries that somebody moves from one account to another, by SQL. */
import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a library that moves to another account goes on being shared, with its mirrors and people, once its job follows it`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const { alice, carol } = world.library.users;
    const [family] = world.config.jobs;
    assert.ok(family);
    world.setJobs([family]);
    await world.share();
    const mirrors = await mapping(world);
    const people = await world.namesOf('bob');
    const [library] = await sql<{ id: string }[]>`
      SELECT "libraryId" AS id FROM asset WHERE id = ${world.id('family/wedding')}`;
    await sql`UPDATE library SET "ownerId" = ${carol.id} WHERE id = ${library?.id ?? ''}`;
    await sql`UPDATE asset SET "stackId" = NULL WHERE "ownerId" = ${alice.id}`;
    await sql`UPDATE asset SET "ownerId" = ${carol.id} WHERE "libraryId" = ${library?.id ?? ''}`;
    await sql`UPDATE person SET "ownerId" = ${carol.id} WHERE "ownerId" = ${alice.id}`;
    world.setJobs([{ ...family, sourceUserId: carol.id }]);
    const report = await world.share();
    assert.deepEqual([report.jobs[0]?.withdrawn, report.jobs[0]?.created, report.jobs[0]?.problems], [{}, 0, []]);
    assert.equal(report.ownersChanged, mirrors.length);
    assert.deepEqual(await mapping(world), mirrors);
    assert.deepEqual(await world.namesOf('bob'), people);
    await assertAtRest(world);

    // And follows from there.
    const id = world.id('family/wedding');
    await sql`UPDATE asset_exif SET description = 'Carol says' WHERE "assetId" = ${id}`;
    await sql`UPDATE person SET name = 'Dora of Carol' WHERE "ownerId" = ${carol.id} AND name = 'Dora Example'`;
    await world.share({ isFull: false });
    const [shown] = await sql`SELECT description FROM asset_exif WHERE "assetId" = ${await world.mirrorOfId(id)}`;
    assert.equal(shown?.['description'], 'Carol says');
    assert.ok((await world.namesOf('bob')).includes('Dora of Carol'));
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
}

Deno.test('a photo that moves to another account is adopted by the job that shares it from there, or withdrawn; a mirror that moves goes', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const { bob, carol } = world.library.users;
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  const ofCarol = { ...family, name: 'carol to bob', sourceUserId: carol.id };
  world.setJobs([family, uploads, ofCarol]);
  await world.share();
  const [adopted, mirror] = [world.id('family/wedding'), await world.mirrorOf('family/wedding')];
  await sql`UPDATE asset SET "ownerId" = ${carol.id} WHERE id = ${adopted}`;
  const report = await world.share({ isFull: false });
  assert.equal(report.ownersChanged, 1);
  await sql`UPDATE asset_exif SET description = 'Carol says' WHERE "assetId" = ${adopted}`;
  await world.share({ isFull: false });
  const [shown] = await sql`SELECT description FROM asset_exif WHERE "assetId" = ${mirror ?? ''}`;
  assert.equal(shown?.['description'], 'Carol says');
  const [row] = await sql`
    SELECT source_user_id AS owner, job_name AS job FROM immich_sidecar.asset_map WHERE mirror_asset_id = ${
    mirror ?? ''
  }`;
  assert.deepEqual({ ...row }, { owner: carol.id, job: 'carol to bob' });
  await assertAtRest(world);

  // To the receiver, for whom nobody shares it then.
  const gone = world.id('family/portrait');
  await sql`UPDATE asset SET "ownerId" = ${bob.id} WHERE id = ${gone}`;
  assert.deepEqual((await world.share({ isFull: false })).jobs[0]?.withdrawn, { 'not-selected': 1 });

  // A mirror in the account of somebody who gets nothing.
  const [lost] = await world.someMirrored();
  await sql`UPDATE asset SET "ownerId" = ${carol.id} WHERE id = ${await world.mirrorOfId(lost)}`;
  const taken = await world.share({ isFull: false });
  assert.deepEqual(taken.jobs.flatMap(({ withdrawn }) => Object.entries(withdrawn)), [['not-selected', 1]]);
  await world.share();
  const [owner] = await sql`SELECT "ownerId" AS id FROM asset WHERE id = ${await world.mirrorOfId(lost)}`;
  assert.equal(owner?.['id'], bob.id);
  await assertAtRest(world);
});

async function mapping({ sql }: World): Promise<unknown[]> {
  const rows = await sql`
    SELECT source_asset_id AS source, mirror_asset_id AS mirror
    FROM immich_sidecar.asset_map
    ORDER BY 1, 2`;
  return rows.map(({ source, mirror }) => `${source} ${mirror}`);
}

/** One more cycle changes nothing. */
async function assertAtRest(world: World): Promise<void> {
  const before = await digestTables(world.sql);
  await world.share();
  assert.deepEqual(await digestTables(world.sql), before);
}
