import assert from 'node:assert/strict';
import type { AssetRecord } from '../../../src/writeback/fields/record.ts';
import { databaseSource } from '../../../src/writeback/records/database.ts';
import { sharingByMap } from '../../../src/writeback/records/sharing.ts';
import { RELEASES } from '../../harness/database.ts';
import { libraryFromDatabase } from '../../harness/fake_immich/from_database.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { World } from '../../share/world.ts';
import { byId, itemsOf, sourceOf } from './helper.ts';

for (const release of RELEASES) {
  Deno.test(`${release}: the API and the database tell the same, mirrors included`, async () => {
    await using world = await World.open(release);
    await world.share();
    for (const user of ['alice', 'bob', 'carol'] as const) {
      const userId = world.library.users[user].id;
      const library = await libraryFromDatabase(world.sql, userId);
      await using fake = new FakeImmich({ dialect: release < 'v3' ? '2.7.5' : '3.1.0', library });
      const fromApi = await itemsOf(await sourceOf(fake, { batchSize: 7, findSharing: await sharingByMap(world.sql) }));
      const fromDatabase = await itemsOf(await databaseSource(world.sql, { userIds: [userId], batchSize: 7 }));
      const mirrors = (items: typeof fromApi) => items.filter(({ kind }) => kind === 'mirror').length;
      assert.equal(mirrors(fromApi), mirrors(fromDatabase));
      assert.equal(mirrors(fromApi) > 0, user === 'bob');
      const [api, database] = [byId(fromApi), byId(fromDatabase)];
      assert.deepEqual([...api.keys()].sort(), [...database.keys()].sort());
      assert.ok(api.size > 0);
      for (const [id, record] of api) {
        const other = database.get(id);
        if (record.isEdited && release >= 'v3') assertFacesNear(record, other);
        else assert.deepEqual(record, other);
      }
    }
  });
}

/** From 3.0 the API tells faces of edited pictures in whole pixels of the edited one: up to a pixel is lost. */
function assertFacesNear(record: AssetRecord, other: AssetRecord | undefined): void {
  assert.deepEqual({ ...record, faces: [] }, { ...other, faces: [] });
  const [faces, others] = [record.faces ?? [], other?.faces ?? []];
  assert.equal(faces.length, others.length);
  for (const [index, face] of faces.entries()) {
    const exact = others[index];
    assert.equal(face.personName, exact?.personName);
    for (
      const [side, length] of [['x1', 'imageWidth'], ['x2', 'imageWidth'], ['y1', 'imageHeight'], [
        'y2',
        'imageHeight',
      ]] as const
    ) {
      const pixels = Math.abs(face[side] / face[length] - (exact?.[side] ?? NaN) / (exact?.[length] ?? NaN)) *
        face[length];
      assert.ok(pixels <= 1.001, `${side} is ${pixels} pixels off`);
    }
  }
}
