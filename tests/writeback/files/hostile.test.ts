import assert from 'node:assert/strict';
import fc from '../../harness/drawing.ts';
import { ImmichReader } from './as_immich_reads.ts';
import { makeFile } from './media.ts';
import { RECORD, World } from './world.ts';

/** Names that mean something to ExifTool, to a shell, to XML, to JSON, or to a reader of lists. */
const NAMES: readonly string[] = [
  'a, b; c',
  '"quoted" \'twice\'',
  'two\nlines',
  '-execute',
  '\n-execute\n-o\n/tmp/evil.jpg\n',
  '-o',
  '=value',
  '+=value',
  '#[CSTR]-execute',
  '# comment',
  '@file',
  '$(touch evil) `touch evil`',
  '%d%f',
  '<=file',
  '&lt;b&gt; &#65; &amp;',
  '<rdf:li>x</rdf:li>',
  'base64:AAAA',
  'True',
  'FALSE',
  '1.10',
  '007',
  '1e3',
  '{Name=x}',
  '[a,b]',
  '|x|',
  '\\n \\u0041',
  '{ready}',
  '{ready1}\n',
  '\u202eright to left\u05d0',
  '👩‍👩‍👧 𝔘𝔫𝔦',
  'cafe\u0301',
  'tab\there',
  'x'.repeat(10_000),
  '__proto__',
  'constructor',
];

/** ExifTool's JSON, from which Immich reads, has these as numbers and truth values. */
function isShownOtherwise(text: string): boolean {
  return /^\s*(?:true|false|-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*$/i.test(text);
}

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll("'", '&#39;').replaceAll(
    '"',
    '&quot;',
  );

Deno.test('names round-trip whatever they mean to anybody, and run nothing', async () => {
  await using world = await World.open(['people', 'caption', 'faces']);
  const people = NAMES.map((name, id) => ({ id: String(id), name }));
  const face = { imageWidth: 1000, imageHeight: 1000, x1: 10, y1: 10, x2: 60, y2: 60 };
  const faces = NAMES.map((personName, at) => ({ ...face, personName, x1: 10 + at * 20, x2: 20 + at * 20 }));
  const options = { fields: ['people', 'faces'], destination: 'both' } as const;
  const path = await world.add('a.jpg', makeFile('jpg'));
  const { refused } = await world.write(path, { ...RECORD, people, faces }, options);
  assert.deepEqual(refused, []);
  assert.deepEqual(world.names(), ['a.jpg', 'a.jpg.xmp']);
  const sidecar = await Deno.readTextFile(`${path}.xmp`);
  for (const name of NAMES) {
    const spellings = [escapeXml(name), escapeXml(name).replaceAll('&quot;', '"')];
    for (const element of ['rdf:li', 'mwg-rs:Name']) {
      const isThere = spellings.some((text) => sidecar.includes(`<${element}>${text}</${element}>`));
      assert.ok(isThere, `${element} lacks ${JSON.stringify(name)}`);
    }
  }
  for (const state of [() => {}, () => world.forget()]) {
    state();
    assert.deepEqual((await world.plan(path, { ...RECORD, people, faces }, options)).plans, []);
  }
});

Deno.test('each of these names can be taken out again', async () => {
  await using world = await World.open(['people']);
  const reader = new ImmichReader();
  const path = await world.add('a.jpg', makeFile('jpg'));
  const fields = ['people'] as const;
  const before = await reader.raw(path);
  await world.write(path, { ...RECORD, people: NAMES.map((name, id) => ({ id: String(id), name })) }, { fields });
  await world.write(path, { ...RECORD, people: [{ id: 'z', name: 'Zoe' }] }, { fields });
  const left = await reader.raw(path);
  assert.deepEqual([left['XMP-dc:Subject'], left['XMP-iptcExt:PersonInImage']].flat(), ['Zoe', 'Zoe']);
  await world.write(path, { ...RECORD, people: [] }, { fields });
  const raw = await reader.raw(path);
  for (const tag of ['XMP-dc:Subject', 'XMP-iptcExt:PersonInImage', 'IPTC:Keywords']) {
    assert.equal(raw[tag], before[tag]);
  }
});

for (const format of ['jpg', 'tif', 'png', 'mp4'] as const) {
  Deno.test(`any caption and any name is the same after reading it back, or refused: ${format}`, async () => {
    await using world = await World.open(['people', 'caption']);
    const reader = new ImmichReader();
    const anyText = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(...NAMES),
      fc.string({ unit: fc.constantFrom(...'-=+#@\n\r\t "\'&<>{}[]|\\,;:/$%\0\u0007'), maxLength: 20 }),
    );
    // The library that Immich reads with takes it for the end of an answer.
    const text = anyText.filter((value) => !value.includes('{ready'));
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        text.filter((caption) => !isShownOtherwise(caption)),
        fc.array(text, { maxLength: 3 }),
        async (description, names) => {
          const path = await world.add(`${number++}.${format}`, makeFile(format));
          const record = { ...RECORD, description, people: names.map((name, id) => ({ id: String(id), name })) };
          const options = { fields: ['people', 'caption'] } as const;
          const { refused } = await world.write(path, record, options);
          const isRefused = refused.some((sentence) => sentence.startsWith('the description'));
          const view = await reader.read(path);
          const wanted = description.replace(/\r\n?/g, '\n').trim();
          assert.equal(view.description, isRefused ? '' : [...wanted].slice(0, 2000).join('').trim());
          world.forget();
          assert.deepEqual((await world.plan(path, record, options)).plans, []);
        },
      ),
      { numRuns: 40 },
    );
    assert.equal(world.names().length, number);
  });
}

