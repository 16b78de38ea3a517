import assert from 'node:assert/strict';
import { inTree } from '../../../src/config/destination.ts';
import { Spelling } from '../../../src/writeback/spelling.ts';
import { mountCaselessDisk, noCaselessDisk } from '../../harness/caseless_disk.ts';
import type { World } from '../../share/world.ts';
import { householdWith } from '../corpus/household.ts';
import { makeFile } from '../files/media.ts';
import { configOf, filesBelow, stateOf, tagsOf, undoAll, write } from './helper.ts';

const reason = noCaselessDisk();
// deno-lint-ignore no-console
if (reason !== undefined) console.warn(`No disk that takes capitals for small letters is tested: ${reason}.`);

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: reason !== undefined, fn });
}

/** Photos of which Immich says their own names. */
async function household(names: readonly string[]): Promise<{ world: World; directory: string }> {
  const files = names.map((name) => [name, makeFile(name.toLowerCase().endsWith('.png') ? 'png' : 'jpg')] as const);
  const world = await householdWith(new Map(files));
  await world.sql`
    UPDATE asset_exif e
    SET description = 'of ' || a."originalFileName"
    FROM asset a
    WHERE a.id = e."assetId"`;
  const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset LIMIT 1`;
  return { world, directory: Deno.realPathSync(world.local(row?.path ?? '')).replace(/\/[^/]*$/, '') };
}

function bytesIn(directory: string): Map<string, Uint8Array> {
  return new Map(filesBelow(directory).map((path) => [path, Deno.readFileSync(path)]));
}

async function captionsIn(directory: string): Promise<Record<string, unknown>> {
  const tags = await tagsOf(filesBelow(directory));
  return Object.fromEntries(
    [...tags].map(([path, found]) => [path.slice(directory.length + 1), found['XMP-dc:Description']]),
  );
}

test('a tree on a disk that takes capitals for small letters: no photo gets the sidecar of another', async () => {
  const { world } = await household(['IMG.jpg', 'img.JPG', 'other.jpg']);
  await using _ = world;
  const tree = `${Deno.realPathSync(world.directory)}/sidecars`;
  Deno.mkdirSync(tree);
  using _disk = mountCaselessDisk(tree);
  const config = configOf(world, { destination: inTree(tree) });
  const first = await write(config);
  assert.deepEqual([first.outcomes.written, first.sidecarsWritten], [2, 2], JSON.stringify(first.troubles));
  const made = bytesIn(tree);
  assert.equal(made.size, 2);
  const captions = Object.entries(await captionsIn(tree));
  for (const [path, caption] of captions) assert.equal(`of ${path.replace(/^.*\/|\.xmp$/g, '')}`, caption);

  for (const stateDirectory of [stateOf(world), `${stateOf(world)}-new`]) {
    const again = await write(configOf(world, { destination: inTree(tree), stateDirectory }));
    assert.equal(again.outcomes.failed, 1);
    assert.match(again.troubles[0]?.reason ?? '', /its sidecar would be .*which is that of another photo/);
    assert.deepEqual(bytesIn(tree), made);
  }
  await undoAll(config);
  assert.deepEqual(filesBelow(tree), []);
});

test('photos and sidecars on a disk that takes capitals for small letters are written, and undone byte for byte', async () => {
  for (const sidecarName of ['photo.jpg.xmp', 'photo.xmp'] as const) {
    const names = ['IMG.jpg', 'img.png', 'Other.JPG'];
    const { world, directory } = await household(names);
    await using _ = world;
    const before = bytesIn(directory);
    using _disk = onCaselessDisk(directory, before);
    Deno.writeTextFileSync(`${directory}/OTHER.jpg.XMP`, THEIRS);
    const files = bytesIn(directory);
    const config = configOf(world, { destination: 'both', sidecarName });
    const report = await write(config);
    assert.equal(report.outcomes.written, 3, JSON.stringify(report.troubles));
    assert.deepEqual(report.troubles, []);
    const captions = await captionsIn(directory);
    assert.deepEqual(captions, {
      ...{ 'IMG.jpg': 'of IMG.jpg', 'IMG.jpg.xmp': 'of IMG.jpg', 'img.png': 'of img.png' },
      ...{ 'img.png.xmp': 'of img.png', 'Other.JPG': 'of Other.JPG', 'OTHER.jpg.XMP': 'of Other.JPG' },
    });
    assert.match(Deno.readTextFileSync(`${directory}/OTHER.jpg.XMP`), /theirs/);
    const written = bytesIn(directory);
    assert.equal((await write(config)).outcomes.written, 0);
    const withoutLedger = await write(
      configOf(world, { destination: 'both', sidecarName, stateDirectory: `${stateOf(world)}-new` }),
    );
    assert.equal(withoutLedger.outcomes.written, 0);
    assert.deepEqual(bytesIn(directory), written);
    await undoAll(config);
    assert.deepEqual(bytesIn(directory), files);
  }
});

test('a photo that was given another spelling, which Immich knows twice now, is written once', async () => {
  const { world, directory } = await household(['IMG.jpg', 'img.jpg']);
  await using _ = world;
  const path = `${directory}/img.jpg`;
  using _disk = onCaselessDisk(directory, new Map([[path, Deno.readFileSync(path)]]));
  assert.equal(Deno.readFileSync(`${directory}/IMG.jpg`).length, Deno.readFileSync(path).length);
  for (const written of [1, 0]) {
    const report = await write(configOf(world));
    assert.deepEqual([report.outcomes.written, report.outcomes['not-found']], [written, 1]);
    assert.match(report.troubles[0]?.reason ?? '', /is called .*img\.jpg/);
    assert.deepEqual(await captionsIn(directory), { 'img.jpg': 'of img.jpg' });
  }
});

test('how files are really called', async () => {
  const directory = await Deno.makeTempDir();
  try {
    using _disk = mountCaselessDisk(directory);
    Deno.mkdirSync(`${directory}/Summer`);
    Deno.writeTextFileSync(`${directory}/Summer/IMG.jpg`, '');
    const other = (path: string) => new Spelling().otherThan(`${directory}/${path}`);
    assert.equal(other('Summer/IMG.jpg'), undefined);
    assert.equal(other('Summer/img.jpg'), `${directory}/Summer/IMG.jpg`);
    assert.equal(other('summer/IMG.jpg'), `${directory}/Summer/IMG.jpg`);
    assert.equal(other('Summer/none.jpg'), undefined);
  } finally {
    await Deno.remove(directory);
  }
});

Deno.test('where capitals are no small letters, each file is called as it is, whatever other names it has', async () => {
  const directory = await Deno.makeTempDir();
  Deno.writeTextFileSync(`${directory}/IMG.jpg`, '');
  try {
    Deno.linkSync(`${directory}/IMG.jpg`, `${directory}/img.JPG`);
  } catch {
    return; // this disk takes them for the same
  } finally {
    for (const name of ['IMG.jpg', 'img.JPG']) {
      assert.equal(new Spelling().otherThan(`${directory}/${name}`), undefined);
    }
    await Deno.remove(directory, { recursive: true });
  }
});

const THEIRS = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="theirs"/></rdf:RDF></x:xmpmeta>`;

/** Puts such a disk in place of a directory, with these files. */
function onCaselessDisk(directory: string, files: ReadonlyMap<string, Uint8Array>): Disposable {
  for (const path of filesBelow(directory)) Deno.removeSync(path);
  const disk = mountCaselessDisk(directory);
  for (const [path, bytes] of files) Deno.writeFileSync(path, bytes);
  return disk;
}
