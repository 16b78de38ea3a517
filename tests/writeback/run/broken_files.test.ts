import assert from 'node:assert/strict';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import type { WriteReport } from '../../../src/writeback/run/report.ts';
import { readWriteBackStatus } from '../../../src/status/write_back.ts';
import { describeRun } from '../../../src/cli/write_words.ts';
import { World } from '../../share/world.ts';
import { makeFile } from '../files/media.ts';
import { setTags } from '../files/set_tags.ts';
import { configOf, stateOf, sumOf, write } from './helper.ts';

const fields = ['caption'] as const;

async function describedWorld(): Promise<World> {
  const world = await World.open('v3.1.0');
  await world.sql`UPDATE asset_exif SET description = 'Said in Immich'`;
  return world;
}

/** Puts a file in place of the original of an asset, with an ending that fits. */
async function putFile(world: World, key: string, extension: string, bytes: Uint8Array): Promise<string> {
  const { localPath } = assetOf(world.library, key);
  const renamed = (path: string) => path.replace(/\.[a-z]+$/i, `.${extension}`);
  await Deno.remove(localPath);
  await Deno.writeFile(renamed(localPath), bytes);
  await world.sql`
    UPDATE asset
    SET "originalPath" = regexp_replace("originalPath", '\\.[A-Za-z]+$', ${`.${extension}`})
    WHERE id = ${world.id(key)}`;
  return Deno.realPathSync(renamed(localPath));
}

/** A TIFF that says that its one strip has 1.7 thousand million lengths: ExifTool 13.59 dies when it is to write it, not when it reads it. */
function poisonousTiff(): Uint8Array<ArrayBuffer> {
  const tiff = makeFile('tif');
  const view = new DataView(tiff.buffer);
  const isLittleEndian = tiff[0] === 0x49;
  const directory = view.getUint32(4, isLittleEndian);
  for (let entry = 0; entry < view.getUint16(directory, isLittleEndian); entry++) {
    const at = directory + 2 + entry * 12;
    if (view.getUint16(at, isLittleEndian) === 0x0117) view.setUint32(at + 4, 0x68000001, isLittleEndian);
  }
  return tiff;
}

/** A PNG whose comment comes before its header. */
function disorderlyPng(): Uint8Array<ArrayBuffer> {
  const png = makeFile('png');
  const comment = Uint8Array.of(0, 0, 0, 3, ...new TextEncoder().encode('tEXta\0b'), 0x50, 0xb0, 0x8d, 0x92);
  return Uint8Array.of(...png.subarray(0, 8), ...comment, ...png.subarray(8));
}

/** It got a sidecar, for this reason; everything else was written; and the next run has nothing to do. */
async function assertOnlyItself(world: World, path: string, first: WriteReport, reason: RegExp): Promise<void> {
  assert.deepEqual(
    [first.complete, first.outcomes.failed, sumOf(first)],
    [true, 0, first.assets],
    JSON.stringify(first),
  );
  assert.match(Deno.readTextFileSync(`${path}.xmp`), /Said in Immich/);
  const instead = first.sidecarInstead.find(({ example }) => example === path);
  assert.match(instead?.reason ?? '', reason);
  const status = readWriteBackStatus(stateOf(world));
  assert.ok(status !== undefined && 'sidecarInstead' in status);
  assert.deepEqual(status.sidecarInstead.find(({ example }) => example === path), instead);
  const second = await write(configOf(world, { workers: 1 }), { fields });
  assert.deepEqual([second.outcomes.written, second.outcomes.failed, second.complete], [0, 0, true]);
  assert.deepEqual(second.sidecarInstead, first.sidecarInstead, 'also of what has not changed');
}

