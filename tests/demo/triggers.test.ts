/**
 * What Immich's triggers do, as measured on Immich's own functions; ours must do the same, or every other test of
 * what a share leaves behind would test something else.
 */
import assert from 'node:assert/strict';
import { openImmich, type Release, RELEASES, REPRESENTATIVE } from '../harness/database.ts';
import { ImmichRows } from './immich_rows.ts';

const V3: readonly Release[] = ['v3.0.0', 'v3.1.0', 'v3.2.0', 'v3.3.0'];
const GROUPS: readonly Release[] = ['v3.2.0', 'v3.3.0'];
const V3_WITHOUT_GROUPS: readonly Release[] = ['v3.0.0', 'v3.1.0'];
const EDITING: readonly Release[] = RELEASES.slice(RELEASES.indexOf('v2.5.0'));

function testOn(releases: readonly Release[], name: string, run: (rows: ImmichRows) => Promise<void>): void {
  for (const release of releases) {
    Deno.test(`${release}: ${name}`, async () => {
      const database = await openImmich(release);
      try {
        await run(await ImmichRows.in(database));
      } finally {
        await database.close();
      }
    });
  }
}

testOn(RELEASES, 'an UPDATE always gets a fresh updateId, an INSERT keeps its own', async (rows) => {
  const { sql } = rows;
  const mine = crypto.randomUUID();
  const asset = await rows.asset(await rows.user('alice'), { updateId: mine });
  assert.equal(await rows.updateIdOf('asset', asset), mine);

  await sql`UPDATE asset SET "originalFileName" = "originalFileName", "updateId" = ${mine} WHERE id = ${asset}`;
  const fresh = await rows.updateIdOf('asset', asset);
  assert.notEqual(fresh, mine);
  const age = Date.now() - parseInt(fresh.replace('-', '').slice(0, 12), 16);
  assert.ok(age >= 0 && age < 60_000, `${fresh} is ${age} ms old`);
});

testOn(RELEASES, 'child rows and album membership leave the parent untouched', async (rows) => {
  const { sql } = rows;
  const alice = await rows.user('alice');
  const asset = await rows.asset(alice);
  const album = await rows.album(alice);
  await rows.albumAsset(album, asset);
  const before = [await rows.updateIdOf('asset', asset), await rows.updateIdOf('album', album)];

  await rows.insert('asset_exif', { assetId: asset });
  await rows.insert('asset_file', { assetId: asset });
  await rows.face(asset);
  await sql`DELETE FROM album_asset`;
  assert.deepEqual([await rows.updateIdOf('asset', asset), await rows.updateIdOf('album', album)], before);
});

testOn(
  RELEASES,
  'deleting an asset is recorded once for it and its album, not for its faces and text',
  async (rows) => {
    const alice = await rows.user('alice');
    const asset = await rows.asset(alice);
    await rows.face(asset);
    if (rows.has('asset_ocr')) {
      for (const text of ['one', 'two']) {
        await rows.insert('asset_ocr', { assetId: asset, text });
      }
    }
    await rows.albumAsset(await rows.album(alice), asset);

    await rows.sql`DELETE FROM asset`;
    const ocr = rows.has('asset_ocr_audit') ? { asset_ocr_audit: 0 } : {};
    await rows.assertCounts({ asset_face: 0, asset_audit: 1, album_asset_audit: 1, asset_face_audit: 0, ...ocr });
  },
);

testOn(V3, 'text boxes that are deleted directly are recorded one by one', async (rows) => {
  const asset = await rows.asset(await rows.user('alice'));
  for (const text of ['one', 'two']) await rows.insert('asset_ocr', { assetId: asset, text });
  await rows.sql`DELETE FROM asset_ocr`;
  await rows.assertCounts({ asset_ocr_audit: 2 });
});

testOn(REPRESENTATIVE, 'assets that vanish with their library are recorded for the album only', async (rows) => {
  const alice = await rows.user('alice');
  const { id: libraryId } = await rows.insert('library', { ownerId: alice });
  await rows.albumAsset(await rows.album(alice), await rows.asset(alice, { libraryId }));
  await rows.sql`DELETE FROM library`;
  await rows.assertCounts({ asset: 0, asset_audit: 0, album_asset_audit: 1 });
});

testOn(V3, 'deleting an album is recorded for each member, not for its assets', async (rows) => {
  const alice = await rows.user('alice');
  const album = await rows.album(alice);
  await rows.member(album, await rows.user('bob'), 'editor');
  await rows.albumAsset(album, await rows.asset(alice));
  await rows.sql`DELETE FROM album`;
  await rows.assertCounts({ album_user: 0, album_audit: 2, album_user_audit: 2, album_asset_audit: 0 });
});

