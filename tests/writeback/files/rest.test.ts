import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { truncatedTags } from '../../../src/writeback/exiftool_errors.ts';
import { NOTHING_OWN } from '../../../src/writeback/fields/values.ts';
import { compareEverything } from '../../../src/writeback/rest/everything.ts';
import { xmpLosses } from '../../../src/writeback/rest/xmp_rest.ts';
import { WriteProblem } from '../../../src/writeback/write_problem.ts';
import { Comparison } from '../quick_reading/compare.ts';
import { ImmichReader } from './as_immich_reads.ts';
import { withCarelessExifTool } from './careless_exiftool.ts';
import { makeFile } from './media.ts';
import { photoWithEverything } from './photo_with_everything.ts';
import { setTags } from './set_tags.ts';
import { withExtendedXmp } from './with_extended_xmp.ts';
import { hdrPlusMakerNote } from './with_hdr_plus.ts';
import { RECORD, World } from './world.ts';

/** What nobody has asked for, done to a photo along with what was asked for: name, arguments, what is then said to be lost. */
const CARELESS: readonly [name: string, more: readonly string[], said: RegExp][] = [
  ['a.jpg', ['-IFD0:Artist='], /IFD0:Artist/],
  ['a.jpg', ['-IFD0:Artist=Somebody else'], /IFD0:Artist/],
  ['a.jpg', ['-ThumbnailImage='], /IFD1:/],
  ['a.jpg', ['-IPTC:City='], /IPTC:City/],
  ['a.jpg', ['-IPTC:City=Bonn'], /IPTC:City/],
  ['a.jpg', ['-MakerNotes:all='], /Panasonic:/],
  ['a.jpg', ['-Comment='], /File:Comment/],
  ['a.jpg', ['-IPTC:Province-State=Somewhere'], /IPTC:Province-State/],
  ['a.png', ['-PNG:Software='], /PNG:Software/],
  ['a.mp4', ['-ItemList:Title='], /ItemList:Title/],
  ['a.tif', ['-IFD0:Artist='], /IFD0:Artist/],
];

const OF_OTHERS: Readonly<Record<string, Record<string, unknown>>> = {
  jpg: {
    'XMP-dc:Title': 'Title',
    'IFD0:Artist': 'Somebody',
    'IPTC:City': 'Koeln',
    'Comment': 'somebody’s comment',
  },
  png: { 'PNG:Software': 'a program' },
  mp4: { 'ItemList:Title': 'a film' },
  tif: { 'IFD0:Artist': 'Somebody' },
};

for (const [name, more, said] of CARELESS) {
  Deno.test(`nothing but what the plan says may change in ${name}: ${more.join(' ')}`, async () => {
    await withCarelessExifTool(more, async (exifToolPath) => {
      await using world = await World.open(undefined, exifToolPath);
      const isSidecar = name.endsWith('.xmp');
      const photo = name.replace(/\.xmp$/, '');
      const format = photo.split('.').at(-1) as 'jpg' | 'png' | 'mp4' | 'tif';
      const path = await world.add(photo, format === 'jpg' ? photoWithEverything() : makeFile(format));
      await setTags(path, OF_OTHERS[format] ?? {});
      if (format === 'jpg') await setThumbnail(path);
      const target = isSidecar ? `${path}.xmp` : path;
      if (isSidecar) {
        await Deno.writeTextFile(
          target,
          packet('<dc:title><rdf:Alt><rdf:li xml:lang="x-default">T</rdf:li></rdf:Alt></dc:title>'),
        );
      }
      const bytes = await Deno.readFile(target);
      const names = world.names();
      const options = { destination: isSidecar ? 'sidecar' : 'embed' } as const;
      await assert.rejects(world.write(path, RECORD, options), (error: unknown) => {
        assert.ok(error instanceof WriteProblem, String(error));
        assert.equal(error.outcome, 'unwritable');
        assert.match(error.reason, /would not leave as it is what others wrote/);
        assert.match(error.reason, said);
        return true;
      });
      assert.deepEqual(await Deno.readFile(target), bytes);
      assert.deepEqual(world.names(), names);
    });
  });
}

