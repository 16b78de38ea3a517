import assert from 'node:assert/strict';
import { ImmichReader } from './as_immich_reads.ts';
import { FORMATS, makeFile, makeMotionPhoto } from './media.ts';
import { photoWithEverything } from './photo_with_everything.ts';
import { setTags } from './set_tags.ts';
import { withSecondPicture } from './with_second_picture.ts';
import { BLANK, RECORD, World } from './world.ts';

/** What cameras and programs write that cannot be written again by its value. */
const ODD: readonly [name: string, tags: Record<string, unknown>, options: readonly string[]][] = [
  ['a place of noughts', { 'GPS:GPSLatitude': 0, 'GPS:GPSLatitudeRef': 'N' }, []],
  ['an empty date', { 'ExifIFD:DateTimeOriginal': '    :  :     :  :  ' }, []],
  ['dates with dashes', { 'ExifIFD:DateTimeOriginal': '2019-01-02 03:04:05', 'XMP-xmp:CreateDate': '2019' }, []],
  ['spaces for a caption', { 'IFD0:ImageDescription': '          ' }, []],
  ['IPTC in Latin-1', { 'IPTC:City': 'Köln', 'IPTC:Keywords': ['Überlingen'] }, ['-charset', 'iptc=Latin']],
  ['captions in other languages', { 'XMP-dc:Description-de': 'Abend', 'XMP-dc:Description-fr': 'Soir' }, []],
];

const CASES: readonly [name: string, file: () => Uint8Array][] = [
  ...FORMATS.map((format): [string, () => Uint8Array] => [`a.${format}`, () => makeFile(format)]),
  ['maker notes and colour profile.jpg', photoWithEverything],
  ['motion photo.jpg', () => makeMotionPhoto().file],
  ['gain map.jpg', () => withSecondPicture(photoWithEverything())],
];

async function assertUndone(world: World, path: string): Promise<void> {
  const [bytes, { mtime, mode }] = [await Deno.readFile(path), await Deno.stat(path)];
  await world.write(path, RECORD);
  assert.notDeepEqual(await Deno.readFile(path), bytes);
  await world.undoAll();
  assert.deepEqual(await Deno.readFile(path), bytes);
  const after = await Deno.stat(path);
  assert.deepEqual([after.mtime?.getTime(), after.mode], [mtime?.getTime(), mode]);
  world.forget();
}

for (const [name, makeBytes] of CASES) {
  Deno.test(`a file is what it was byte for byte after undo: ${name}`, async () => {
    await using world = await World.open();
    await assertUndone(world, await world.add(name, makeBytes()));
    assert.deepEqual(world.names(), [name]);
  });
}

for (const [name, tags, options] of ODD) {
  Deno.test(`old values that cannot be written again come back with undo: ${name}`, async () => {
    await using world = await World.open();
    const path = await world.add('a.jpg', makeFile('jpg'));
    await setTags(path, tags, options);
    await assertUndone(world, path);
  });
}

Deno.test('several writes are undone in turn, the last one first', async () => {
  await using world = await World.open();
  const path = await world.add('a.mov', makeFile('mov'));
  const versions = [await Deno.readFile(path)];
  for (const record of [RECORD, { ...RECORD, description: 'another' }, { ...BLANK, rating: 1 }]) {
    await world.write(path, record);
    versions.push(await Deno.readFile(path));
  }
  for (const change of world.done.splice(0).reverse()) {
    await world.writer.undo(change, () => {});
    versions.pop();
    assert.deepEqual(await Deno.readFile(path), versions.at(-1));
  }
  assert.equal(versions.length, 1);
});

for (const [name, bytes] of [['a.jpg', makeFile('jpg')], ['everything.jpg', photoWithEverything()]] as const) {
  Deno.test(`a photo that somebody has changed since loses only what we wrote: ${name}`, async () => {
    await using world = await World.open();
    const reader = new ImmichReader();
    const path = await world.add(name, bytes);
    const of = async () => {
      const tags = Object.entries(await reader.raw(path));
      return Object.fromEntries(
        tags.filter(([tag]) => !/^(?:SourceFile|System|ExifTool|File|Composite|XMP-x):?/.test(tag)),
      );
    };
    const before = await of();
    await world.write(path, RECORD, { fields: ['people', 'caption', 'rating', 'tags'] });
    await setTags(path, { 'XMP-dc:Title': 'by somebody else' });
    await world.undoAll();
    const { 'XMP-dc:Title': title, ...rest } = await of();
    assert.equal(title, 'by somebody else');
    assert.deepEqual(rest, before);
  });
}
