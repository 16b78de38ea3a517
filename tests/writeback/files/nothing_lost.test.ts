import assert from 'node:assert/strict';
import { ImmichReader } from './as_immich_reads.ts';
import { type Format, FORMATS, makeFile, makeMotionPhoto } from './media.ts';
import { photoWithEverything } from './photo_with_everything.ts';
import { withSecondPicture } from './with_second_picture.ts';
import { setTags } from './set_tags.ts';
import { BLANK, RECORD, World } from './world.ts';

type Raw = Record<string, unknown>;

/** What follows from the file's being written anew: sizes, offsets, and what ExifTool computes from other tags. */
const INCIDENTAL =
  /^(?:System:|Composite:|MWG:|File:FileType|RIFF:WebP_Flags|File:CurrentIPTCDigest|XMP-x:XMPToolkit|.*:(?:StripOffsets|MediaDataOffset|MediaDataSize|HandlerType|HandlerVendorID|MPImageStart)$)/;

/** Tags that are there in both and differ, and tags that went. */
function lost(before: Raw, after: Raw): string[] {
  return Object.keys(before).filter((tag) =>
    !INCIDENTAL.test(tag) && JSON.stringify(before[tag]) !== JSON.stringify(after[tag])
  );
}

const MEANT = [
  'ExifIFD:DateTimeOriginal',
  'ExifIFD:CreateDate',
  'ExifIFD:OffsetTimeOriginal',
  'ExifIFD:OffsetTimeDigitized',
  'QuickTime:CreateDate',
];

const CASES: readonly [name: string, file: () => Uint8Array][] = [
  ...FORMATS.map((format): [string, () => Uint8Array] => [`a.${format}`, () => makeFile(format)]),
  ['maker notes and colour profile.jpg', photoWithEverything],
  ['motion photo.jpg', () => makeMotionPhoto().file],
  ['gain map.jpg', () => withSecondPicture(photoWithEverything())],
];

for (const [name, makeBytes] of CASES) {
  Deno.test(`a write changes what it means to change and nothing else; undo undoes it: ${name}`, async () => {
    await using world = await World.open();
    const reader = new ImmichReader();
    const path = await world.add(name, makeBytes());
    await Deno.chmod(path, 0o640);
    const [before, info] = [await reader.raw(path), await Deno.stat(path)];
    await world.write(path, RECORD);
    const written = await reader.raw(path);
    assert.deepEqual(lost(before, written).filter((tag) => !MEANT.includes(tag)), []);
    assert.equal(written['File:ImageDataHash'], before['File:ImageDataHash']);
    const after = await Deno.stat(path);
    assert.deepEqual([after.mode, after.uid, after.gid], [info.mode, info.uid, info.gid]);
    assert.equal(after.mtime?.getTime(), info.mtime?.getTime());
    assert.deepEqual(world.names(), [name]);

    await world.undoAll();
    const undone = await reader.raw(path);
    assert.deepEqual(lost(before, undone), []);
    assert.deepEqual(lost(undone, before), [], 'something of ours is left');
    assert.equal((await Deno.stat(path)).mtime?.getTime(), info.mtime?.getTime());
  });
}

Deno.test('the film of a motion photo stays where its description says', async () => {
  await using world = await World.open();
  const { file, film } = makeMotionPhoto();
  const path = await world.add('a.jpg', file);
  await world.write(path, RECORD);
  const written = await Deno.readFile(path);
  assert.notEqual(written.length, file.length);
  assert.deepEqual(written.subarray(written.length - film.length), film);
  const text = new TextDecoder('latin1').decode(written);
  assert.match(text, new RegExp(`Length>?=?["']?${film.length}`));
});

