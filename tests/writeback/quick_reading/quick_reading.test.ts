import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import fc from '../../harness/drawing.ts';
import { withMotionVideo } from '../../../src/demo/library_generator/media/jpeg.ts';
import { quickSidecar } from '../../../src/writeback/quick_reading/quick_reading.ts';
import { type DataSet, iptcBlock, withIptc } from '../files/iptc_blocks.ts';
import { newSidecar } from '../../../src/writeback/xmp/write.ts';
import { makeFile, makeMotionPhoto } from '../files/media.ts';
import { photoWithEverything } from '../files/photo_with_everything.ts';
import { withSecondPicture } from '../files/with_second_picture.ts';
import { RECORD, World } from '../files/world.ts';
import { Comparison } from './compare.ts';
import { damaged, damages, joined } from './damage.ts';
import { photosOfPrograms } from './photos_of_programs.ts';
import { xmpPackets } from './xmp_forms.ts';

/**
 * What the quick reading says is what ExifTool says. Where it says nothing, ExifTool is asked, so silence is never wrong; but
 * each test asserts that there is not too much of it.
 */

const encoder = new TextEncoder();

Deno.test('of XMP in all its forms', async () => {
  await using comparison = await Comparison.open();
  const packets = fc.array(xmpPackets(), { minLength: 40, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(packets, async (texts) => {
      await comparison.ofBytes(texts.map((text) => ({ kind: 'xmp', bytes: encoder.encode(text) })));
    }),
    { numRuns: 10, endOnFailure: true },
  );
  assert.ok(comparison.counts.answered > comparison.counts.files / 20, JSON.stringify(comparison.counts));
});

Deno.test('of photos in which programs have left all kinds of tags', async () => {
  await using comparison = await Comparison.open();
  const paths = await photosOfPrograms(comparison, 120);
  for (let at = 0; at < paths.length; at += 40) await comparison.of(paths.slice(at, at + 40));
  assert.ok(comparison.counts.answered > comparison.counts.files / 4, JSON.stringify(comparison.counts));
});

Deno.test('of photos and sidecars in which some bytes are others', async () => {
  await using comparison = await Comparison.open();
  const originals = (await photosOfPrograms(comparison, 12)).map((path) => Deno.readFileSync(path));
  const packets = fc.sample(xmpPackets(), 8).map((text) => encoder.encode(text));
  const file = fc.oneof(
    fc.constantFrom(...originals).map((bytes) => ({ kind: 'jpg' as const, bytes })),
    fc.constantFrom(...packets).map((bytes) => ({ kind: 'xmp' as const, bytes })),
  );
  const damagedFile = fc.tuple(file, damages()).map(([{ kind, bytes }, damage]) => ({
    kind,
    bytes: damaged(bytes, damage, kind === 'jpg' ? startOfScan(bytes) : bytes.length),
  }));
  await fc.assert(
    fc.asyncProperty(fc.array(damagedFile, { minLength: 40, maxLength: 40 }), async (files) => {
      await comparison.ofBytes(files);
    }),
    { numRuns: 15, endOnFailure: true },
  );
  assert.ok(comparison.counts.answered > 5, JSON.stringify(comparison.counts));
});

Deno.test('of what stands behind the picture, and of files that end too early', async () => {
  await using comparison = await Comparison.open();
  const photo = photoWithEverything();
  const ends: Readonly<Record<string, [answers: boolean, bytes: Uint8Array]>> = {
    'whole': [true, photo],
    'a motion photo': [false, makeMotionPhoto().file],
    'a film behind a photo that does not say so': [false, withMotionVideo(photo, new Uint8Array(2_000))],
    'a second picture': [false, withSecondPicture(photo)],
    'one byte more': [false, joined(photo, Uint8Array.of(0))],
    'one byte less': [false, photo.subarray(0, -1)],
    'half of it': [false, photo.subarray(0, photo.length / 2)],
    'nothing but a header': [false, photo.subarray(0, startOfScan(photo))],
    'AFCP': [false, joined(photo, encoder.encode('AXS!'), new Uint8Array(6), Uint8Array.of(0xff, 0xd9))],
    'CanonVRD': [
      false,
      joined(photo, encoder.encode('CANON OPTIONAL DATA\0'), new Uint8Array(42), Uint8Array.of(0xff, 0xd9)),
    ],
    'another format': [false, makeFile('png')],
  };
  const files = Object.values(ends).map(([, bytes]) => ({ kind: 'jpg' as const, bytes }));
  const answers = await comparison.ofBytes(files);
  assert.deepEqual(
    Object.fromEntries(Object.keys(ends).map((name, index) => [name, answers[index]])),
    Object.fromEntries(Object.entries(ends).map(([name, [answers]]) => [name, answers])),
  );
});

Deno.test('of IPTC that does not say how it is encoded it reads what is ASCII, and leaves all else to ExifTool', async () => {
  await using comparison = await Comparison.open();
  const texts: readonly [text: string, encoding: 'latin1' | 'utf8', charset: string, answers: boolean][] = [
    ['sea', 'latin1', '', true],
    ['Küste', 'latin1', '', false],
    ['Küste', 'utf8', '', false],
    ['Küste', 'utf8', '\x1b%G', true],
    ['sea', 'latin1', '\x1b.A', true],
    ['Küste', 'latin1', '\x1b.A', false],
    ['Küste', 'utf8', '\x1b.A', false],
    ['Küste', 'latin1', '\x1b%G', false],
  ];
  const files = texts.map(([text, encoding, charset]) => {
    const mark: DataSet[] = charset === '' ? [] : [[1, 90, Buffer.from(charset, 'latin1')]];
    const iptc = iptcBlock([...mark, [2, 25, Buffer.from(text, encoding)]]);
    return { kind: 'jpg' as const, bytes: withIptc(makeFile('jpg'), iptc) };
  });
  assert.deepEqual(await comparison.ofBytes(files), texts.map(([, , , answers]) => answers));
});

/** Found by the fuzzer: to Perl's `$` a number with a line break behind it is one too. */
Deno.test('of numbers and truth values before a line break', async () => {
  await using comparison = await Comparison.open();
  const texts = ['5', '1.10', '-0', '1e5', '007', 'True', 'FALSE', 'a', ''];
  const ends = ['\n', '\n\n', ' \n', '\n '];
  const packets = texts.flatMap((text) => ends.map((end) => text + end)).map((text) =>
    newSidecar([{ tag: 'XMP-xmp:Rating', before: null, after: 'RATING' }, {
      tag: 'XMP-dc:Subject',
      before: null,
      after: ['ENTRY', 'b'],
    }])?.replace('RATING', text).replace('ENTRY', text) ?? ''
  );
  const answers = await comparison.ofBytes(packets.map((text) => ({ kind: 'xmp', bytes: encoder.encode(text) })));
  assert.ok(answers.filter(Boolean).length > 20);
});

Deno.test('of the photo of a camera, and of what write-back itself leaves in it, it never says nothing', async () => {
  await using comparison = await Comparison.open();
  await using world = await World.open();
  const paths: string[] = [];
  for (const [index, bytes] of [makeFile('jpg'), makeFile('jpg', 6), photoWithEverything()].entries()) {
    const path = await world.add(`${index}.jpg`, bytes);
    const before = comparison.newPath('jpg');
    await Deno.copyFile(path, before);
    await world.write(path, RECORD, { destination: 'both' });
    paths.push(before, path, `${path}.xmp`);
  }
  assert.deepEqual(await comparison.of(paths), paths.map(() => true));
});

function startOfScan(bytes: Uint8Array): number {
  return bytes.findIndex((byte, index) => byte === 0xff && bytes[index + 1] === 0xda);
}

Deno.test('of XMP that would wear out a reader it says nothing, at once', () => {
  const rdf = (inside: string) =>
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${inside}</rdf:RDF></x:xmpmeta>`;
  const many = 100_000;
  const packets = {
    deep: rdf(`${'<a:b>'.repeat(many)}${'</a:b>'.repeat(many)}`),
    open: rdf('<a:b>'.repeat(many)),
    blank: rdf(`<rdf:Description ${' '.repeat(many * 10)}<`),
    'many attributes': rdf(`<rdf:Description ${'a:b="" '.repeat(many)}/>`),
    'attributes that never end': rdf(`<rdf:Description ${'a:b="'.repeat(many)}`),
    'a long name': rdf(`<${'a'.repeat(many * 10)} ${'a'.repeat(many)}/>`),
    entities: rdf(
      `<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:description="${'&'.repeat(many)}"/>`,
    ),
  };
  for (const [what, packet] of Object.entries(packets)) {
    const started = performance.now();
    assert.equal(quickSidecar(encoder.encode(packet)), undefined, what);
    // Milliseconds; a reader that is worn out takes minutes.
    assert.ok(performance.now() - started < 30_000, what);
  }
});
