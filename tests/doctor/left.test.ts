/** What doctor says of mirrors, asked of real tables. */
import assert from 'node:assert/strict';
import { complaints, Ward } from './ward.ts';

Deno.test('a user joins the cluster group of another, and Immich recognises people who are shared as well: doctor proposes to merge them, and merges are followed', async () => {
  await using ward = await Ward.open({ release: 'v3.3.0' });
  const { world } = ward;
  const { sql } = world;
  const { alice, bob } = world.library.users;
  const dora = world.library.people['alice/dora'].id;
  assert.equal(complaints(await ward.examine(), 'mirrors.people'), '');
  // Joining: groups that nobody else is in move along. Then recognition, which searches the whole cluster group, finds Alice's Dora on a photo of Bob's.
  await sql`
    UPDATE person_group SET "clusterGroupId" = (SELECT "clusterGroupId" FROM "user" WHERE id = ${alice.id})
    WHERE id IN (SELECT "personGroupId" FROM person WHERE "ownerId" = ${bob.id})`;
  await sql`
    UPDATE "user" SET "clusterGroupId" = (SELECT "clusterGroupId" FROM "user" WHERE id = ${alice.id}) WHERE id = ${bob.id}`;
  await world.share();
  assert.equal(complaints(await ward.examine(), 'mirrors.people'), '', 'nobody is there twice yet');
  await sql`INSERT INTO person ("ownerId", "personGroupId", name) VALUES (${bob.id}, ${dora}, 'Dora Example')`;
  const [face] = await sql<{ id: string }[]>`
    INSERT INTO asset_face ("assetId", "personGroupId", "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
    SELECT id, ${dora}, 100, 100, 50, 50 FROM asset WHERE "ownerId" = ${bob.id} AND "isExternal" = false LIMIT 1
    RETURNING id`;
  assert.ok(face);
  await world.share();
  assert.match(
    complaints(await ward.examine(), 'mirrors.people'),
    /1 shared person is there twice \(such as Dora Example\).*cluster group[^]*merge/,
  );

  // As POST /people/merge does it for Bob: the faces on his photos move, and his row of the other group goes.
  const [shared] = await sql<{ id: string }[]>`
    SELECT mirror_person_id AS id FROM immich_sidecar.person_map
    WHERE origin_person_id = ${dora} AND target_user_id = ${bob.id}`;
  await sql`
    UPDATE asset_face SET "personGroupId" = ${dora}
    WHERE "personGroupId" = ${shared?.id ?? null} AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${bob.id})`;
  await sql`DELETE FROM person WHERE "personGroupId" = ${shared?.id ?? null} AND "ownerId" = ${bob.id}`;
  await world.share();
  assert.equal(complaints(await ward.examine(), 'mirrors.people'), '');
  assert.deepEqual(await world.facesOn(await world.mirrorOf('family/portrait')), ['Dora Example']);
  assert.deepEqual((await world.namesOf('bob')).filter((name) => name === 'Dora Example'), ['Dora Example']);
});

Deno.test('what is left of mirrors that are gone is found, and gone after a full cycle', async () => {
  await using ward = await Ward.open();
  const { world } = ward;
  const { sql } = world;
  const { bob } = world.library.users;
  assert.equal(complaints(await ward.examine({}, { isThorough: true }), 'mirrors.left'), '');
  // A person of ours without a face, a tag of ours that nothing has, and a link that no row names.
  const person = await world.insertPerson('bob', 'Nobody');
  await sql`
    INSERT INTO immich_sidecar.person_map (origin_person_id, origin_owner_id, target_user_id, mirror_person_id, is_ours)
    VALUES (gen_random_uuid(), ${world.library.users.alice.id}, ${bob.id}, ${person}, true)`;
  const [tag] = await sql<{ id: string }[]>`
    INSERT INTO tag ("userId", value) VALUES (${bob.id}, 'left') RETURNING id`;
  await sql`INSERT INTO immich_sidecar_tags.tag (tag_id, target_user_id, value) VALUES (${
    tag?.id ?? null
  }, ${bob.id}, 'left')`;
  const [upload] = await sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${await world.mirrorOf('uploads/cat') ?? null}`;
  const stray = `${upload?.path.slice(0, upload.path.lastIndexOf('/'))}/left.jpg`;
  Deno.linkSync(world.local(upload?.path ?? ''), world.local(stray));
  assert.match(complaints(await ward.examine(), 'mirrors.left'), /1 person to remove and 1 tag to remove\./);
  assert.match(
    complaints(await ward.examine({}, { isThorough: true }), 'mirrors.left'),
    /1 file of no shared photo to remove, 1 person to remove and 1 tag to remove\.[^]*sync --full/,
  );
  await world.share();
  assert.equal(complaints(await ward.examine({}, { isThorough: true }), 'mirrors.left'), '');
});
