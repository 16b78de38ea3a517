import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

/** What a forced run of Immich's jobs does to mirrors, see docs/immich.md; `mirrors` are Bob's. */
const RUNS: readonly { readonly what: string; run(world: World): Promise<unknown> }[] = [
  {
    what: 'faces are detected again',
    run: async ({ sql, library, people: { faceKey } }) => {
      const bob = library.users.bob.id;
      await sql`
        DELETE FROM asset_face
        WHERE "sourceType" = 'machine-learning' AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${bob})`;
      await sql`
        INSERT INTO asset_face ("assetId", ${
        sql(faceKey)
      }, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
        SELECT mirror_asset_id, NULL, 100, 100, 50, 50 FROM immich_sidecar.asset_map WHERE target_user_id = ${bob}`;
    },
  },
  {
    what: 'faces are recognised again, and nobody is',
    run: ({ sql, library, people: { faceKey } }) =>
      sql`
        UPDATE asset_face SET ${sql(faceKey)} = NULL
        WHERE "sourceType" = 'machine-learning'
          AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${library.users.bob.id})`,
  },
  {
    what: 'faces are recognised again as people without a name',
    run: async (world) => {
      const { sql, library, people: { faceKey } } = world;
      const stranger = await world.insertPerson('bob', '');
      await sql`
        UPDATE asset_face SET ${sql(faceKey)} = ${stranger}
        WHERE "sourceType" = 'machine-learning'
          AND ${sql(faceKey)} IS NOT NULL
          AND "assetId" IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map WHERE target_user_id = ${library.users.bob.id})`;
    },
  },
  {
    what: 'smart search is computed again',
    run: ({ sql }) =>
      sql`DELETE FROM smart_search WHERE "assetId" IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map)`,
  },
  {
    what: 'metadata is extracted anew',
    run: ({ sql }) =>
      sql`
        UPDATE asset_exif SET "lensModel" = 'guessed', "exposureTime" = NULL
        WHERE "assetId" IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map)`,
  },
  {
    what: 'the rows that say what was done are lost',
    run: ({ sql }) =>
      sql`DELETE FROM asset_job_status WHERE "assetId" IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map)`,
  },
  {
    what: 'thumbnails of people are gone',
    run: async (world) => {
      const rows = await world.sql<{ path: string }[]>`
        SELECT path FROM immich_sidecar.link WHERE mirror_id IN (SELECT mirror_person_id FROM immich_sidecar.person_map)`;
      assert.ok(rows.length > 0);
      for (const { path } of rows) await Deno.remove(world.local(path)).catch(() => {});
    },
  },
];

for (const release of REPRESENTATIVE) {
  for (const { what, run } of RUNS) {
    Deno.test(`${release}: mirrors are whole again after ${what}`, async () => {
      await using world = await World.open(release);
      await world.share();
      const bobsPeople = await world.namesOf('bob');
      await run(world);
      await world.share();
      assert.deepEqual(await world.verify(verifyMirrors), []);
      assert.deepEqual(
        (await world.namesOf('bob')).filter((name) => name !== ''),
        bobsPeople.filter((name) => name !== ''),
      );
      const before = [await digestTables(world.sql), listFiles(world.directory)];
      await world.share();
      assert.deepEqual([await digestTables(world.sql), listFiles(world.directory)], before);
    });
  }
}

Deno.test('a cover that Alice changes in place does not show through at Bob’s before its photo is shared', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [row] = await world.sql<{ mine: string; theirs: string }[]>`
    SELECT origin."thumbnailPath" AS mine, mirror."thumbnailPath" AS theirs
    FROM immich_sidecar.person_map pm
    JOIN person origin ON origin.id = pm.origin_person_id
    JOIN person mirror ON mirror.id = pm.mirror_person_id
    WHERE mirror."thumbnailPath" <> '' AND pm.target_user_id = ${world.library.users.bob.id}`;
  assert.ok(row !== undefined);
  const before = await Deno.readFile(world.local(row.theirs));
  await Deno.writeFile(world.local(row.mine), new Uint8Array([1, 2, 3]));
  assert.deepEqual(await Deno.readFile(world.local(row.theirs)), before);
});