for (const destination of ['embed', 'sidecar', 'both'] as const) {
  Deno.test(`keywords, labels, hierarchies and regions of others survive: ${destination}`, async () => {
    await using world = await World.open();
    const reader = new ImmichReader();
    const path = await world.add('a.jpg', makeFile('jpg'));
    const theirs = {
      'XMP-dc:Subject': ['Holiday', 'a, b'],
      'IPTC:Keywords': ['Holiday', 'only in IPTC'],
      'XMP-lr:HierarchicalSubject': ['Places|Italy', 'with/slash'],
      'XMP-xmp:Label': 'Red',
      'XMP-iptcExt:PersonInImage': ['Zoe'],
      'XMP-iptcExt:Event': 'Their event',
      'XMP-mwg-rs:RegionInfo': {
        AppliedToDimensions: { W: 320, H: 240, Unit: 'pixel' },
        RegionList: [
          {
            Name: 'Zoe',
            Type: 'Face',
            Area: { X: 0.8, Y: 0.8, W: 0.1, H: 0.1, Unit: 'normalized' },
            Description: 'hers',
          },
          { Type: 'Pet', Area: { X: 0.5, Y: 0.5, W: 0.1, H: 0.1, Unit: 'normalized' } },
        ],
      },
    };
    await setTags(path, theirs);
    const before = await reader.read(path);
    assert.deepEqual(before.tags, ['Places/Italy', 'with|slash']);
    // Immich's own tags are not asked for: it has to read the same tags as before.
    const fields = ['people', 'albums', 'faces', 'rating'] as const;
    await world.write(path, RECORD, { destination, fields });
    const view = await reader.read(path, destination === 'embed' ? undefined : `${path}.xmp`);
    assert.deepEqual(view.tags, before.tags);
    assert.deepEqual(view.faces.map(({ name }) => name).sort(), ['Anna Müller', 'Zoe']);
    const raw = await reader.raw(destination === 'sidecar' ? `${path}.xmp` : path);
    const includes = (tag: string, entries: readonly string[]) => {
      for (const entry of entries) assert.ok([raw[tag]].flat().includes(entry), `${entry} is missing in ${tag}`);
    };
    includes('XMP-dc:Subject', ['Holiday', 'a, b', 'only in IPTC', 'Anna Müller', '李雷']);
    includes('XMP-lr:HierarchicalSubject', ['Places|Italy', 'with/slash', 'Albums|Summer 2023']);
    if (destination === 'sidecar') return;
    includes('IPTC:Keywords', ['Holiday', 'only in IPTC', 'Anna Müller', '李雷']);
    includes('XMP-iptcExt:PersonInImage', ['Zoe', 'Anna Müller']);
    assert.equal(raw['XMP-xmp:Label'], 'Red');
    assert.equal(raw['XMP-iptcExt:Event'], 'Their event');
    const { RegionList } = raw['XMP-mwg-rs:RegionInfo'] as { RegionList: Raw[] };
    assert.equal(RegionList.length, 3);
    assert.equal(RegionList.find(({ Name }) => Name === 'Zoe')?.['Description'], 'hers');

    // Immich no longer knows anybody: what is ours goes, what is theirs stays.
    await world.write(path, { ...BLANK, people: [], faces: [] }, { destination, fields });
    const back = await reader.raw(path);
    for (const tag of Object.keys(theirs)) {
      const sorted = (value: unknown) => JSON.stringify(Array.isArray(value) ? value.toSorted() : value);
      const shown = sorted(back[tag]);
      const wanted = sorted(
        tag === 'IPTC:Keywords' || tag === 'XMP-dc:Subject' ? theirs[tag] : theirs[tag as 'XMP-xmp:Label'],
      );
      if (tag !== 'XMP-mwg-rs:RegionInfo') assert.equal(shown, wanted, tag);
    }
    const left = back['XMP-mwg-rs:RegionInfo'] as { RegionList: Raw[] };
    assert.deepEqual(left.RegionList.map(({ Name }) => Name ?? null).sort(), ['Zoe', null]);
    assert.equal(back['XMP-digiKam:TagsList'], undefined);
  });
}

Deno.test('a sidecar comes back byte for byte, and one that was made goes', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  const odd =
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'>\r\n\t<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>" +
    "<rdf:Description xmlns:q='urn:q' q:z='1'/><!-- odd --></rdf:RDF></x:xmpmeta>";
  await world.add('a.xmp', new TextEncoder().encode(odd));
  const other = await world.add('b.jpg', makeFile('jpg'));
  await world.write(path, RECORD, { destination: 'sidecar' });
  await world.write(other, RECORD, { destination: 'sidecar' });
  // An existing sidecar is the one that Immich reads.
  assert.deepEqual(world.names(), ['a.jpg', 'a.xmp', 'b.jpg', 'b.jpg.xmp']);
  assert.match(await Deno.readTextFile(`${world.directory}/a.xmp`), /Müller/);
  await world.undoAll();
  assert.deepEqual(world.names(), ['a.jpg', 'a.xmp', 'b.jpg']);
  assert.equal(await Deno.readTextFile(`${world.directory}/a.xmp`), odd);
});

Deno.test('an existing sidecar is kept in step when tags are embedded', async () => {
  await using world = await World.open();
  const reader = new ImmichReader();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await world.write(path, { ...RECORD, description: 'old', rating: 1 }, { destination: 'sidecar' });
  await world.write(path, RECORD, { destination: 'embed' });
  const view = await reader.read(path, `${path}.xmp`);
  assert.equal(view.description, RECORD.description);
  assert.equal(view.rating, 4);
});

Deno.test('another name of the file keeps the old content', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await Deno.link(path, `${world.directory}/mirror.jpg`);
  await world.write(path, RECORD);
  assert.deepEqual(await Deno.readFile(`${world.directory}/mirror.jpg`), makeFile('jpg'));
});

const FADED: readonly Format[] = ['jpg', 'mp4'];
for (const format of FADED) {
  Deno.test(`what Immich no longer has is undone, what others changed since stays: ${format}`, async () => {
    await using world = await World.open();
    const reader = new ImmichReader();
    const path = await world.add(`a.${format}`, makeFile(format));
    const favourite = { ...RECORD, rating: undefined, isFavorite: true };
    await world.write(path, favourite);
    assert.equal((await reader.raw(path))['XMP-xmp:Rating'], 5);
    await world.write(path, { ...BLANK, capturedAt: RECORD.capturedAt });
    const raw = await reader.raw(path);
    assert.equal(raw['XMP-xmp:Rating'], 0);
    for (
      const tag of [
        'XMP-dc:Description',
        'XMP-dc:Subject',
        'XMP-exif:GPSLatitude',
        'IFD0:ImageDescription',
        'GPS:GPSLatitudeRef',
      ]
    ) {
      assert.equal(raw[tag], undefined, tag);
    }
    await setTags(path, { 'XMP-dc:Description': 'by hand', 'XMP-xmp:Rating': 2 });
    await world.write(path, { ...BLANK, capturedAt: RECORD.capturedAt });
    const kept = await reader.raw(path);
    assert.deepEqual([kept['XMP-dc:Description'], kept['XMP-xmp:Rating']], ['by hand', 2]);
  });
}
