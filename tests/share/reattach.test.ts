import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: after a folder was renamed the target has each photo once, with all they have done to it`, async () => {
    await using world = await World.open(release);
    await using engine = await Engine.start(world.config);
    await engine.cycle();
    const { sql } = world;
    const before = await mirrors(world);
    assert.ok(before.length > 10);
    const portrait = await world.mirrorOf('family/portrait') ?? '';
    await sql`UPDATE asset SET "isFavorite" = true WHERE id = ${portrait}`;
    // As Immich does it when somebody edits: what is not locked is taken for the result of an extraction.
    await sql`
      UPDATE asset_exif SET description = 'Bob says', "lockedProperties" = '{description}' WHERE "assetId" = ${portrait}`;
    const people = await world.facesOn(portrait);
    const albums = await albumsOf(world, portrait);
    assert.ok(people.length > 0 && albums.length > 0);

    const renamed = await renameFamily(world);
    const report = await engine.cycle();
    assert.equal(report.scope, 'changes');
    assert.deepEqual(
      [report.jobs[0]?.reattached, report.jobs[0]?.created, report.jobs[0]?.withdrawn, report.complete],
      [before.length, 0, {}, true],
    );
    const after = await mirrors(world);
    assert.deepEqual(after.map(({ id }) => id), before.map(({ id }) => id));
    for (const mirror of after) {
      const source = renamed.get(before.find(({ id }) => id === mirror.id)?.source ?? '');
      assert.equal(mirror.source, source?.id);
      assert.ok(mirror.path.includes('/renamed/'), mirror.path);
      assert.equal(Deno.lstatSync(world.local(mirror.path)).ino, Deno.lstatSync(world.local(source?.path ?? '')).ino);
    }
    const [row] = await sql`
      SELECT a."isFavorite" AS liked, e.description
      FROM asset a JOIN asset_exif e ON e."assetId" = a.id WHERE a.id = ${portrait}`;
    assert.deepEqual(row, { liked: true, description: 'Bob says' });
    assert.deepEqual([await world.facesOn(portrait), await albumsOf(world, portrait)], [people, albums]);
    await sql`UPDATE asset SET "isFavorite" = false WHERE id = ${portrait}`;
    await sql`
      UPDATE asset_exif SET "lockedProperties" = NULL, description = (SELECT e.description FROM asset_exif e WHERE e."assetId" = ${
      (await mirrors(world)).find(({ id }) => id === portrait)?.source ?? ''
    }) WHERE "assetId" = ${portrait}`;
    await engine.cycle();
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
}

Deno.test('a face that the target has given to somebody else stays so when its photo is moved', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const mirror = await world.mirrorOf('family/portrait') ?? '';
  const zoe = await world.insertPerson('bob', 'Zoe');
  await world.sql`UPDATE asset_face SET "personId" = ${zoe} WHERE "assetId" = ${mirror}`;
  const people = await world.facesOn(mirror);
  assert.ok(people.includes('Zoe'));
  await renameFamily(world);
  await world.share();
  assert.deepEqual(await world.facesOn(mirror), people);
  const before = [await digestTables(world.sql), listFiles(world.directory)];
  await world.share();
  assert.deepEqual(
    [await digestTables(world.sql), listFiles(world.directory)],
    before,
    'running again changes nothing',
  );
});

Deno.test('a second name of a file whose photo is there is a photo of its own', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const mirror = await world.mirrorOf('family/portrait');
  const { id } = await importAgain(world, world.id('family/portrait'), (path) => path.replace('portrait', 'copy'));
  const report = await world.share();
  assert.deepEqual([report.jobs[0]?.reattached, report.jobs[0]?.created], [0, 1]);
  assert.equal(await world.mirrorOf('family/portrait'), mirror);
  assert.notEqual(await world.mirrorOfId(id), mirror);
});

for (const state of [`visibility = 'locked'`, `status = 'trashed'`] as const) {
  Deno.test(`the mirror of an offline photo goes when it is ${state}, and the same file under another name gets a new one`, async () => {
    await using world = await World.open('v3.1.0');
    await world.share();
    const former = world.id('family/portrait');
    const mirror = await world.mirrorOf('family/portrait');
    const { id } = await importAgain(world, former, (path) => path.replace('portrait', 'copy'));
    await world.sql.unsafe(`UPDATE asset SET "isOffline" = true, "deletedAt" = now(), ${state} WHERE id = '${former}'`);
    const report = await world.share();
    assert.deepEqual([report.jobs[0]?.reattached, report.jobs[0]?.created], [0, 1]);
    assert.equal(await world.mirrorOf('family/portrait'), undefined);
    assert.notEqual(await world.mirrorOfId(id), mirror);
  });
}

Deno.test('a library that was removed and made again gets its mirrors back while the brake holds them, and lets it go', async () => {
  await using world = await World.open('v3.1.0');
  world.config = { ...world.config, brake: { percent: 0, minimum: 0 } };
  await world.share();
  const { sql } = world;
  const [former, mirror] = [world.id('family/wedding'), await world.mirrorOf('family/wedding')];
  await sql`DELETE FROM asset_face WHERE "assetId" = ${former}`;
  const { id, path } = await importAgain(world, former, (path) => path.replace('wedding', 'aside'));
  const [row] = await sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${former}`;
  await sql`UPDATE asset SET visibility = 'hidden' WHERE id = ${id}`; // Immich has not imported it yet
  await sql`DELETE FROM asset WHERE id = ${former}`;
  assert.equal((await world.share()).brakes.length, 1);
  await Deno.remove(world.local(path));
  await sql`UPDATE asset SET visibility = 'timeline', "originalPath" = ${row?.path ?? ''} WHERE id = ${id}`;
  const report = await world.share();
  assert.deepEqual([report.brakes, report.jobs[0]?.reattached, report.complete], [[], 1, true]);
  assert.equal(await world.mirrorOfId(id), mirror);
});

