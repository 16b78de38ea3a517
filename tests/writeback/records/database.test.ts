import assert from 'node:assert/strict';
import { RefusedError, UserError } from '../../../src/errors.ts';
import { databaseSource } from '../../../src/writeback/records/database.ts';
import { openEmpty, REPRESENTATIVE } from '../../harness/database.ts';
import { World } from '../../share/world.ts';
import { byId, itemsOf } from './helper.ts';

const EVERYBODY = { userIds: [], batchSize: 1_000 };

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a record has what the library was made of`, async () => {
    await using world = await World.open(release);
    const userIds = [world.library.users.alice.id];
    const source = await databaseSource(world.sql, { userIds, batchSize: 10 });
    const records = byId(await itemsOf(source));
    const { people, id } = { people: world.library.people, id: world.id('family/beach') };
    assert.deepEqual(records.get(id), {
      assetId: id,
      originalPath: '/external_library/alice/family/2023/beach.jpg',
      type: 'IMAGE',
      isExternal: true,
      isFavorite: true,
      isEdited: false,
      description: 'At the beach',
      capturedAt: {
        instant: '2023-07-14T13:30:00.000Z',
        timeZone: 'Europe/Paris',
        localDateTime: '2023-07-14T15:30:00.000',
      },
      position: { latitude: 43.6959, longitude: 7.27178 },
      rating: 5,
      storedSize: records.get(id)?.storedSize,
      orientation: 1,
      people: [
        { id: people['alice/dora'].id, name: 'Dora Example' },
        { id: people['alice/emil'].id, name: 'Emil, Jr.' },
      ],
      faces: records.get(id)?.faces,
      albums: ['Holiday, 2023'],
      tags: ['family/kids', 'holiday'],
    });
    const { width = 0, height = 0 } = records.get(id)?.storedSize ?? {};
    assert.deepEqual(records.get(id)?.faces?.map(({ personName, x1, y1 }) => [personName, x1, y1]), [
      ['Dora Example', Math.round(0.2 * width), Math.round(0.2 * height)],
      ['Emil, Jr.', Math.round(0.6 * width), Math.round(0.25 * height)],
    ]);
    assert.equal(await source.count({ fields: [] }), records.size);
    assert.match(source.describe(), /^the database of Immich \S+, photos of 1 user$/);
  });

  Deno.test(`${release}: everybody means every user who is there, and no asset twice whatever the page size`, async () => {
    await using world = await World.open(release);
    const idsOf = async (batchSize: number) =>
      (await itemsOf(await databaseSource(world.sql, { userIds: [], batchSize })))
        .map((item) => item.kind === 'record' && item.record.assetId);
    const all = await idsOf(1_000);
    assert.equal(new Set(all).size, all.length);
    for (const size of [1, 7, all.length]) assert.deepEqual(await idsOf(size), all);
    const expected = world.library.assets.filter(({ expected }) =>
      ['shared-external', 'shared-upload', 'private', 'archived', 'other-owner'].includes(expected)
    );
    for (const { id, key } of expected) assert.ok(all.includes(id), key);
    for (const { id, expected, key } of world.library.assets) {
      const isKept = ['locked', 'trashed', 'offline', 'hidden', 'motion-part'].includes(expected);
      if (isKept) assert.ok(!all.includes(id), key);
    }
    await world.sql`UPDATE "user" SET "deletedAt" = now() WHERE id = ${world.library.users.bob.id}`;
    const without = await idsOf(1_000);
    const bobs = world.library.assets.filter(({ ownerId }) => ownerId === world.library.users.bob.id);
    assert.deepEqual(without, all.filter((id) => !bobs.some((asset) => asset.id === id)));
  });

  Deno.test(`${release}: since sees changes of an asset, its data, its faces, their people and its albums`, async () => {
    await using world = await World.open(release);
    const source = await databaseSource(world.sql, EVERYBODY);
    const { personKey } = world.people;
    const [{ now } = { now: new Date() }] = await world.sql<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
    const since = new Date(now.getTime() + 1);
    const changedBy = async (change: () => Promise<unknown>) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await change();
      const ids = [...byId(await itemsOf(source, { since })).keys()];
      assert.equal(await source.count({ fields: [], since }), ids.length);
      return world.library.assets.filter(({ id }) => ids.includes(id)).map(({ key }) => key).sort();
    };
    const { sql } = world;
    assert.deepEqual(await changedBy(() => Promise.resolve()), []);
    const clip = world.id('family/clip');
    assert.deepEqual(await changedBy(() => sql`UPDATE asset SET "isFavorite" = true WHERE id = ${clip}`), [
      'family/clip',
    ]);
    const raw = world.id('family/raw');
    assert.deepEqual(
      await changedBy(() => sql`UPDATE asset_exif SET description = 'x' WHERE "assetId" = ${raw}`),
      ['family/clip', 'family/raw'],
    );
    const grandma = world.library.people['alice/grandma'].id;
    const named = await changedBy(() => sql`UPDATE person SET name = 'Nan' WHERE ${sql(personKey)} = ${grandma}`);
    assert.deepEqual(named, ['family/birthday', 'family/clip', 'family/raw', 'family/wedding']);
    const picnic = world.id('family/picnic');
    const seen = await changedBy(() =>
      sql`UPDATE asset_face SET "imageWidth" = "imageWidth" WHERE "assetId" = ${picnic}`
    );
    assert.ok(seen.includes('family/picnic'));
    const { fromAlice } = world.library.albums;
    const before = new Set(seen);
    const inAlbum = await changedBy(() => sql`UPDATE album SET "albumName" = 'New' WHERE id = ${fromAlice.id}`);
    assert.deepEqual(
      inAlbum.filter((key) => !before.has(key)),
      [...fromAlice.assets].filter((key) => !before.has(key)).sort(),
    );
  });
}

Deno.test('a database that lacks what records are made of is refused by name, and one that is not Immich told as such', async () => {
  await using world = await World.open('v3.1.0');
  await world.sql`ALTER TABLE asset_exif RENAME COLUMN description TO caption`;
  await assert.rejects(databaseSource(world.sql, EVERYBODY), (error) => {
    assert.ok(error instanceof RefusedError);
    assert.match(error.message, /column asset_exif\.description is missing\.$/);
    return true;
  });
  const empty = await openEmpty();
  try {
    await assert.rejects(databaseSource(empty.sql, EVERYBODY), /is not an Immich database/);
  } finally {
    await empty.close();
  }
});

Deno.test('a user who is not there is told as such', async () => {
  await using world = await World.open('v3.1.0');
  const unknown = '00000000-0000-4000-8000-000000000000';
  await assert.rejects(
    databaseSource(world.sql, { userIds: [world.library.users.bob.id, unknown], batchSize: 10 }),
    (error) => error instanceof UserError && error.message === `There is no user ${unknown} in the database of Immich.`,
  );
});

Deno.test('reading changes nothing', async () => {
  await using world = await World.open('v3.1.0');
  const digest = async () => await world.sql`SELECT md5(string_agg(a::text, '' ORDER BY a.id)) AS assets FROM asset a`;
  const before = await digest();
  await itemsOf(await databaseSource(world.sql, EVERYBODY));
  assert.deepEqual(await digest(), before);
});
