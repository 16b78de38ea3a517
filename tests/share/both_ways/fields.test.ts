import assert from 'node:assert/strict';
import { TWO_WAY_FIELDS } from '../../../src/config/two_way_fields.ts';
import { LOCKS } from '../../../src/immich/sidecar.ts';
import { editAsset, extractMetadata, writeSidecar } from '../../harness/immich_jobs/metadata.ts';
import { digestTables } from '../snapshot.ts';
import { tagsOfAsset } from '../tags_of.ts';
import {
  correctedBy,
  edit,
  locksOf,
  MEDIA,
  mirrorId,
  openTwoWays,
  PHOTO,
  said,
  TWO_WAY_RELEASES,
  TYPED,
} from './two_ways.ts';

for (const release of TWO_WAY_RELEASES) {
  for (const field of TWO_WAY_FIELDS) {
    Deno.test(`${release}: the ${field} that the receiver types reaches the original, stays there, and comes back as no echo`, async () => {
      await using world = await openTwoWays(release);
      const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
      const before = await said(world, source);
      const [since] = await world.sql<
        { id: string }[]
      >`SELECT "updateId" AS id FROM asset_exif WHERE "assetId" = ${source}`;
      await editAsset(world, mirror, TYPED[field]);
      assert.equal(await correctedBy(world.share({ isFull: false })), 1);
      const typed = await said(world, mirror);
      assert.deepEqual(await said(world, source), typed);
      assert.deepEqual({ ...typed, [field]: before[field] }, before, 'nothing but this field');
      assert.notDeepEqual(typed[field], before[field]);
      assert.deepEqual(
        await locksOf(world, source),
        [...LOCKS[field]].toSorted(),
        'as Immich locks what somebody types',
      );
      const [now] = await world.sql<
        { id: string }[]
      >`SELECT "updateId" AS id FROM asset_exif WHERE "assetId" = ${source}`;
      assert.ok(now && since && now.id > since.id, 'phones hear of it');

      // Immich goes on with what was typed, and then there is nothing left to do.
      await writeSidecar(world, mirror);
      await extractMetadata(world, mirror, MEDIA);
      await world.share({ isFull: false });
      const written = await said(world, mirror);
      assert.deepEqual(await said(world, source), written);
      await world.untilIdle();
      const tables = await digestTables(world.sql);
      assert.equal(await correctedBy(world.share()), 0);
      assert.deepEqual(await digestTables(world.sql), tables);

      // Immich looks at the files of both, in which that is not.
      await extractMetadata(world, source, MEDIA);
      await extractMetadata(world, mirror, MEDIA);
      await world.untilIdle();
      assert.deepEqual(await said(world, source), written, 'still there');
      assert.deepEqual(await said(world, mirror), written);
      if (field === 'tags') assert.deepEqual(await tagsOfAsset(world, mirror), await tagsOfAsset(world, source));

      // The original's owner has the last word, as before.
      await edit(world, source, { ...TYPED[field], description: 'last word', rating: 1 });
      await world.untilIdle();
      assert.deepEqual(await said(world, mirror), await said(world, source));
      assert.equal((await said(world, mirror)).description, 'last word');
    });
  }

  Deno.test(`${release}: what Immich extracts on a mirror is nobody's wish, and reaches no original`, async () => {
    await using world = await openTwoWays(release);
    const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
    await edit(world, source, { description: "Alice's words", rating: 4, latitude: 10.5, longitude: 20.5 });
    await world.untilIdle();
    const before = await said(world, source);
    await extractMetadata(world, mirror, {
      ...MEDIA,
      rating: 3,
      description: 'read from the file',
      latitude: 1,
      longitude: 2,
    });
    assert.equal(await correctedBy(world.share({ isFull: false })), 0);
    assert.deepEqual(await said(world, source), before);
    assert.deepEqual(await said(world, mirror), before);
  });

  Deno.test(`${release}: without both_ways no row of the original changes, whatever the receiver types`, async () => {
    await using world = await openTwoWays(release, { fields: [] });
    const mirror = await mirrorId(world);
    const rows = async () =>
      await world.sql`
        SELECT a.*, e.*
        FROM asset a
        JOIN asset_exif e ON e."assetId" = a.id
        WHERE a."ownerId" = ${world.library.users.alice.id}
        ORDER BY a.id`;
    const before = JSON.stringify(await rows());
    for (const field of TWO_WAY_FIELDS) await edit(world, mirror, TYPED[field]);
    await world.untilIdle();
    await world.share();
    assert.equal(JSON.stringify(await rows()), before);
  });
}
