import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type DataSet, dataSetsOf, iptcBlock, UTF8_MARK, withIptc } from './iptc_blocks.ts';
import { joined } from '../quick_reading/damage.ts';
import { makeFile } from './media.ts';
import { makeRareFile } from './rare_formats.ts';
import { setTags } from './set_tags.ts';
import { BLANK, World } from './world.ts';

/** IPTC of others stays as it is, byte for byte: what it says, how it is encoded, and in which order. */

const latin = (text: string) => Buffer.from(text, 'latin1');
const utf8 = (text: string) => Buffer.from(text);
const KEYWORD = 25;

/** What ExifTool would cut, complete or reorder if it had to write it anew. */
const OTHERS: readonly DataSet[] = [
  [2, 0, Buffer.from([0, 2])],
  [2, 5, latin('x'.repeat(70))],
  [2, 80, latin('By-line of 48 bytes, where the standard has 32..')],
  [2, 60, latin('123015')],
  [2, 55, latin('2020')],
  [2, 12, latin('')],
];

interface Case {
  readonly what: string;
  readonly block: readonly DataSet[];
  /** Keywords that come, of Anna and Zoë; undefined: IPTC stays as a whole. */
  readonly added: readonly Uint8Array[] | undefined;
  readonly isMarked: boolean;
}

const CASES: readonly Case[] = [
  {
    what: 'Latin-1 that does not say so gets what is ASCII',
    block: [...OTHERS, [2, 80, latin('Jürg Größe aus dem Dörfchen Ä')], [2, KEYWORD, latin('Küste')]],
    added: [utf8('Anna')],
    isMarked: false,
  },
  {
    what: 'an encoding that is declared, and none that everybody knows, gets what is ASCII',
    block: [[1, 90, latin('\x1b.A')], ...OTHERS, [2, KEYWORD, latin('Küste')]],
    added: [utf8('Anna')],
    isMarked: false,
  },
  {
    what: 'UTF-8 that does not say so gets its mark, and all',
    block: [...OTHERS, [2, 90, utf8('Köln')], [2, KEYWORD, utf8('Küste')]],
    added: [utf8('Anna'), utf8('Zoë')],
    isMarked: true,
  },
  { what: 'ASCII gets the mark of UTF-8, and all', block: OTHERS, added: [utf8('Anna'), utf8('Zoë')], isMarked: true },
  {
    what: 'UTF-8 gets all',
    block: [UTF8_MARK, ...OTHERS, [2, KEYWORD, utf8('Küste')]],
    added: [utf8('Anna'), utf8('Zoë')],
    isMarked: false,
  },
];

const record = { ...BLANK, people: [{ id: '1', name: 'Anna' }, { id: '2', name: 'Zoë' }] };
const options = { fields: ['people'] } as const;

for (const { what, block, added, isMarked } of CASES) {
  Deno.test(`IPTC of others: ${what}`, async () => {
    await using world = await World.open();
    const path = await world.add('a.jpg', withIptc(makeFile('jpg'), iptcBlock(block)));
    const [before] = blocksOf(Deno.readFileSync(path));
    await world.write(path, record, options);
    const [after] = blocksOf(Deno.readFileSync(path));
    const sets = dataSetsOf(after ?? Buffer.alloc(0));
    // ExifTool adds the version of the envelope beside the mark.
    const isOfEnvelope = ([record]: DataSet) => record === 1;
    const keywords = (added ?? []).map((data): DataSet => [2, KEYWORD, data]);
    assert.deepEqual(
      sets.filter((set) => !isOfEnvelope(set)),
      [...block.filter((s) => !isOfEnvelope(s)), ...keywords].map(asBuffer),
    );
    assert.equal(sets.some(([record, number]) => record === 1 && number === 90), isMarked || block[0]?.[0] === 1);
    world.forget();
    assert.deepEqual((await world.plan(path, record, options)).plans, []);
    await world.undoAll();
    // ExifTool has added the version of the envelope, which undo by tags does not know.
    const undone = dataSetsOf(blocksOf(Deno.readFileSync(path))[0] ?? Buffer.alloc(0));
    assert.deepEqual(
      undone.filter(([record, number]) => record === 2 || number === 90),
      dataSetsOf(before ?? Buffer.alloc(0)),
    );
  });
}