testOn(RELEASES, 'removing one member is recorded in both audit tables', async (rows) => {
  const album = await rows.album(await rows.user('alice'));
  const bob = await rows.user('bob');
  await rows.member(album, bob, 'viewer');
  await rows.sql`DELETE FROM album_user WHERE ${rows.sql(rows.key('album_user', 'userId'))} = ${bob}`;
  await rows.assertCounts({ album: 1, album_audit: 1, album_user_audit: 1 });
});

testOn(V3, 'deleting a user is recorded for the user, and for people only since v3.2', async (rows) => {
  const alice = await rows.user('alice');
  await rows.asset(alice);
  await rows.person(alice);
  await rows.sql`DELETE FROM "user"`;
  const people = rows.has('person_group') ? 1 : 0;
  await rows.assertCounts({ person: 0, user_audit: 1, asset_audit: 0, person_audit: people });
});

testOn(RELEASES, 'deleting a person bumps the updateId of its faces', async (rows) => {
  const { sql } = rows;
  const alice = await rows.user('alice');
  const person = await rows.person(alice);
  const face = await rows.face(await rows.asset(alice), person);
  const before = await rows.updateIdOf('asset_face', face);

  const people = rows.has('person_group') ? 'person_group' : 'person';
  await sql`DELETE FROM ${sql(people)} WHERE id = ${person}`;
  assert.notEqual(await rows.updateIdOf('asset_face', face), before);
  await rows.assertCounts({ asset_face: 1, person: 0, person_audit: 1 });
});

testOn(GROUPS, 'deleting a group of people is recorded for the group and its person', async (rows) => {
  await rows.person(await rows.user('alice'));
  await rows.sql`DELETE FROM person_group`;
  await rows.assertCounts({ person: 0, person_group_audit: 1, person_audit: 1 });
});

testOn(RELEASES, 'a new member touches the album, unless an owner is among the inserted since v3', async (rows) => {
  const alice = await rows.user('alice');
  const album = await rows.album(alice);
  const before = await rows.updateIdOf('album', album);
  await rows.member(album, await rows.user('bob'), 'editor');
  const touched = await rows.updateIdOf('album', album);
  assert.notEqual(touched, before);

  if (!rows.ownersAreMembers) return;
  const other = await rows.album(alice, { withoutOwner: true });
  const untouched = await rows.updateIdOf('album', other);
  await rows.member(other, alice, 'owner');
  assert.equal(await rows.updateIdOf('album', other), untouched);
});

testOn(GROUPS, 'an album that loses its last owner is deleted', async (rows) => {
  const album = await rows.album(await rows.user('alice'));
  await rows.member(album, await rows.user('bob'), 'editor');
  await rows.sql`DELETE FROM album_user WHERE role = 'editor'`;
  await rows.assertCounts({ album: 1 });
  await rows.sql`DELETE FROM album_user WHERE role = 'owner'`;
  await rows.assertCounts({ album: 0 });
});

testOn(V3_WITHOUT_GROUPS, 'deleting a user leaves an album without owner behind', async (rows) => {
  await rows.album(await rows.user('alice'));
  await rows.sql`DELETE FROM "user"`;
  await rows.assertCounts({ album: 1, album_user: 0 });
});

testOn(EDITING, 'edit rows maintain isEdited and bump the asset', async (rows) => {
  const { sql } = rows;
  const asset = await rows.asset(await rows.user('alice'));
  const before = await rows.updateIdOf('asset', asset);
  for (const sequence of [0, 1]) await rows.insert('asset_edit', { assetId: asset, action: 'crop', sequence });
  assert.notEqual(await rows.updateIdOf('asset', asset), before);
  const isEdited = async () => (await sql`SELECT "isEdited" FROM asset`)[0]?.['isEdited'];

  assert.equal(await isEdited(), true);
  await sql`DELETE FROM asset_edit WHERE sequence = 0`;
  assert.equal(await isEdited(), true);
  await sql`DELETE FROM asset_edit`;
  assert.equal(await isEdited(), false);
});

testOn(REPRESENTATIVE, 'the primary asset of a stack cannot be deleted before the stack', async (rows) => {
  const alice = await rows.user('alice');
  const asset = await rows.asset(alice);
  await rows.insert('stack', { ownerId: alice, primaryAssetId: asset });
  await assert.rejects(rows.sql`DELETE FROM asset`.execute(), { code: '23503' });
  await rows.sql`DELETE FROM stack`;
  await rows.sql`DELETE FROM asset`;
  await rows.assertCounts({ stack_audit: 1, asset_audit: 1 });
});

testOn(['v3.1.0'], 'session_replication_role = replica suppresses audit rows and cascades', async (rows) => {
  await rows.face(await rows.asset(await rows.user('alice')));
  await rows.sql.begin(async (tx) => {
    await tx`SET LOCAL session_replication_role = replica`;
    await tx`DELETE FROM asset`;
  });
  await rows.assertCounts({ asset: 0, asset_face: 1, asset_audit: 0 });
});
