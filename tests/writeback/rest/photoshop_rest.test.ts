import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { isSamePhotoshop } from '../../../src/writeback/rest/photoshop_rest.ts';
import { type DataSet, iptcBlock } from '../files/iptc_blocks.ts';

const IPTC = 0x0404;
const DIGEST = 0x0425;
const CAPTION: DataSet = [2, 120, Buffer.from('a caption')];
const CITY: DataSet = [2, 90, Buffer.from('Kiel')];

/** A resource of Photoshop's as it is stored: what it is called, and its content, are filled up to an even length. */
function resource(id: number, content: Uint8Array, name = ''): Buffer {
  const head = Buffer.from([...Buffer.from('8BIM'), id >> 8, id & 0xff, name.length, ...Buffer.from(name)]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length);
  return Buffer.concat([head, Buffer.alloc(head.length % 2), size, content, Buffer.alloc(content.length % 2)]);
}

const OTHERS = [resource(0x03ed, Buffer.from('300 dpi'), 'abc'), resource(0x040c, Buffer.from('thumbnail'), 'ab')];
const BEFORE = [...OTHERS, resource(IPTC, iptcBlock([CAPTION, CITY])), resource(DIGEST, Buffer.alloc(16, 1))];
const WRITTEN = [
  resource(IPTC, iptcBlock([[2, 120, Buffer.from('another')], CITY])),
  resource(DIGEST, Buffer.alloc(16, 2)),
];
const TAGS = ['IPTC:Caption-Abstract', 'Photoshop:IPTCDigest'];

for (
  const [what, after, tags, isSame] of [
    ['nothing', BEFORE, [], true],
    ['what the plan says', [...OTHERS, ...WRITTEN], TAGS, true],
    ['a data set that the plan does not name', [...OTHERS, ...WRITTEN], ['IPTC:City', 'Photoshop:IPTCDigest'], false],
    ['a digest that the plan does not name', [...OTHERS, ...WRITTEN], ['IPTC:Caption-Abstract'], false],
    [
      'another resource',
      [resource(0x03ed, Buffer.from('299 dpi'), 'abc'), ...OTHERS.slice(1), ...WRITTEN],
      TAGS,
      false,
    ],
    [
      'the name of a resource',
      [resource(0x03ed, Buffer.from('300 dpi'), 'abd'), ...OTHERS.slice(1), ...WRITTEN],
      TAGS,
      false,
    ],
    ['a resource that is missing', [...OTHERS.slice(1), ...WRITTEN], TAGS, false],
    ['a resource that is new', [...OTHERS, resource(0x03f3, Buffer.from('x')), ...WRITTEN], TAGS, false],
    ['what is none of Photoshop’s', [...OTHERS, ...WRITTEN, Buffer.from('no resource of any kind')], TAGS, false],
    [
      'an end that is missing',
      [...OTHERS, ...WRITTEN, resource(0x03f3, Buffer.alloc(40)).subarray(0, 30)],
      TAGS,
      false,
    ],
  ] as const
) {
  Deno.test(`Photoshop’s resources beside what was written: ${what} ${isSame ? 'may be' : 'is'} different`, () => {
    assert.equal(isSamePhotoshop(Buffer.concat(BEFORE), Buffer.concat([...after]), tags), isSame);
  });
}

Deno.test('a photo without Photoshop’s resources has none but IPTC afterwards', () => {
  const iptc = resource(IPTC, iptcBlock([CAPTION]));
  assert.equal(isSamePhotoshop(undefined, iptc, TAGS), true);
  assert.equal(isSamePhotoshop(undefined, Buffer.concat([...OTHERS, iptc]), TAGS), false);
  assert.equal(isSamePhotoshop(iptc, undefined, TAGS), true);
  assert.equal(isSamePhotoshop(iptc, undefined, []), false);
});
