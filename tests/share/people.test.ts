import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { World } from './world.ts';

interface Seen {
  readonly name: string;
  readonly isHidden: boolean;
  readonly birthDate: string | null;
  readonly color: string | null;
  readonly thumbnailPath: string;
  readonly faceAssetId: string | null;
}

async function mirrorOfPerson(world: World, key: 'alice/dora' | 'alice/gustav'): Promise<Seen | undefined> {
  const [row] = await world.sql<Seen[]>`
    SELECT p.name, p."isHidden", p."birthDate"::text, p.color, p."thumbnailPath", p."faceAssetId"
    FROM immich_sidecar.person_map pm
    JOIN person p
      ON p.${world.sql(world.people.personKey)} = pm.mirror_person_id
      AND p."ownerId" = pm.target_user_id
    WHERE pm.origin_person_id = ${world.library.people[key].id}
      AND pm.target_user_id = ${world.library.users.bob.id}`;
  return row;
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: name, visibility, birth date and colour follow; what the target changed is his`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const { personKey } = world.people;
    const dora = world.library.people['alice/dora'].id;
    const alice = world.library.users.alice.id;
    await sql`
      UPDATE person
      SET name = 'Dora E.', "isHidden" = true, "birthDate" = '1991-01-01', color = '#000000'
      WHERE ${sql(personKey)} = ${dora} AND "ownerId" = ${alice}`;
    await world.share();
    const { thumbnailPath: _, faceAssetId: __, ...followed } = await mirrorOfPerson(world, 'alice/dora') ?? {};
    assert.deepEqual(followed, { name: 'Dora E.', isHidden: true, birthDate: '1991-01-01', color: '#000000' });

    await sql`UPDATE person SET name = 'Mum' WHERE name = 'Dora E.' AND "ownerId" = ${world.library.users.bob.id}`;
    await sql`
      UPDATE person
      SET name = 'Theodora', "isHidden" = false
      WHERE ${sql(personKey)} = ${dora} AND "ownerId" = ${alice}`;
    await world.share();
    const mixed = await mirrorOfPerson(world, 'alice/dora');
    assert.deepEqual([mixed?.name, mixed?.isHidden], ['Mum', false], 'his name, the other field follows');
  });

  Deno.test(`${release}: a cover is shared only while the target can see its photo`, async () => {
    await using world = await World.open(release);
    await world.share();
    const { sql } = world;
    const gustav = await mirrorOfPerson(world, 'alice/gustav');
    assert.equal(gustav?.thumbnailPath, '', 'his cover shows a private photo');
    assert.ok(gustav?.faceAssetId, 'Immich makes a thumbnail from a face that Bob can see');
    const dora = await mirrorOfPerson(world, 'alice/dora');
    assert.ok(dora && Deno.lstatSync(world.local(dora.thumbnailPath)).isFile);

    await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
    await world.share();
    const without = await mirrorOfPerson(world, 'alice/dora');
    assert.equal(without?.thumbnailPath, '');
    assert.ok(without?.faceAssetId && without.faceAssetId !== dora.faceAssetId);
    assert.throws(() => Deno.lstatSync(world.local(dora.thumbnailPath)), Deno.errors.NotFound);
    assert.deepEqual(await world.verify(verifyMirrors), []);

    await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${world.id('family/portrait')}`;
    await world.share();
    assert.equal((await mirrorOfPerson(world, 'alice/dora'))?.thumbnailPath, dora.thumbnailPath);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });

  Deno.test(`${release}: nobody without a mirrored face reaches the target, and the last face takes the person along`, async () => {
    await using world = await World.open(release);
    await world.share();
    assert.ok(!(await world.namesOf('bob')).includes('Secret Friend'));
    assert.ok((await world.namesOf('bob')).includes('Neighbour'));
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/birthday')}`;
    await world.share();
    assert.ok(!(await world.namesOf('bob')).includes('Neighbour'));
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
}
