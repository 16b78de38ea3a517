import assert from 'node:assert/strict';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { snapshotOf } from './snapshot.ts';
import { World } from './world.ts';

for (const release of ['v3.1.0', 'v3.3.0'] as const) {
  Deno.test(`${release}: match_people maps to the only visible person of exactly that name, and to nobody else; unshare leaves them as they were`, async () => {
    await using world = await World.open(release);
    const { sql, library, people: { personKey, faceKey } } = world;
    const bob = library.users.bob.id;
    const dora = library.people['bob/dora'].id;
    await sql`UPDATE person SET name = 'Dora Example' WHERE ${sql(personKey)} = ${dora} AND "ownerId" = ${bob}`;
    // Of two nobody knows which one is meant, whom somebody hides stays hidden, and a name is one to the letter.
    for (const name of ['Grandma', 'Grandma', 'Gustav', 'emil, jr.']) await world.insertPerson('bob', name);
    await sql`UPDATE person SET "isHidden" = true WHERE name = 'Gustav' AND "ownerId" = ${bob}`;
    const before = await snapshotOf(world);
    const row = async () => {
      const [found] = await sql`SELECT p.*, p.xmin FROM person p WHERE ${
        sql(personKey)
      } = ${dora} AND "ownerId" = ${bob}`;
      return { ...found };
    };
    const untouched = await row();

    world.setJobs(world.config.jobs.map((job) => ({ ...job, matchPeople: 'name' })));
    await world.share();
    const count = async (name: string) => (await world.namesOf('bob')).filter((known) => known === name).length;
    assert.deepEqual(
      [await count('Dora Example'), await count('Grandma'), await count('Gustav'), await count('Emil, Jr.')],
      [1, 3, 2, 1],
    );
    assert.deepEqual(await row(), untouched, 'nothing is written about somebody who is Bob’s');
    const portrait = await world.mirrorOf('family/portrait') ?? '';
    assert.ok((await world.facesOn(portrait)).includes('Dora Example'));
    const [face] = await sql`SELECT ${sql(faceKey)} AS person FROM asset_face WHERE "assetId" = ${portrait}`;
    assert.equal(face?.['person'], dora);

    // They stay who they are, whatever either of them calls them later.
    await sql`UPDATE person SET name = 'Theodora' WHERE name = 'Dora Example' AND "ownerId" = ${library.users.alice.id}`;
    await world.share();
    assert.deepEqual(await row(), untouched);
    await sql`UPDATE person SET name = 'Dora Example' WHERE name = 'Theodora'`;

    const again = await world.share();
    assert.ok(again.jobs.every(({ created }) => created === 0));
    await world.apply(async (tools, view) =>
      await applyUnshare(
        tools,
        await planUnshare(tools.database.sql, view, { job: undefined, targetUserId: undefined }),
        () => {},
      )
    );
    assert.deepEqual(await snapshotOf(world), before);
  });
}

Deno.test('match_people: two people of two sources are never one of the target’s, and without it there are two of one name', async () => {
  await using world = await World.open('v3.1.0');
  const { sql, library } = world;
  const bob = library.users.bob.id;
  await sql`UPDATE person SET name = 'Dora Example' WHERE id = ${library.people['bob/dora'].id}`;
  await world.share();
  assert.equal((await world.namesOf('bob')).filter((name) => name === 'Dora Example').length, 2);
  // Who is there already stays who they are.
  world.setJobs(world.config.jobs.map((job) => ({ ...job, matchPeople: 'name' })));
  await world.share();
  assert.equal((await world.namesOf('bob')).filter((name) => name === 'Dora Example').length, 2);
  const twice = await sql`
    SELECT mirror_person_id FROM immich_sidecar.person_map WHERE target_user_id = ${bob} GROUP BY 1 HAVING count(*) > 1`;
  assert.deepEqual([...twice], []);
});
