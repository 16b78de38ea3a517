import assert from 'node:assert/strict';
import fc from '../../harness/drawing.ts';
import { pathArgument } from '../../../src/writeback/exiftool/arguments.ts';
import { readTags } from '../../../src/writeback/exiftool/read.ts';
import { writeArguments } from '../../../src/writeback/exiftool/write.ts';
import { quickReading } from '../../../src/writeback/quick_reading/quick_reading.ts';
import type { TagChange, WritePlan } from '../../../src/writeback/tags.ts';
import { NOTHING_OWN, type TagValue } from '../../../src/writeback/fields/values.ts';
import type { XmpForm } from '../../../src/writeback/fields/tag.ts';
import { missingChanges } from '../../../src/writeback/verify.ts';
import { PROPERTIES } from '../../../src/writeback/xmp/properties.ts';
import { newSidecar } from '../../../src/writeback/xmp/write.ts';
import { Comparison } from '../quick_reading/compare.ts';

/** What people call each other and their photos, and what would break a file that is put together from texts. */
const TEXTS: readonly string[] = [
  'Anna Müller',
  'a, b; "c" \'d\'',
  '<rdf:li>not an entry</rdf:li>',
  '</rdf:li></rdf:Bag>',
  '&amp; &#65; & &nbsp;',
  ']]>',
  '<!-- no comment -->',
  '<![CDATA[data]]>',
  'two\nlines\n\nand an empty one',
  '\ttab',
  ' blanks around ',
  '-execute',
  '-XMP-dc:Subject=x',
  '=',
  '#[CSTR]a\\nb',
  '\\u0041 \\x41',
  'base64:QUFB',
  '%f ${x} $(x) `x`',
  '\u202eright to left\u202c',
  'שלום',
  '👩‍👩‍👧‍👦',
  'e\u0301 and é',
  'no\u00a0break\u2028line\u2029paragraph',
  '\ufeffmark',
  'x'.repeat(10_000),
  'True',
  'false',
  '007',
  '1.10',
  '-0',
  '1e5',
  '0',
];

const text = () =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((value) => value.trim() !== ''),
  );

const share = () => fc.double({ min: 0, max: 1, noNaN: true }).map((value) => Number(value.toFixed(6)));

/** Only ExifTool writes the others. */
type OwnForm = Exclude<XmpForm, 'microsoftRegions'>;