Deno.test('where ExifTool would change XMP of others, it is given the whole packet', async () => {
  await withCarelessExifTool(['-XMP-dc:Title='], async (exifToolPath) => {
    await using world = await World.open(undefined, exifToolPath);
    const path = await world.add('a.jpg', makeFile('jpg'));
    await setTags(path, { 'XMP-dc:Title': 'Title' });
    await world.write(path, RECORD);
    const reader = new ImmichReader();
    const raw = await reader.raw(path);
    assert.deepEqual([raw['XMP-dc:Title'], raw['XMP-dc:Description']], ['Title', RECORD.description]);
  });
});

async function setThumbnail(path: string): Promise<void> {
  const thumbnail = await Deno.makeTempFile({ suffix: '.jpg' });
  await Deno.writeFile(thumbnail, makeFile('jpg'));
  await setTags(path, {}, [`-ThumbnailImage<=${thumbnail}`]);
  await Deno.remove(thumbnail);
}

Deno.test('a value that cannot be written without loss is left out, and everything else is written', async () => {
  await using world = await World.open();
  const reader = new ImmichReader();
  const path = await world.add('a.mov', makeFile('mov'));
  const theirs = { 'Keys:GPSCoordinates-deu-DE': '52.36929 6.67609 10', 'Keys:Title-deu-DE': 'Film' };
  await setTags(path, theirs);
  const before = await reader.raw(path);
  await world.write(path, RECORD);
  const raw = await reader.raw(path);
  assert.deepEqual(Object.keys(theirs).map((tag) => raw[tag]), Object.values(theirs));
  assert.equal(raw['XMP-dc:Description'], RECORD.description);
  assert.equal(raw['Keys:GPSCoordinates'], before['Keys:GPSCoordinates']);
  assert.equal(raw['XMP-exif:GPSLatitude'], undefined, 'half of a value would be worse than none');
  const [left] = world.left;
  assert.ok(left !== undefined);
  assert.ok(left.tags.includes('Keys:GPSCoordinates') && left.tags.includes('XMP-exif:GPSLatitude'));
  assert.match(left.reason, /Keys:GPSCoordinates-deu-DE/);
  assert.equal(world.ownOf(path).values['Keys:GPSCoordinates'], undefined, 'what was not written is not ours');
});