const asBuffer = ([record, number, data]: DataSet): DataSet => [record, number, Buffer.from(data)];

Deno.test('IPTC of others: of two blocks neither is touched, nor is one in a trailer; the names are in XMP', async () => {
  const [one, two] = [
    iptcBlock([[2, KEYWORD, utf8('one')]]),
    iptcBlock([[2, KEYWORD, utf8('two')], [2, 5, utf8('title')]]),
  ];
  await using world = await World.open();
  const files = { 'two.jpg': withIptc(makeFile('jpg'), one, two), 'trailer.jpg': withTrailer(makeFile('jpg'), two) };
  for (const [name, bytes] of Object.entries(files)) {
    const path = await world.add(name, bytes);
    const before = blocksOf(Deno.readFileSync(path));
    await world.write(path, record, options);
    const after = Deno.readFileSync(path);
    assert.deepEqual(blocksOf(after), before, name);
    assert.ok(Buffer.from(after).subarray(-60).includes(Buffer.from(bytes.subarray(-20))), `the end of ${name}`);
    const [seen] = await world.writer.look([{ path, realPath: path }]);
    assert.deepEqual(seen?.media.tags['XMP-dc:Subject'], name === 'two.jpg' ? ['one', 'Anna', 'Zoë'] : ['Anna', 'Zoë']);
    assert.deepEqual((await world.plan(path, record, options)).plans, []);
    // As if an earlier version had put a keyword there that nobody wants any more.
    world.own.set(path, { lists: { 'IPTC:Keywords': [{ value: 'one', fields: ['people'] }] }, values: {} });
    const { plans } = await world.plan(path, record, options);
    assert.deepEqual(plans.flatMap(({ changes }) => changes.filter(({ tag }) => tag.startsWith('IPTC:'))), []);
  }
});

for (const [name, make] of [['PNG', () => makeFile('png')], ['JPEG 2000', () => makeRareFile('jp2')]] as const) {
  Deno.test(`IPTC of others: in ${name} it is IPTC too`, async () => {
    await using world = await World.open();
    const path = await world.add(name === 'PNG' ? 'a.png' : 'a.jp2', make());
    await setTags(path, { 'IPTC:Keywords': ['Küste'], 'IPTC:By-line': 'Jürg Größe' }, ['-charset', 'iptc=Latin']);
    const before = Deno.readFileSync(path);
    await world.write(path, record, options);
    const [seen] = await world.writer.look([{ path, realPath: path }]);
    const tags = seen?.media.tags ?? {};
    assert.deepEqual(tags['IPTC:Keywords'], ['Küste', 'Anna']);
    assert.equal(tags['IPTC:CodedCharacterSet'], undefined);
    assert.deepEqual(tags['XMP-dc:Subject'], ['Küste', 'Anna', 'Zoë']);
    // In a PNG it is compressed.
    if (name === 'JPEG 2000') assert.ok(Buffer.from(Deno.readFileSync(path)).includes(latin('Jürg Größe')));
    await world.undoAll();
    assert.deepEqual(Deno.readFileSync(path), before);
  });
}

/** FotoStation keeps IPTC behind the picture: with a number of its kind, its size and a signature at the very end. */
function withTrailer(photo: Uint8Array, block: Uint8Array): Uint8Array<ArrayBuffer> {
  const end = Buffer.alloc(10);
  end.writeUInt16BE(1, 0);
  end.writeUInt32BE(block.length + end.length, 2);
  end.writeUInt32BE(0xa1b2c3d4, 6);
  return joined(photo, block, end);
}

/** IPTC as it is in the file. */
function blocksOf(photo: Uint8Array): Buffer[] {
  const bytes = Buffer.from(photo);
  const blocks: Buffer[] = [];
  for (let at = bytes.indexOf('8BIM\x04\x04\0\0'); at >= 0; at = bytes.indexOf('8BIM\x04\x04\0\0', at + 8)) {
    blocks.push(bytes.subarray(at + 12, at + 12 + bytes.readUInt32BE(at + 8)));
  }
  return blocks;
}
