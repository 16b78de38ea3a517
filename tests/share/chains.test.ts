import assert from 'node:assert/strict';
import { jobsOf } from '../../src/demo/jobs.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import type { Fragment } from '../../src/postgres/connect.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { bobToAlice } from './bob_to_alice.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: sharing both ways makes no mirror of a mirror and gives the owner their own person back`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    await world.share();
    const [dora] = await sql<{ id: string }[]>`
      SELECT mirror_person_id AS id
      FROM immich_sidecar.person_map
      WHERE origin_person_id = ${world.library.people['alice/dora'].id}`;
    // Bob finds Alice's Dora, whom he knows as a mirror, on a photo of their own.
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
    await assertAtRest(world);

    // Alice deletes her person: Bob's stays, as it has a face of their own; Alice's mirror of it has none.
    await sql`
      DELETE FROM person
      WHERE ${sql(personKey)} = ${world.library.people['alice/dora'].id}
        AND "ownerId" = ${world.library.users.alice.id}`;
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), [], 'no foreign key is violated on the way');
    await world.share();
    await assertAtRest(world);
  });

  Deno.test(`${release}: somebody who comes back to his first owner from whom he was shared with comes from there from now on`, async () => {
    await using world = await World.open(release, { sameClusterGroup: true });
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    const { alice, bob } = world.library.users;
    const [grandma, gustav] = [world.library.people['alice/grandma'].id, world.library.people['alice/gustav'].id];
    world.setJobs([...world.config.jobs, await bobToAlice(world)]);
    await world.share();
    const [known] = await sql<{ id: string }[]>`
      SELECT mirror_person_id AS id
      FROM immich_sidecar.person_map
      WHERE origin_person_id = ${grandma} AND target_user_id = ${bob.id}`;
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${known?.id ?? ''} WHERE "assetId" = ${world.id('bob/dog')}`;
    await world.share();
    const mirror = await world.mirrorOf('bob/dog', 'alice');
    assert.deepEqual(await world.facesOn(mirror), ['Grandma']);

    // Alice merges her; on the mirror of Bob's photo, recognition has taken the face from everybody.
    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${gustav}
      WHERE ${sql(faceKey)} = ${grandma} AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${alice.id})`;
    await sql`DELETE FROM person WHERE ${sql(personKey)} = ${grandma} AND "ownerId" = ${alice.id}`;
    await sql`UPDATE asset_face SET ${sql(faceKey)} = NULL WHERE "assetId" = ${mirror ?? ''}`;
    await world.share();
    assert.deepEqual(await world.facesOn(mirror), ['Grandma']);
    await assertAtRest(world);

    // She is Bob's now: what Alice says about her stays Alice's, and what Bob says reaches Alice.
    await sql`UPDATE person SET color = '#112233' WHERE name = 'Grandma' AND "ownerId" = ${alice.id}`;
    await sql`UPDATE person SET "birthDate" = '1944-01-02' WHERE name = 'Grandma' AND "ownerId" = ${bob.id}`;
    await world.share();
    const said = await sql<{ user: string; said: string }[]>`
      SELECT "ownerId" AS user, concat_ws(' ', "birthDate", color) AS said FROM person WHERE name = 'Grandma'`;
    assert.deepEqual(
      new Map(said.map((person) => [person.user, person.said])),
      new Map([[alice.id, '1944-01-02 #112233'], [bob.id, '1944-01-02']]),
    );
    await assertAtRest(world);
  });

  Deno.test(`${release}: a third user keeps what they call somebody into whom another one has merged somebody else's`, async () => {
    await using world = await World.open(release);
    const { sql, people: { personKey, faceKey } } = world;
    const { bob, carol } = world.library.users;
    const [, uploads] = jobsOf(world.library, 'carol');
    assert.ok(uploads);
    const onward = { ...uploads, sourceUserId: bob.id, targetPathPrefix: '/data/shared/carol/.bob/' };
    world.setJobs([...world.config.jobs, { ...onward, name: 'uploads of bob to carol' }]);
    const max = await world.insertPerson('bob', 'Uncle Max');
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${max} WHERE "assetId" = ${world.id('bob/dog')}`;
    await world.share();
    const known = await mirrorOfPerson(world, max, 'carol');
    await sql`UPDATE person SET name = 'Max' WHERE ${sql(personKey)} = ${known} AND "ownerId" = ${carol.id}`;
    await world.share();
    const gustav = await mirrorOfPerson(world, world.library.people['alice/gustav'].id, 'bob');
    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${max}
      WHERE ${sql(faceKey)} = ${gustav} AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${bob.id})`;
    await sql`DELETE FROM person WHERE ${sql(personKey)} = ${gustav} AND "ownerId" = ${bob.id}`;
    await world.share();
    assert.deepEqual(await world.facesOn(await world.mirrorOf('bob/dog', 'carol')), ['Max']);
    const people = await sql`SELECT name FROM person WHERE ${sql(personKey)} = ${known} AND "ownerId" = ${carol.id}`;
    assert.deepEqual(people.map(({ name }) => name), ['Max']);
    await assertAtRest(world);
  });

  Deno.test(`${release}: a third user sees of somebody what the user sees who shows them, and nothing that their first owner says later`, async () => {
    await using world = await World.open(release);
    const { sql } = world;
    const { personKey, faceKey } = world.people;
    const { alice, bob, carol } = world.library.users;
    const dora = world.library.people['alice/dora'].id;
    await world.share();
    const known = await mirrorOfPerson(world, dora, 'bob');
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${known} WHERE "assetId" = ${world.id('bob/dog')}`;
    const name = 'uploads of bob to carol';
    const [, uploads] = jobsOf(world.library, 'carol');
    assert.ok(uploads);
    const onward = { ...uploads, name, sourceUserId: bob.id, targetPathPrefix: '/data/shared/carol/.bob/' };
    world.setJobs([...world.config.jobs, onward]);
    await world.share();
    const seen = await mirrorOfPerson(world, dora, 'carol');
    const saidBy = async (owner: string, person: string) => {
      const [row] = await sql<{ said: string }[]>`
        SELECT concat_ws(', ', name, "birthDate", color, CASE WHEN "isHidden" THEN 'hidden' END) AS said
        FROM person
        WHERE ${sql(personKey)} = ${person} AND "ownerId" = ${owner}`;
      return row?.said;
    };
    const both = async () => [await saidBy(bob.id, known), await saidBy(carol.id, seen)];
    const first = await saidBy(alice.id, dora);
    assert.deepEqual(await both(), [first, first]);

    // What Alice says from now on reaches Bob, with whom she shares Dora, and nobody else.
    const change = (owner: string, person: string, set: Fragment) =>
      sql`UPDATE person SET ${set} WHERE ${sql(personKey)} = ${person} AND "ownerId" = ${owner}`;
    await change(
      alice.id,
      dora,
      sql`name = 'Dorothea', "birthDate" = '1950-03-04', color = '#010203', "isHidden" = true`,
    );
    await world.share({ isFull: false });
    assert.deepEqual(await both(), ['Dorothea, 1950-03-04, #010203, hidden', first]);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await assertAtRest(world);

    // What Bob says reaches Carol, also when it is what Alice says again.
    await change(bob.id, known, sql`name = 'Aunt Dora', "birthDate" = '1951-01-01'`);
    await world.share({ isFull: false });
    assert.equal(await saidBy(carol.id, seen), 'Aunt Dora, 1951-01-01, #ea580c');
    await change(bob.id, known, sql`"birthDate" = '1950-03-04'`);
    await change(alice.id, dora, sql`color = '#040506'`);
    await world.share({ isFull: false });
    assert.deepEqual(await both(), ['Aunt Dora, 1950-03-04, #040506, hidden', 'Aunt Dora, 1950-03-04, #ea580c']);

    // Alice shows Dora to Carol herself: then it is for her to say.
    world.setJobs([...world.config.jobs, ...jobsOf(world.library, 'carol')]);
    await world.share();
    const own = await saidBy(alice.id, dora);
    assert.equal(await saidBy(carol.id, seen), own);
    await change(alice.id, dora, sql`name = 'Dora again'`);
    await world.share();
    assert.equal(await saidBy(carol.id, seen), own?.replace('Dorothea', 'Dora again'));
    await assertAtRest(world);

    // She does not any more: it is for Bob again, and what Alice says stays hers.
    world.setJobs(
      world.config.jobs.filter(({ sourceUserId, targetUserId }) =>
        sourceUserId !== alice.id || targetUserId !== carol.id
      ),
    );
    await world.share();
    assert.equal(await saidBy(carol.id, seen), await saidBy(bob.id, known));
    await change(alice.id, dora, sql`"birthDate" = NULL, color = NULL`);
    await world.share();
    assert.deepEqual(await both(), ['Aunt Dora, hidden', 'Aunt Dora, 1950-03-04, #040506, hidden']);
    await assertAtRest(world);
  });

  Deno.test(`${release}: one source goes to two targets, each with files of its own`, async () => {
    await using world = await World.open(release);
    world.setJobs([...jobsOf(world.library, 'bob'), ...jobsOf(world.library, 'carol')]);
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
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

/** Whom a user knows a person of somebody else's as. */
async function mirrorOfPerson({ sql, library }: World, person: string, target: 'bob' | 'carol'): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    SELECT mirror_person_id AS id
    FROM immich_sidecar.person_map
    WHERE origin_person_id = ${person} AND target_user_id = ${library.users[target].id}`;
  assert.ok(row, `${target} does not know them`);
  return row.id;
}

/** One more cycle changes nothing. */
async function assertAtRest(world: World): Promise<void> {
  const before = await digestTables(world.sql);
  await world.share();
  assert.deepEqual(await digestTables(world.sql), before);
}

Deno.test("a job over a directory in which mirrors lie shares what is its owner's own there, and no mirror", async () => {
  await using world = await World.open('v3.1.0');
  const { bob } = world.library.users;
  await world.share();
  const [onward] = jobsOf(world.library, 'carol');
  assert.ok(onward);
  const name = 'mirrors of bob to carol';
  const prefix = '/external_library/bob_shared/';
  world.setJobs([...world.config.jobs, { ...onward, name, sourceUserId: bob.id, sourcePathPrefix: prefix }]);
  const [first] = (await world.share()).jobs.filter(({ job }) => job === name);
  assert.deepEqual([first?.created, first?.problems], [0, []]);

  // A photo of his own beside them, in the same library.
  const [mirror] = await world.someMirrored();
  const local = await world.localMirrorPath(mirror);
  await Deno.copyFile(local, world.local(`${prefix}own.jpg`));
  const own = await copyAsset(world, await world.mirrorOfId(mirror), `${prefix}own.jpg`);
  const [second] = (await world.share()).jobs.filter(({ job }) => job === name);
  assert.equal(second?.created, 1);
  const shared = await world.sql<{ id: string }[]>`
    SELECT source_asset_id AS id FROM immich_sidecar.asset_map WHERE target_user_id = ${world.library.users.carol.id}`;
  assert.deepEqual(shared.map(({ id }) => id), [own]);
  await assertAtRest(world);
});

/** Another asset with the same owner, library and content, of which Immich has made everything. Returns its id. */
async function copyAsset({ sql }: World, id: string, path: string): Promise<string> {
  const own = crypto.randomUUID();
  const copyRow = async (table: string, key: string, changes: Record<string, unknown>) => {
    const [row] = await sql`SELECT * FROM ${sql(table)} WHERE ${sql(key)} = ${id} LIMIT 1`;
    assert.ok(row, table);
    const generated = ['updateId', 'updatedAt', 'createId'];
    const kept = Object.entries(row).filter(([column]) => !generated.includes(column));
    await sql`INSERT INTO ${sql(table)} ${sql({ ...Object.fromEntries(kept), [key]: own, ...changes })}`;
  };
  await copyRow('asset', 'id', { originalPath: path, checksum: new TextEncoder().encode(own), stackId: null });
  await copyRow('asset_exif', 'assetId', {});
  await copyRow('asset_job_status', 'assetId', {});
  await sql`
    INSERT INTO smart_search ("assetId", embedding)
    SELECT ${own}, embedding FROM smart_search WHERE "assetId" = ${id}`;
  const files = await sql<{ type: string; path: string }[]>`
    SELECT type, path FROM asset_file WHERE "assetId" = ${id} AND type IN ('preview', 'thumbnail')`;
  for (const file of files) {
    await sql`INSERT INTO asset_file ("assetId", type, path) VALUES (${own}, ${file.type}, ${file.path})`;
  }
  return own;
}