/** Sidecars that ExifTool would write anew without something of theirs, or not at all. */
const TO_THE_LETTER: readonly [name: string, content: string, kept: RegExp][] = [
  ['comments', packet('<!-- mine --><dc:source>a</dc:source>'), /<!-- mine -->/],
  ['empty lists', packet('<dc:type><rdf:Bag/></dc:type>'), /<dc:type><rdf:Bag\/><\/dc:type>/],
  ['qualifiers', packet('<dc:source xml:lang="de">a</dc:source>'), /<dc:source xml:lang=["']de["']>a</],
  [
    'a document type',
    `<?xml version="1.0"?><!DOCTYPE x:xmpmeta>${packet('<dc:source>a</dc:source>')}`,
    /<!DOCTYPE x:xmpmeta>/,
  ],
  [
    'another encoding',
    `<?xml version="1.0" encoding="ISO-8859-1"?>\n${packet('<dc:source>Köln</dc:source>')}`,
    /encoding="ISO-8859-1".*<dc:source>Köln</s,
  ],
  [
    'parts about different things',
    packet('<dc:source>a</dc:source>').replace('</rdf:RDF>', '<rdf:Description rdf:about="uuid:2"/></rdf:RDF>'),
    /rdf:about=["']uuid:2["']/,
  ],
  [
    'prefixes of gain maps',
    packet('', ' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"'),
    /hdrgm:Version="1\.0"/,
  ],
  [
    'keywords of others with their qualifiers',
    packet('<dc:subject><rdf:Bag><rdf:li xml:lang="de">Meer</rdf:li></rdf:Bag></dc:subject>'),
    /<rdf:li xml:lang=["']de["']>Meer</,
  ],
];

for (const [name, content, kept] of TO_THE_LETTER) {
  Deno.test(`a sidecar stays to the letter beside what is written: ${name}`, async () => {
    await using world = await World.open();
    const path = await world.add('a.jpg', makeFile('jpg'));
    const isLatin = content.includes('ISO-8859-1');
    await Deno.writeFile(`${path}.xmp`, Buffer.from(content, isLatin ? 'latin1' : 'utf8'));
    await world.write(path, RECORD, { destination: 'sidecar' });
    assert.deepEqual(world.left, []);
    const written = (await Deno.readFile(`${path}.xmp`)) as Uint8Array;
    assert.match(Buffer.from(written).toString(isLatin ? 'latin1' : 'utf8'), kept);
    const { tags } = await world.writer.lookAt(`${path}.xmp`, 'sidecar');
    assert.equal(tags['XMP-dc:Description'], RECORD.description);
    assert.deepEqual(
      (await world.plan(path, RECORD, { destination: 'sidecar' })).plans,
      [],
      'a second run has nothing to do',
    );
    await world.undoAll();
    assert.equal(Buffer.from(await Deno.readFile(`${path}.xmp`)).toString(isLatin ? 'latin1' : 'utf8'), content);
  });
}

for (const [name, content, kept] of TO_THE_LETTER.filter(([name]) => !/encoding|document/.test(name))) {
  Deno.test(`XMP in a photo stays to the letter beside what is written: ${name}`, async () => {
    await using world = await World.open();
    const path = await world.add('a.jpg', makeFile('jpg'));
    const packetPath = `${world.directory}/packet.xmp`;
    await Deno.writeTextFile(packetPath, content);
    await setTags(path, {}, [`-XMP<=${packetPath}`]);
    await Deno.remove(packetPath);
    const bytes = await Deno.readFile(path);
    await world.write(path, RECORD);
    assert.deepEqual(world.left, []);
    assert.match(new TextDecoder().decode(await Deno.readFile(path)), kept);
    assert.deepEqual((await world.plan(path, RECORD)).plans, [], 'a second run has nothing to do');
    await world.undoAll();
    assert.deepEqual(await Deno.readFile(path), bytes);
  });
}

Deno.test('maker notes that ExifTool reads otherwise the second time are the same', async () => {
  await using world = await World.open();
  const path = await world.add('a.png', makeFile('png'));
  // Field 1 holds fields once and bytes once: having seen both, ExifTool takes it for bytes for as long as it runs.
  const note = hdrPlusMakerNote(Uint8Array.of(0x0a, 3, 0x08, 0x96, 0x01, 0x0a, 3, 0xff, 0xfe, 0xfd));
  const packetPath = `${world.directory}/packet.xmp`;
  const attributes = ` xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:HdrPlusMakernote="${note}"`;
  await Deno.writeTextFile(packetPath, packet('', attributes));
  await setTags(path, {}, [`-XMP<=${packetPath}`]);
  const copy = await world.add('b.png', await Deno.readFile(path));
  const plan = { path, kind: 'media', isNew: false, changes: [], own: NOTHING_OWN, seen: undefined } as const;
  await using fresh = await Comparison.open();
  assert.deepEqual((await compareEverything(fresh.pool, plan, path, copy))?.losses, []);
});

Deno.test('a sidecar without a byte is written as a new one, and is again without one after undo', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  await Deno.writeFile(`${path}.xmp`, new Uint8Array());
  await world.write(path, RECORD, { destination: 'sidecar' });
  assert.equal((await world.writer.lookAt(`${path}.xmp`, 'sidecar')).tags['XMP-dc:Description'], RECORD.description);
  await world.undoAll();
  assert.equal((await Deno.stat(`${path}.xmp`)).size, 0);
});

Deno.test('regions with fields of somebody’s own stay as they are; the rest of the sidecar is written', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  const region = `<mwg-rs:Regions xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:own="http://example.org/own/" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" rdf:parseType="Resource">
    <mwg-rs:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource"><mwg-rs:Name>Somebody</mwg-rs:Name>
      <own:seeAlso>elsewhere</own:seeAlso>
      <mwg-rs:Area stArea:x="0.1" stArea:y="0.1" stArea:w="0.1" stArea:h="0.1" stArea:unit="normalized"/>
    </rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>`;
  await Deno.writeTextFile(`${path}.xmp`, packet(region));
  await world.write(path, RECORD, { destination: 'sidecar' });
  const written = await Deno.readTextFile(`${path}.xmp`);
  assert.match(written, /seeAlso>elsewhere</);
  assert.match(written, /Évening/);
  assert.deepEqual(world.left.map(({ tags }) => tags), [['XMP-mwg-rs:RegionInfo']]);
});

Deno.test('what ExifTool says it has cut is known by its words', () => {
  assert.deepEqual(
    truncatedTags(
      'Warning: [Minor] IPTC:By-line exceeds length limit (truncated) - /p/a.jpg\n    1 image files copied',
    ),
    ['IPTC:By-line'],
  );
});

function packet(content: string, attributes = ''): string {
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
    `<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"${attributes}>${content}</rdf:Description></rdf:RDF></x:xmpmeta>`;
}

const bag = (...items: string[]) => `<rdf:Bag>${items.map((item) => `<rdf:li>${item}</rdf:li>`).join('')}</rdf:Bag>`;

/** Two packets and the tags that were planned: what is said to be lost. */
const PACKETS: readonly [
  name: string,
  before: string,
  after: string,
  tags: readonly string[],
  lost: readonly string[],
][] = [
  ['the same', packet('<dc:source>a</dc:source>'), packet('<dc:source>a</dc:source>'), [], []],
  [
    'an attribute instead of an element',
    packet('', ' dc:source="a &amp; b"'),
    packet('<dc:source>a &#38; b</dc:source>'),
    [],
    [],
  ],
  [
    'another prefix',
    packet('<dc:source>a</dc:source>'),
    packet('<o:source xmlns:o="http://purl.org/dc/elements/1.1/">a</o:source>'),
    [],
    [],
  ],
  ['a value', packet('<dc:source>a</dc:source>'), packet('<dc:source>b</dc:source>'), [], ['dc:source']],
  ['a property', packet('<dc:source>a</dc:source>'), packet(''), [], ['dc:source']],
  ['an empty list', packet('<dc:type><rdf:Bag/></dc:type>'), packet(''), [], ['dc:type']],
  ['an empty property', packet('<dc:source/>'), packet(''), [], ['dc:source']],
  ['an order', packet(`<dc:type>${bag('a', 'b')}</dc:type>`), packet(`<dc:type>${bag('b', 'a')}</dc:type>`), [], [
    'dc:type',
  ]],
  ['a qualifier', packet('<dc:source xml:lang="de">a</dc:source>'), packet('<dc:source>a</dc:source>'), [], [
    'dc:source',
  ]],
  ['a comment', packet('<!-- mine --><dc:source>a</dc:source>'), packet('<dc:source>a</dc:source>'), [], [
    '<!-- mine -->',
  ]],
  ['a document type', `<!DOCTYPE x>${packet('')}`, packet(''), [], ['<!DOCTYPE x>']],
  ['an encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${packet('')}`, packet(''), [], [
    '<?xml version="1.0" encoding="ISO-8859-1"?>',
  ]],
  [
    'what is planned may change',
    packet(`<dc:subject>${bag('a')}</dc:subject>`),
    packet(`<dc:subject>${bag('b')}</dc:subject>`),
    ['XMP-dc:Subject'],
    [],
  ],
  ['something new that nobody planned', packet(''), packet('<dc:source>a</dc:source>'), [], ['dc:source']],
  [
    'another language of what is planned',
    packet(
      '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">a</rdf:li><rdf:li xml:lang="de">b</rdf:li></rdf:Alt></dc:description>',
    ),
    packet('<dc:description><rdf:Alt><rdf:li xml:lang="x-default">c</rdf:li></rdf:Alt></dc:description>'),
    ['XMP-dc:Description'],
    ['XMP-dc:Description'],
  ],
  [
    'an entry with a qualifier, in a list that is planned',
    packet('<dc:subject><rdf:Bag><rdf:li xml:lang="de">a</rdf:li></rdf:Bag></dc:subject>'),
    packet(`<dc:subject>${bag('a')}</dc:subject>`),
    ['XMP-dc:Subject'],
    ['XMP-dc:Subject'],
  ],
  ['what it is about', packet('').replace('about=""', 'about="uuid:1"'), packet(''), [], ['rdf:about']],
  ['what is not well-formed any more', packet('<dc:source>a</dc:source>'), packet('<dc:source>a'), [], [
    'XMP that is well-formed',
  ]],
];

for (const [name, before, after, tags, lost] of PACKETS) {
  Deno.test(`what XMP has lost: ${name}`, () => {
    assert.deepEqual(xmpLosses([before], [after], tags)?.map(({ what }) => what), lost);
  });
}

Deno.test('what others wrote into XMP of two packets stays, also what ExifTool does not show', async () => {
  const note = ' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="GUID"';
  const long = `<dc:rights>${'r'.repeat(70_000)}</dc:rights>`;
  const theirs = ['<!-- mine -->', '<dc:type><rdf:Bag/></dc:type>', '<dc:source xml:lang="de">Quelle</dc:source>'];
  for (const said of ['', ...theirs]) {
    for (const isSecond of [false, true]) {
      await using world = await World.open();
      const [main, extended] = isSecond ? ['', said] : [said, ''];
      const photo = withExtendedXmp(makeFile('jpg'), packet(main, note), packet(long + extended));
      const path = await world.add('a.jpg', photo);
      const error = await world.write(path, RECORD).then(() => undefined, String);
      const text = new TextDecoder().decode(await Deno.readFile(path));
      // ExifTool has other quotation marks.
      const isKept = text.replaceAll("'", '"').includes(said) && text.includes('r'.repeat(60_000));
      assert.ok(isKept, `${said}: ${error}`);
      if (said === '') assert.equal((await new ImmichReader().raw(path))['XMP-dc:Description'], RECORD.description);
    }
  }
});

Deno.test('what is not XML is compared by ExifTool', () => {
  assert.equal(xmpLosses(['<x:xmpmeta'], [packet('')], []), undefined);
});

Deno.test('more than a thousand keywords, of which ExifTool reads a thousand, stay as they are; all else is written', async () => {
  await using world = await World.open();
  const path = await world.add('a.jpg', makeFile('jpg'));
  const theirs = Array.from({ length: 1_200 }, (_, number) => `keyword ${number}`);
  await setTags(path, { 'XMP-dc:Subject': theirs });
  const before = await Deno.readFile(path);
  await world.write(path, RECORD);
  assert.equal(world.left.length, 1);
  assert.ok(world.left[0]?.tags.includes('XMP-dc:Subject') && !world.left[0].tags.includes('XMP-dc:Description'));
  const text = new TextDecoder().decode(await Deno.readFile(path));
  for (const keyword of theirs) assert.ok(text.includes(`>${keyword}<`), keyword);
  assert.equal((await new ImmichReader().raw(path))['XMP-dc:Description'], RECORD.description);
  await world.undoAll();
  assert.deepEqual(await Deno.readFile(path), before);
});
