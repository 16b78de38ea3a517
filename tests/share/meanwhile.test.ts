import assert from 'node:assert/strict';
import { World } from './world.ts';

Deno.test('what happens while everything is looked at does not wait until that is done', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  // A photo on each page, and a look at what has happened after each.
  world.limits = { ...world.limits, mirrors: 1, meanwhileMs: 0 };
  const pages = await sql<{ source: string; mirror: string }[]>`
    SELECT m.source_asset_id AS source, m.mirror_asset_id AS mirror
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    WHERE a.type = 'IMAGE' AND a.visibility = 'timeline' AND a."livePhotoVideoId" IS NULL
    ORDER BY m.mirror_asset_id`;
  const [first, last] = [pages[0], pages.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing is shared');
  await sql`UPDATE asset_exif SET description = 'new' WHERE "assetId" = ANY (${
    pages.map(({ source }) => source)
  }::uuid[])`;
  // When the first page is written, the last photo is locked, and the first one described once more. When a page is written, somebody notes whether the last photo is still there.
  await sql.unsafe(`
    CREATE TABLE noted (number serial, page uuid, is_there boolean);
    CREATE FUNCTION happen() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO noted (page, is_there) SELECT NEW."assetId", EXISTS (SELECT FROM asset WHERE id = '${last.mirror}');
      UPDATE asset SET visibility = 'locked' WHERE id = '${last.source}' AND visibility <> 'locked';
      UPDATE asset_exif SET description = 'newer' WHERE "assetId" = '${first.source}' AND description = 'new';
      RETURN NEW;
    END $$`);
  await sql`
    CREATE TRIGGER happens BEFORE UPDATE OF description ON asset_exif
    FOR EACH ROW WHEN (NEW.description IN ('new', 'newer') AND pg_trigger_depth() = 0) EXECUTE FUNCTION happen()`;

  const report = await world.share();
  const noted = await sql<{ page: string; isThere: boolean }[]>`
    SELECT page, is_there AS "isThere" FROM noted WHERE page = ANY (${
    pages.map(({ mirror }) => mirror)
  }::uuid[]) ORDER BY number`;
  assert.ok(noted.length >= pages.length - 1, `${noted.length} pages`);
  assert.deepEqual([...new Set(noted.map(({ page }) => page))][0], first.mirror);
  assert.deepEqual(noted.filter(({ page }) => page === first.mirror).length, 2, 'it follows twice');
  assert.deepEqual(
    [noted[0]?.isThere, noted.at(-1)?.isThere],
    [true, false],
    'it is gone before all pages are written',
  );
  assert.deepEqual(report.jobs[0]?.withdrawn, { 'source-locked': 1 });
  const [described] = await sql`SELECT description FROM asset_exif WHERE "assetId" = ${first.mirror}`;
  assert.deepEqual(described, { description: 'newer' });
  await sql`DROP TRIGGER happens ON asset_exif`;
  assert.equal((await world.plan()).hasChanges, false);
});