Deno.test('a file that kills ExifTool harms itself only: its neighbours are written, and it gets a sidecar', async () => {
  await using world = await describedWorld();
  const bytes = poisonousTiff();
  const path = await putFile(world, 'family/beach', 'tif', bytes);
  const report = await write(configOf(world, { workers: 1 }), { fields });
  assert.ok(report.outcomes.written > 20);
  await assertOnlyItself(world, path, report, /^ExifTool has ended: 'x' outside of string in unpack, twice$/);
  assert.deepEqual(Deno.readFileSync(path), bytes);
  assert.match(
    describeRun(report),
    /^\d+ files? with everything in a sidecar instead:\n(?: +\d+ {2}.*\n)*? *1 {2}ExifTool has ended/m,
  );
});

Deno.test('what ExifTool cannot write because of what is in it gets a sidecar once', async () => {
  await using world = await describedWorld();
  const path = await putFile(world, 'family/beach', 'png', disorderlyPng());
  const report = await write(configOf(world), { fields });
  await assertOnlyItself(world, path, report, /^ExifTool says: PNG image did not start with IHDR$/);
});

Deno.test('a film into which all but its place can be written gets no sidecar, with the ledger and without', async () => {
  await using world = await describedWorld();
  const path = await putFile(world, 'family/beach', 'mov', makeFile('mov'));
  // Coordinates in another language, which ExifTool would take away.
  await setTags(path, { 'Keys:GPSCoordinates-deu-DE': '52.36929 6.67609 10' });
  const config = configOf(world);
  const options = { fields: ['caption', 'gps'] as const };
  const first = await write(config, options);
  assert.equal(first.complete, true);
  assert.deepEqual(first.sidecarInstead.filter(({ example }) => example === path), []);
  const written = Deno.readFileSync(path);
  Deno.removeSync(stateOf(world), { recursive: true });
  const second = await write(config, options);
  assert.deepEqual([second.outcomes.written, second.sidecarInstead.length], [0, first.sidecarInstead.length]);
  assert.throws(() => Deno.statSync(`${path}.xmp`), Deno.errors.NotFound);
  assert.deepEqual(Deno.readFileSync(path), written);
  const third = await write(config, options);
  assert.equal(third.outcomes['already-right'], 0, 'it is not looked into again');
});

Deno.test('a film into which nothing of what is wanted can be written gets a sidecar', async () => {
  await using world = await describedWorld();
  const path = await putFile(world, 'family/beach', 'mov', makeFile('mov'));
  await setTags(path, { 'Keys:GPSCoordinates-deu-DE': '52.36929 6.67609 10' });
  const report = await write(configOf(world), { fields: ['gps'] });
  assert.match(
    report.sidecarInstead.find(({ example }) => example === path)?.reason ?? '',
    /Keys:GPSCoordinates-deu-DE/,
  );
  assert.ok(Deno.statSync(`${path}.xmp`).isFile);
});

/** Whether nobody can replace a file now; not every file system knows how. */
async function setImmutable(path: string, isImmutable: boolean): Promise<boolean> {
  const { success } = await new Deno.Command('chattr', { args: [isImmutable ? '+i' : '-i', path], stderr: 'null' })
    .output().catch(() => ({ success: false }));
  return success;
}

Deno.test('a file that nobody can replace gets a sidecar once', async () => {
  await using world = await describedWorld();
  const path = Deno.realPathSync(assetOf(world.library, 'family/beach').localPath);
  if (!await setImmutable(path, true)) return;
  try {
    const report = await write(configOf(world, { workers: 1 }), { fields });
    await assertOnlyItself(world, path, report, /^the system does not let anybody replace it/);
  } finally {
    await setImmutable(path, false);
  }
});

Deno.test('a file with several names is mentioned when they part', async () => {
  await using world = await describedWorld();
  const path = Deno.realPathSync(assetOf(world.library, 'family/beach').localPath);
  const other = `${world.directory}/another name.jpg`;
  Deno.linkSync(path, other);
  const bytes = Deno.readFileSync(other);
  const report = await write(configOf(world), { fields });
  assert.equal(report.otherNamesKept, 1);
  assert.match(describeRun(report), /^1 file had other names \(hard links\), which keep what they had$/m);
  assert.deepEqual(Deno.readFileSync(other), bytes);
  assert.equal(Deno.lstatSync(other).nlink, 1);
});
