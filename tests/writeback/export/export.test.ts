/** `export`: everything out of Immich, and nothing of anybody else's touched. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { exportLibrary, type ExportOptions } from '../../../src/writeback/export/export.ts';
import { exportPlaceOf, fitName } from '../../../src/writeback/export/layout.ts';
import type { ExportReport } from '../../../src/writeback/export/report.ts';
import { World } from '../../share/world.ts';
import { configOf, filesBelow, fingerprints, libraryFiles, SILENT, tagsOf } from '../run/helper.ts';

async function run(world: World, options: Partial<ExportOptions> = {}): Promise<ExportReport> {
  return await exportLibrary(configOf(world), {
    ...{ directory: `${world.directory}/export`, isUpdate: false, includesLocked: false, isCopy: false },
    ...{ signal: new AbortController().signal, progress: SILENT },
    ...options,
  });
}

interface Listed {
  readonly path: string;
  readonly kind: string;
  readonly assetId: string;
  readonly sha256?: string;
  readonly linksTo?: string;
}

function manifestOf(directory: string): Listed[] {
  return JSON.parse(Deno.readTextFileSync(`${directory}/manifest.json`));
}

/** Paths below a directory, without what the export keeps for itself. */
function shown(directory: string): string[] {
  return filesBelow(directory).map((path) => path.slice(directory.length + 1))
    .filter((path) => !path.startsWith('.immich-sidecar') && !path.startsWith('manifest.'));
}