const VALUES: Readonly<Record<OwnForm, fc.Arbitrary<TagValue>>> = {
  bag: fc.uniqueArray(text(), { minLength: 1, maxLength: 4 }),
  seq: fc.uniqueArray(text(), { minLength: 1, maxLength: 4 }),
  alt: text(),
  text: text(),
  number: fc.integer({ min: 0, max: 99 }),
  date: fc.constantFrom('2023:07:14 15:30:01.53+10:00', '0001:01:01 00:00:00', '9999:12:31 23:59:59.999-03:30'),
  angle: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: -90_000_000, max: 90_000_000 }).map((value) => value / 1e6) },
    fc.constantFrom(-33.856784, 90, -1e-7, 59.9999999999, 0),
  ),
  regions: fc.record({
    AppliedToDimensions: fc.constant({ W: 4032, H: 3024, Unit: 'pixel' }),
    RegionList: fc.array(
      fc.record({
        Name: text(),
        Type: fc.constant('Face'),
        Area: fc.record({ X: share(), Y: share(), W: share(), H: share(), Unit: fc.constant('normalized') }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
};

const OWN_PROPERTIES = PROPERTIES.flatMap(({ tag, form }) => form === 'microsoftRegions' ? [] : [{ tag, form }]);

const changes: fc.Arbitrary<TagChange[]> = fc.subarray(OWN_PROPERTIES, { minLength: 1 }).chain((properties) =>
  fc.tuple(
    ...properties.map(({ tag, form }) => VALUES[form].map((after): TagChange => ({ tag, before: null, after }))),
  ).map((parts) => [...parts])
);

function planFor(path: string, parts: readonly TagChange[]): WritePlan {
  return { path, kind: 'sidecar', isNew: true, changes: parts, own: NOTHING_OWN, seen: undefined };
}

Deno.test('a new sidecar says to ExifTool what one says that ExifTool has made', async () => {
  await using comparison = await Comparison.open();
  const { directory, pool } = comparison;
  await Deno.writeTextFile(`${directory}/empty.xmp`, EMPTY);
  let made = 0;
  await fc.assert(
    fc.asyncProperty(changes, async (parts) => {
      const content = newSidecar(parts);
      if (content === undefined) return;
      made++;
      const [ours, theirs] = [comparison.newPath('xmp'), comparison.newPath('xmp')];
      const plan = planFor(ours, parts);
      await Deno.writeTextFile(ours, content);
      const command = writeArguments(plan, `${directory}/empty.xmp`, theirs, `${directory}/in.json`);
      await Deno.writeTextFile(`${directory}/in.json`, command.json);
      await pool.run(command.args);
      const [our, their] = await allTags(pool, [ours, theirs]);
      assert.deepEqual(our, their, content);
      // And without ExifTool.
      const quick = await quickReading(ours, 'sidecar', content.length);
      if (quick !== undefined) assert.deepEqual(missingChanges(plan, quick.tags), [], content);
      await comparison.of([ours, theirs]);
    }),
    { numRuns: 120, endOnFailure: true },
  );
  assert.ok(made > 100, `${made}`);
  assert.ok(comparison.counts.answered > comparison.counts.files / 2, JSON.stringify(comparison.counts));
});

const EMPTY = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF " +
  "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'></rdf:RDF></x:xmpmeta>\n";

/** Everything that ExifTool sees in these files, but for their names and who has made them. */
async function allTags(pool: Comparison['pool'], paths: readonly string[]): Promise<unknown[]> {
  const { output } = await pool.run([
    '-n',
    '-json',
    '-G1',
    '-struct',
    '-a',
    '-u',
    '-XMP:all',
    '-Warning',
    '-Error',
    ...paths.map(pathArgument),
  ]);
  const entries: Record<string, unknown>[] = JSON.parse(output);
  return paths.map((path) => {
    const { SourceFile: _, 'XMP-x:XMPToolkit': __, ...tags } = entries.find(({ SourceFile }) => SourceFile === path) ??
      {};
    for (const tag of ['XMP-exif:GPSLatitude', 'XMP-exif:GPSLongitude']) {
      if (tags[tag] !== undefined) tags[tag] = Number(Number(tags[tag]).toFixed(8));
    }
    return tags;
  });
}

/** Minutes that round up to a whole degree: `33,60N` is no angle to some readers. */
Deno.test('an angle is never written with sixty minutes', async () => {
  await using comparison = await Comparison.open();
  const tag = 'XMP-exif:GPSLatitude';
  for (
    const [degrees, written] of [
      [33.999_999_999_99, '34,0N'],
      [-33.999_999_999_99, '34,0S'],
      [33.999_999_9, '33,59.999994N'],
      [0.999_999_999_999, '1,0N'],
      [89.999_999_999_999, '90,0N'],
      [12.5, '12,30N'],
      [-0.000_1, '0,0.006S'],
    ] as const
  ) {
    const content = newSidecar([{ tag, before: null, after: degrees }]) ?? '';
    assert.match(content, new RegExp(`<exif:GPSLatitude>${written}</exif:GPSLatitude>`));
    const path = comparison.newPath('xmp');
    Deno.writeTextFileSync(path, content);
    const read = (await readTags(comparison.pool, [path], [tag])).get(path)?.tags[tag];
    assert.ok(Math.abs(Number(read) - degrees) < 1e-9, `${degrees}: ${read}`);
  }
});

Deno.test('what has no known form is left to ExifTool', () => {
  const change = (tag: string, after: TagValue | null): TagChange => ({ tag, before: null, after });
  const right = change('XMP-dc:Description', 'right');
  assert.ok(newSidecar([right]));
  const odd: readonly TagChange[] = [
    change('XMP-dc:Title', 'a tag that is never written'),
    change('XMP-dc:Subject', null),
    change('XMP-dc:Subject', []),
    change('XMP-dc:Subject', ['a', '']),
    change('XMP-dc:Subject', ['control \u0001 character']),
    change('XMP-dc:Subject', ['half of a \ud83d pair']),
    change('XMP-tiff:ImageDescription', 'carriage\rreturn'),
    change('XMP-xmp:CreateDate', '2023'),
    change('XMP-exif:GPSLatitude', NaN),
    change('XMP-exif:GPSLatitude', '12.5'),
    change('XMP-mwg-rs:RegionInfo', { RegionList: [{ Name: 'a', Extensions: { Odd: 'x' } }] }),
    change('XMP-mwg-rs:RegionInfo', { RegionList: [] }),
  ];
  for (const part of odd) assert.equal(newSidecar([right, part]), undefined, JSON.stringify(part));
  assert.equal(newSidecar([]), undefined);
});
