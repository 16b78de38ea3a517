import assert from 'node:assert/strict';
import { EXIT, RefusedError } from '../../src/errors.ts';
import { planSchema } from '../../src/immich/schema.ts';
import { readCatalog } from '../../src/immich/catalog.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

Deno.test('columns that nobody has seen are copied, and unknown tables and references are reported and left alone', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const { sql } = world;
  await sql.unsafe(`
    ALTER TABLE asset_exif ADD COLUMN mood text;
    ALTER TABLE asset ADD COLUMN "sharpness" integer NOT NULL DEFAULT 0;
    ALTER TABLE asset ALTER COLUMN "sharpness" DROP DEFAULT;
    ALTER TABLE asset_face ADD COLUMN "smile" real;
    ALTER TABLE person ADD COLUMN "nickname" text;
    CREATE TABLE asset_palette ("assetId" uuid PRIMARY KEY REFERENCES asset ON DELETE CASCADE, colour text);
    ALTER TABLE asset ADD COLUMN "paletteId" uuid REFERENCES asset_palette;
    INSERT INTO asset_palette SELECT id, 'red' FROM asset;
    UPDATE asset_exif SET mood = 'merry ' || "assetId";
    UPDATE asset SET sharpness = 7, "paletteId" = id;
    UPDATE asset_face SET smile = 0.5;
    UPDATE person SET nickname = 'the ' || name;
  `);
  const { notes } = planSchema(await readCatalog(sql));
  assert.equal(notes.length, 2);
  assert.match(notes.join(), /Column asset\.paletteId .*keeps its default/);
  assert.match(notes.join(), /Table asset_palette .*not copied/);

  const report = await world.share();
  assert.deepEqual(report.jobs.map((job) => job.problems), [[], []]);
  const [wrong] = await sql<{ mirrors: number; columns: number; palettes: number; people: number }[]>`
    SELECT
      count(*)::int AS mirrors,
      count(*) FILTER (
        WHERE e.mood IS DISTINCT FROM 'merry ' || m.source_asset_id
          OR a.sharpness <> 7
          OR a."paletteId" IS NOT NULL
      )::int AS columns,
      (SELECT count(*) FROM asset_palette p JOIN immich_sidecar.asset_map x ON x.mirror_asset_id = p."assetId")::int AS palettes,
      (
        SELECT count(*)
        FROM immich_sidecar.person_map pm
        JOIN person p ON p.id = pm.mirror_person_id
        WHERE p.nickname IS DISTINCT FROM 'the ' || p.name
      )::int AS people
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.mirror_asset_id
    JOIN asset_exif e ON e."assetId" = a.id`;
  assert.ok((wrong?.mirrors ?? 0) > 24);
  assert.deepEqual({ ...wrong, mirrors: 0 }, { mirrors: 0, columns: 0, palettes: 0, people: 0 });
});

const REFUSED: readonly { what: string; ddl: string; names: RegExp }[] = [
  {
    what: 'a needed column',
    ddl: 'ALTER TABLE asset DROP COLUMN visibility CASCADE',
    names: /column asset\.visibility/,
  },
  { what: 'a needed table', ddl: 'DROP TABLE face_search CASCADE', names: /table face_search/ },
  {
    what: 'a needed trigger',
    ddl: 'DROP TRIGGER "asset_updatedAt" ON asset',
    names: /BEFORE UPDATE trigger on asset /,
  },
  {
    what: 'a disabled trigger',
    ddl: 'ALTER TABLE asset DISABLE TRIGGER asset_delete_audit',
    names: /asset_delete_audit/,
  },
  {
    what: 'a needed unique index',
    ddl: 'DROP INDEX "asset_ownerId_libraryId_checksum_idx"',
    names: /unique index on asset\(checksum, libraryId, ownerId\)/,
  },
  {
    what: 'an unknown reference that cannot be left out',
    ddl: `
      CREATE TABLE series (id uuid PRIMARY KEY);
      INSERT INTO series VALUES ('00000000-0000-4000-8000-000000000001');
      ALTER TABLE asset ADD COLUMN "seriesId" uuid NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001' REFERENCES series;
      ALTER TABLE asset ALTER COLUMN "seriesId" DROP DEFAULT`,
    names: /column asset\.seriesId/,
  },
];

for (const { what, ddl, names } of REFUSED) {
  Deno.test(`without ${what} sharing refuses, names it and changes nothing`, async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    await world.sql.unsafe(ddl);
    const [tables, files] = [await digestTables(world.sql), listFiles(world.directory)];
    await assert.rejects(world.share(), (error) => {
      assert.ok(error instanceof RefusedError);
      assert.equal(error.exitCode, EXIT.refused);
      assert.match(error.message, names);
      return true;
    });
    assert.deepEqual(await digestTables(world.sql), tables, 'and no schema of ours has appeared');
    assert.deepEqual(listFiles(world.directory), files);
  });
}