Deno.test('a folder that is found under another name while the brake holds its photos gives each its mirror, and nobody sees one twice', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const before = await mirrors(world);
  const { sql } = world;
  const former = before.map(({ source }) => source);
  await sql`
    UPDATE asset SET "isOffline" = true, "deletedAt" = now() - interval '25 hours' WHERE id = ANY (${former}::uuid[])`;
  assert.equal((await world.share()).brakes[0]?.mirrors, before.length);
  await sql`UPDATE asset SET "isOffline" = false, "deletedAt" = NULL WHERE id = ANY (${former}::uuid[])`;
  await renameFamily(world, '25 hours');
  const report = await world.share();
  const { reattached, created, withdrawn } = report.jobs[0] ?? {};
  assert.deepEqual([reattached, created, withdrawn, report.brakes], [before.length, 0, {}, []]);
  assert.deepEqual((await mirrors(world)).map(({ id }) => id), before.map(({ id }) => id));
});

interface MirrorRow {
  readonly id: string;
  readonly source: string;
  readonly path: string;
}

async function mirrors({ sql }: World): Promise<MirrorRow[]> {
  return await sql<MirrorRow[]>`
    SELECT a.id, m.source_asset_id AS source, a."originalPath" AS path
    FROM immich_sidecar.asset_map m JOIN asset a ON a.id = m.mirror_asset_id
    WHERE m.job_name = 'family to bob'
    ORDER BY a.id`;
}

async function albumsOf({ sql, db: { release } }: World, mirror: string): Promise<unknown[]> {
  const [album, asset] = release < 'v2.2' ? ['albumsId', 'assetsId'] : ['albumId', 'assetId'];
  return await sql<{ album: string }[]>`SELECT ${sql(album ?? '')} AS album FROM album_asset WHERE ${
    sql(asset ?? '')
  } = ${mirror}`;
}

/** What a scan of Immich makes of a folder that its owner has renamed. Returns the new photos by the ids of the old ones. */
async function renameFamily(world: World, since = '0 hours'): Promise<Map<string, { id: string; path: string }>> {
  const { sql } = world;
  const sources = await sql<{ id: string; motion: string | null }[]>`
    SELECT a.id, a."livePhotoVideoId" AS motion
    FROM immich_sidecar.asset_map m JOIN asset a ON a.id = m.source_asset_id
    WHERE m.job_name = 'family to bob'
    ORDER BY a.id`;
  const renamed = new Map<string, { id: string; path: string }>();
  for (const { id } of sources) {
    renamed.set(id, await importAgain(world, id, (path) => path.replace('/family/', '/family/renamed/')));
    const [row] = await sql<{ path: string }[]>`
      UPDATE asset SET "isOffline" = true, "deletedAt" = now() - ${since}::interval, "stackId" = NULL
      WHERE id = ${id} RETURNING "originalPath" AS path`;
    await Deno.remove(world.local(row?.path ?? ''));
  }
  for (const { id, motion } of sources) {
    if (motion === null) continue;
    await sql`
      UPDATE asset SET "livePhotoVideoId" = ${renamed.get(motion)?.id ?? null} WHERE id = ${renamed.get(id)?.id ?? ''}`;
    await sql`UPDATE asset SET "livePhotoVideoId" = NULL WHERE id = ${id}`;
  }
  return renamed;
}

/** Gives the file of a photo another name, which Immich imports and processes. */
async function importAgain(world: World, id: string, rename: (path: string) => string) {
  const { sql } = world;
  const [row] = await sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  const [path, renewed] = [rename(row?.path ?? ''), crypto.randomUUID()];
  await Deno.mkdir(dirname(world.local(path)), { recursive: true });
  await Deno.link(world.local(row?.path ?? ''), world.local(path));
  const copy = (table: string, where: string, changes: string) =>
    sql.unsafe(
      `INSERT INTO ${table}
       SELECT (jsonb_populate_record(t, jsonb_build_object('updateId', immich_uuid_v7(), ${changes}))).* FROM ${table} t WHERE ${where}`,
    );
  await copy(
    'asset',
    `id = '${id}'`,
    `'id', '${renewed}', 'originalPath', '${path.replaceAll("'", "''")}', 'checksum', '\\x' || md5('${renewed}'),
     'livePhotoVideoId', NULL, 'stackId', NULL`,
  );
  const existing = new Set(
    (await sql<{ name: string }[]>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`).map((
      { name },
    ) => name),
  );
  const byAsset = [
    'asset_exif',
    'asset_job_status',
    'smart_search',
    'ocr_search',
    'asset_video',
    'asset_audio',
    'asset_keyframe',
  ];
  for (const table of byAsset.filter((table) => existing.has(table))) {
    await copy(table, `"assetId" = '${id}'`, `'assetId', '${renewed}'`);
  }
  for (const table of ['asset_file', 'asset_edit', 'asset_ocr', 'asset_face'].filter((table) => existing.has(table))) {
    const ids = await sql.unsafe<{ id: string }[]>(`SELECT id FROM ${table} WHERE "assetId" = '${id}' ORDER BY id`);
    for (const { id: one } of ids) {
      const copied = crypto.randomUUID();
      await copy(table, `id = '${one}'`, `'id', '${copied}', 'assetId', '${renewed}'`);
      if (table === 'asset_face') await copy('face_search', `"faceId" = '${one}'`, `'faceId', '${copied}'`);
    }
  }
  return { id: renewed, path };
}
