import { describeProblem } from '../../src/problems/problem.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { jobsOf } from '../../src/demo/jobs.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { tellCounts } from './idle.ts';
import { redirected } from './redirected.ts';
import { World } from './world.ts';

Deno.test('files that were linked for rows that never came are removed at the next start, and nothing else is', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [tables, files] = [await digestTables(world.sql), listFiles(world.directory)];

  // What a kill between linking and copying leaves: a journal row and a file; and one between journal and linking: a row.
  const bob = world.library.users.bob.id;
  const [linked, planned] = [crypto.randomUUID(), crypto.randomUUID()];
  const keep = `/data/thumbs/${bob}`;
  const path = `${keep}/zz/yy/${linked}_preview.jpeg`;
  Deno.mkdirSync(world.local(`${keep}/zz/yy`), { recursive: true });
  const source = world.library.assets.find(({ key }) => key === 'family/portrait')?.localPath ?? '';
  Deno.linkSync(source, world.local(path));
  await world.sql`
    INSERT INTO immich_sidecar.link (mirror_id, path, keep)
    VALUES (${linked}, ${path}, ${keep}), (${planned}, ${`${keep}/zz/yy/${planned}_preview.jpeg`}, ${keep})`;

  const report = await world.share();
  assert.equal(report.settled, 2);
  const after = await digestTables(world.sql);
  assert.deepEqual({ ...after, 'immich_sidecar.run': '' }, { ...tables, 'immich_sidecar.run': '' });
  assert.deepEqual(listFiles(world.directory), files, 'with the directories that were made for it');
});

Deno.test('a mirror that cannot lose its files keeps its rows, is reported, and goes when they can', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const mirror = await world.mirrorOf('family/portrait') ?? '';
  const [preview] = await world.sql<{ path: string }[]>`
    SELECT path FROM asset_file WHERE "assetId" = ${mirror} AND type = 'preview'`;
  await world.sql`UPDATE asset SET visibility = 'archive' WHERE id = ${world.id('family/portrait')}`;
  {
    using _ = redirected(world.local(preview?.path ?? ''));
    const report = await world.share();
    assert.equal(report.complete, false);
    assert.match(
      report.jobs[0]?.problems.map(describeProblem).join() ?? '',
      /the next sync tries again: the path leads outside the configured directories/,
    );
    assert.equal(await world.mirrorOf('family/portrait'), mirror);
  }
  assert.equal((await world.share()).complete, true);
  assert.equal(await world.mirrorOf('family/portrait'), undefined);
});

Deno.test('everything can be withdrawn: without jobs for Bob his account and the disk are as before', async () => {
  await using world = await World.open('v3.1.0');
  const immich = (digests: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(digests).filter(([table]) => table.startsWith('public.') && !table.includes('_audit')),
    );
  const inodes = (files: Record<string, string>) => Object.keys(files).sort();
  const [tables, files] = [immich(await digestTables(world.sql)), inodes(listFiles(world.directory))];
  world.setJobs(world.config.jobs.map((job) => ({ ...job, albumId: undefined })));
  await world.share();
  world.setJobs(
    jobsOf(world.library, 'carol').map((job) => ({ ...job, sourcePathPrefix: '/external_library/alice/none/' })),
  );
  await world.share();
  assert.deepEqual(immich(await digestTables(world.sql)), tables);
  assert.deepEqual(inodes(listFiles(world.directory)), files);
});