Deno.test('an export has every original, complete sidecars, albums and people, and follows Immich', async (t) => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  const directory = `${world.directory}/export`;
  const before = fingerprints(libraryFiles(world));
  const [beach, cat] = [world.id('family/beach'), world.id('uploads/cat')];
  const first = await run(world);
  const listed = manifestOf(directory);
  const of = (assetId: string, kind: string) => listed.filter((one) => one.assetId === assetId && one.kind === kind);

  await t.step('all of them, once: no mirror, nothing locked', async () => {
    const rows = await sql<{ id: string }[]>`
      SELECT a.id
      FROM asset a
      JOIN asset_exif e ON e."assetId" = a.id
      WHERE a.visibility IN ('timeline', 'archive') AND a."deletedAt" IS NULL AND NOT a."isOffline" AND a.status = 'active'
        AND a.type IN ('IMAGE', 'VIDEO')
        AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = a.id)`;
    const originals = listed.filter(({ kind }) => kind === 'original').map(({ assetId }) => assetId);
    assert.deepEqual(originals.toSorted(), rows.map(({ id }) => id).toSorted(), JSON.stringify(first.troubles));
    assert.ok(first.mirrors > 0);
    assert.deepEqual(shown(directory), listed.map(({ path }) => path).toSorted());
  });

  await t.step('bytes and checksums are those of the originals, which are as they were', () => {
    for (const { path, sha256, kind } of listed) {
      if (kind === 'link') continue;
      const digest = createHash('sha256').update(Deno.readFileSync(`${directory}/${path}`)).digest('hex');
      assert.equal(digest, sha256, path);
    }
    const [original] = of(beach, 'original');
    const { localPath } = assetOf(world.library, 'family/beach');
    assert.equal(Deno.statSync(`${directory}/${original?.path}`).ino, Deno.statSync(localPath).ino, 'a hard link');
    assert.deepEqual(fingerprints(libraryFiles(world)), before);
    const csv = Deno.readTextFileSync(`${directory}/manifest.csv`).trimEnd().split('\r\n');
    assert.equal(csv.length, listed.length + 1);
  });

  await t.step('by the day and under the names that Immich shows, with links in albums and people', async () => {
    const [original, sidecar] = [of(beach, 'original')[0], of(beach, 'sidecar')[0]];
    assert.match(original?.path ?? '', /\/photos\/2023\/2023-07\/beach\.jpg$/);
    assert.equal(sidecar?.path, `${original?.path}.xmp`);
    const links = of(beach, 'link').map(({ path }) => path.split('/').slice(1).join('/')).toSorted();
    assert.deepEqual(links, [
      'albums/Holiday, 2023/beach.jpg',
      'people/Dora Example/beach.jpg',
      'people/Emil, Jr/beach.jpg',
    ]);
    const place = `${directory}/${sidecar?.path}`;
    const tags = (await tagsOf([place])).get(place) ?? {};
    assert.equal(tags['XMP-dc:Description'], 'At the beach');
    assert.ok([tags['XMP-digiKam:TagsList']].flat().includes('holiday'));
  });

  await t.step('a live photo has its video beside it', async () => {
    const [live] = await sql<{ id: string }[]>`
      SELECT a.id FROM asset a JOIN asset m ON m.id = a."livePhotoVideoId"
      WHERE a.visibility = 'timeline' AND m."originalPath" NOT LIKE '%/encoded-video/%' LIMIT 1`;
    assert.ok(live);
    const stem = (path = '') => path.replace(/\.\w+$/, '');
    assert.equal(stem(of(live.id, 'motion')[0]?.path), stem(of(live.id, 'original')[0]?.path));
  });

  await t.step('again without --update it is refused, with it nothing is made', async () => {
    await assert.rejects(run(world), /There is an export/);
    const again = await run(world, { isUpdate: true });
    assert.deepEqual(again.made, { originals: 0, sidecars: 0, links: 0 });
    assert.equal(again.removed, 0);
  });

  await t.step(
    'what is renamed, written, deleted or locked in Immich follows; what somebody changed stays',
    async () => {
      const [dropped] = listed.filter(({ kind, path }) => kind === 'original' && path.includes('picnic'));
      const changed = `${directory}/${of(cat, 'sidecar')[0]?.path}`;
      Deno.writeTextFileSync(changed, 'written by somebody else');
      Deno.writeTextFileSync(`${directory}/notes.txt`, 'mine');
      await sql`UPDATE album SET "albumName" = 'Renamed' WHERE "albumName" = 'Holiday, 2023'`;
      await sql`UPDATE asset_exif SET description = 'Later' WHERE "assetId" = ${beach}`;
      await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${dropped?.assetId ?? ''}`;
      await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${cat}`;
      const report = await run(world, { isUpdate: true });
      const now = shown(directory);
      assert.ok(now.some((path) => path.includes('/albums/Renamed/beach.jpg')));
      assert.ok(!now.some((path) => path.includes('Holiday, 2023')), 'no directory of a name that is no more');
      assert.ok(!now.includes(dropped?.path ?? ''), 'locked');
      assert.ok(!now.includes(of(cat, 'original')[0]?.path ?? ''), 'trashed');
      assert.equal(Deno.readTextFileSync(changed), 'written by somebody else');
      assert.ok(now.includes('notes.txt'));
      assert.ok(report.troubles.some(({ path }) => changed.endsWith(path)), JSON.stringify(report.troubles));
      const place = `${directory}/${of(beach, 'sidecar')[0]?.path}`;
      assert.equal((await tagsOf([place])).get(place)?.['XMP-dc:Description'], 'Later');
      assert.deepEqual(fingerprints(libraryFiles(world)), before);
      const withLocked = await run(world, { isUpdate: true, includesLocked: true });
      assert.ok(withLocked.made.originals > 0);
      assert.ok(shown(directory).includes(dropped?.path ?? ''));
    },
  );

  await t.step('an export that is interrupted goes on', async () => {
    const other = `${world.directory}/copies`;
    const stop = new AbortController();
    let looked = 0;
    const progress = { ...SILENT, advance: () => (++looked === 5 ? stop.abort() : undefined) };
    const cut = await run(world, { directory: other, isCopy: true, signal: stop.signal, progress });
    assert.equal(cut.interrupted, true);
    const rest = await run(world, { directory: other, isCopy: true });
    assert.equal(rest.interrupted, false);
    assert.ok(rest.unchanged > 0 && rest.made.originals > 0);
    const [some] = manifestOf(other).filter(({ kind }) => kind === 'original');
    assert.equal(Deno.statSync(`${other}/${some?.path}`).nlink !== null, true);
    // A bit of a copy falls over, with the time of the file as it was.
    const copy = `${other}/${some?.path}`;
    const { mtime } = Deno.statSync(copy);
    const file = Deno.openSync(copy, { read: true, write: true });
    const byte = new Uint8Array(1);
    file.readSync(byte);
    file.seekSync(0, Deno.SeekMode.Start);
    file.writeSync(byte.map((value) => value ^ 1));
    file.close();
    Deno.utimeSync(copy, mtime ?? 0, mtime ?? 0);
    const found = await run(world, { directory: other, isCopy: true, isUpdate: true });
    assert.ok(
      found.troubles.some(({ reason }) => /not what it was made from/.test(reason)),
      JSON.stringify(found.troubles),
    );
  });

  await t.step('into a directory with something else, or among the originals, nothing is exported', async () => {
    Deno.mkdirSync(`${world.directory}/full`);
    Deno.writeTextFileSync(`${world.directory}/full/mine.txt`, 'mine');
    await assert.rejects(run(world, { directory: `${world.directory}/full` }), /is not empty/);
    await assert.rejects(run(world, { directory: `${world.directory}/media/export` }), /lie in one another/);
    await assert.rejects(run(world, { directory: `${world.directory}/a/b` }), /no directory in which/);
  });
});

Deno.test('names are such as every file system can have, and as like as can be', () => {
  assert.equal(fitName('a/b:c?.jpg'), 'a_b_c_.jpg');
  assert.equal(fitName('..'), '_');
  assert.equal(fitName('.hidden'), 'hidden');
  assert.equal(fitName('CON.jpg'), 'CON_.jpg');
  const long = fitName(`${'ü'.repeat(300)}.jpeg`);
  assert.ok(new TextEncoder().encode(long).length <= 240 && long.endsWith('.jpeg'));
  const shownAs = { ownerId: '', motionPath: undefined, fileName: 'x.jpg' };
  assert.equal(exportPlaceOf({ ...shownAs, localDateTime: '2023-07-14T12:00:00' }), 'photos/2023/2023-07/x.jpg');
  assert.equal(exportPlaceOf({ ...shownAs, localDateTime: '' }), 'photos/undated/x.jpg');
});