Deno.test('what no file can hold is refused by name, and the rest is written', async () => {
  await using world = await World.open();
  const reader = new ImmichReader();
  const path = await world.add('a.jpg', makeFile('jpg'));
  const people = ['nul\0', 'bell\u0007', 'half \ud83d', 'Anna'].map((name, id) => ({ id: String(id), name }));
  const { refused } = await world.write(path, { ...RECORD, people, description: 'x\0y', faces: [] }, {
    fields: ['people', 'caption', 'rating'],
  });
  assert.equal(refused.length, 4);
  assert.match(refused.join('\n'), /the name "bell\\u0007" contains characters that metadata cannot hold/);
  const raw = await reader.raw(path);
  assert.deepEqual([raw['XMP-dc:Subject']].flat(), ['Anna']);
  assert.equal(raw['XMP-dc:Description'], undefined);
  assert.equal(raw['XMP-xmp:Rating'], 4);
});

const NO_PLACES: readonly [number, number][] = [[NaN, 1], [1, Infinity], [90.1, 0], [0, -180.5]];
for (const [latitude, longitude] of NO_PLACES) {
  Deno.test(`there is no place at ${latitude}, ${longitude}`, async () => {
    await using world = await World.open(['gps']);
    const path = await world.add('a.jpg', makeFile('jpg'));
    const { plans, refused } = await world.plan(path, { ...RECORD, position: { latitude, longitude } }, {
      fields: ['gps'],
    });
    assert.deepEqual([plans, refused.length], [[], 1]);
  });
}

Deno.test('places at the edges keep their hemispheres', async () => {
  await using world = await World.open(['gps']);
  const reader = new ImmichReader();
  for (
    const [latitude, longitude] of [[-90, 180], [90, -180], [0, 5.5], [-0.000001, -0.000001], [
      12.3456789,
      -179.9999999,
    ]]
  ) {
    const path = await world.add(`${latitude} ${longitude}.jpg`, makeFile('jpg'));
    await world.write(path, { ...RECORD, position: { latitude: latitude ?? 0, longitude: longitude ?? 0 } }, {
      fields: ['gps'],
    });
    const view = await reader.read(path);
    assert.ok(Math.abs((view.latitude ?? 99) - (latitude ?? 0)) < 1.1e-6, `${view.latitude}`);
    assert.ok(Math.abs((view.longitude ?? 999) - (longitude ?? 0)) < 1.1e-6, `${view.longitude}`);
  }
});

const YEARS: readonly [year: string, isWritable: boolean][] = [['0000', false], ['0001', true], ['1850', true], [
  '9999',
  true,
], ['+010000', false]];
for (const [year, isWritable] of YEARS) {
  Deno.test(`the year ${year} is ${isWritable ? 'written' : 'refused'}`, async () => {
    await using world = await World.open(['time']);
    for (const format of ['jpg', 'mp4'] as const) {
      const path = await world.add(`a.${format}`, makeFile(format));
      const moment = `${year}-06-01T12:00:00.000Z`;
      const capturedAt = { instant: moment, timeZone: 'UTC', localDateTime: moment };
      const { plans, refused } = await world.write(path, { ...RECORD, capturedAt }, {
        fields: ['time'],
        destination: 'both',
      });
      assert.deepEqual([plans.length, refused.length], isWritable ? [2, 0] : [0, 1]);
      world.forget();
      assert.deepEqual(
        (await world.plan(path, { ...RECORD, capturedAt }, { fields: ['time'], destination: 'both' })).plans,
        [],
      );
    }
  });
}