/** While `work` goes on PostgreSQL refuses this to the journal of files. */
async function withoutJournal(world: World, what: 'INSERT' | 'DELETE', work: () => Promise<void>): Promise<void> {
  await world.sql.unsafe(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
    CREATE TRIGGER refuse BEFORE ${what} ON immich_sidecar.link FOR EACH ROW EXECUTE FUNCTION refuse();`);
  await work();
  await world.sql.unsafe('DROP TRIGGER refuse ON immich_sidecar.link; DROP FUNCTION refuse()');
}

Deno.test('no file is made before the journal knows of it: of a new photo, of a file that comes later, of a cover', async () => {
  await using world = await World.open('v3.1.0');
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  world.setJobs([uploads]);
  await world.share();
  const files = () =>
    Object.entries(listFiles(world.directory)).flatMap(([path, is]) => is.startsWith('f') ? [path] : []);

  const before = files();
  world.setJobs([family, uploads]);
  await withoutJournal(world, 'INSERT', async () => {
    await assert.rejects(world.share(), /not now/);
    assert.deepEqual(files(), before, 'new photos');
  });
  assert.equal((await world.share()).complete, true);

  // A sidecar comes beside a photo.
  const { sql } = world;
  const [photo] = await world.someMirrored();
  const [{ path } = assert.fail()] = await sql<
    { path: string }[]
  >`SELECT "originalPath" AS path FROM asset WHERE id = ${photo}`;
  await Deno.writeTextFile(world.local(`${path}.xmp`), '<x/>');
  await sql`DELETE FROM asset_file WHERE "assetId" = ${photo} AND type = 'sidecar'`;
  await sql`INSERT INTO asset_file ("assetId", type, path) VALUES (${photo}, 'sidecar', ${`${path}.xmp`})`;
  const isMadeOnlyThen = async (what: string, isInPlaceOfAnother = false) => {
    const then = files();
    const content = listFiles(world.directory);
    await withoutJournal(world, 'INSERT', async () => {
      await world.share().catch(() => {});
      assert.deepEqual(files(), then, what);
    });
    assert.equal((await world.share()).complete, true);
    assert.equal(files().length, then.length + (isInPlaceOfAnother ? 0 : 1), what);
    assert.notDeepEqual(listFiles(world.directory), content, what);
  };
  await isMadeOnlyThen('a sidecar');

  // Somebody gets a cover that Bob can see: until then he had one that was cut from a photo of his.
  const gustav = world.library.people['alice/gustav'].id;
  await sql`
    UPDATE person SET "faceAssetId" = (
      SELECT f.id FROM asset_face f JOIN immich_sidecar.asset_map m ON m.source_asset_id = f."assetId"
      WHERE f."personId" = ${gustav} LIMIT 1
    ) WHERE id = ${gustav}`;
  await isMadeOnlyThen('a cover', true);
});

Deno.test('a file goes before the journal forgets it: where PostgreSQL refuses that, the next cycle finds the row', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [photo] = await world.someMirrored();
  const [mirror, local] = [await world.mirrorOfId(photo), await world.localMirrorPath(photo)];
  const rows = () => world.sql`SELECT path FROM immich_sidecar.link WHERE mirror_id = ${mirror}`;
  await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${photo}`;
  const known = (await rows()).length;
  await withoutJournal(world, 'DELETE', async () => {
    assert.equal((await world.share()).complete, false);
    assert.deepEqual([existsSync(local), (await rows()).length], [false, known]);
  });
  assert.equal((await world.share()).complete, true);
  assert.deepEqual([
    (await rows()).length,
    await world.sql`SELECT FROM asset WHERE id = ${mirror}`.then((r) => r.length),
  ], [0, 0]);
});

Deno.test('what a killed first copy has left is looked up without reading the journal for each of its files', async () => {
  await using world = await World.open('v3.3.0');
  const { sql } = world;
  await world.share();
  const [mirror, keep] = [await world.mirrorOf('family/portrait') ?? '', `/data/thumbs/${world.library.users.bob.id}`];
  const LEFT = 1_500;
  await sql`
    INSERT INTO immich_sidecar.link (mirror_id, path, keep)
    SELECT CASE WHEN is_left THEN md5('left' || number % 10)::uuid ELSE ${mirror} END, ${keep} || '/zz/' || is_left || number, ${keep}
    FROM generate_series(1, ${LEFT}) AS number
    CROSS JOIN unnest('{true,false}'::boolean[]) AS is_left`;
  // With fewer mirrors than photos it expects none that are left.
  await sql`ANALYZE`;
  const rowsRead = async () => {
    await tellCounts(sql);
    const [row] = await sql<{ rows: number }[]>`
      SELECT seq_tup_read::float8 AS rows FROM pg_stat_user_tables WHERE relid = 'immich_sidecar.link'::regclass`;
    return row?.rows ?? 0;
  };
  const before = await rowsRead();
  assert.equal((await world.share()).settled, LEFT);
  const read = await rowsRead() - before;
  assert.ok(read < 100 * LEFT, `${read} rows of the journal were read for ${LEFT} files`);
});
