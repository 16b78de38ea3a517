import { Buffer } from 'node:buffer';
import { BYTE_MUTATIONS, edited } from './bytes.ts';
import { mutatedExif } from './exif.ts';
import { mutatedPhotoshop } from './iptc.ts';
import { type Choices, type Mutation, repeated, replaced, shortened, swapped } from './random.ts';
import { mutatedXmp } from './xmp.ts';

interface Segment {
  readonly marker: number;
  readonly body: Buffer;
  /** What its length says beyond that. */
  readonly lie?: number;
}

/** Before the picture, and from there on. */
interface Jpeg {
  readonly segments: readonly Segment[];
  readonly rest: Buffer;
}

function parse(bytes: Buffer): Jpeg {
  const segments: Segment[] = [];
  let at = 2;
  for (; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda;) {
    const length = bytes.readUInt16BE(at + 2);
    segments.push({ marker: bytes[at + 1] ?? 0, body: bytes.subarray(at + 4, at + 2 + length) });
    at += 2 + Math.max(2, length);
  }
  return { segments, rest: bytes.subarray(at) };
}

function assemble({ segments, rest }: Jpeg): Buffer {
  const parts = segments.map(({ marker, body, lie = 0 }) => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE((body.length + 2 + lie) & 0xffff, 2);
    return Buffer.concat([head, body]);
  });
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...parts, rest]);
}

const KINDS = [
  { begins: Buffer.from('Exif\0\0'), mutation: mutatedExif },
  { begins: Buffer.from('http://ns.adobe.com/xap/1.0/\0'), mutation: mutatedXmp },
  { begins: Buffer.from('Photoshop 3.0\0'), mutation: mutatedPhotoshop },
];

/** The metadata of one segment is almost as it was. */
const insideOf: Mutation<readonly Segment[]> = (segments, choices) => {
  const known = segments.flatMap((segment, index) => {
    const kind = KINDS.find(({ begins }) => segment.body.subarray(0, begins.length).equals(begins));
    return kind === undefined ? [] : [{ index, ...kind }];
  });
  if (known.length === 0) return repeated(segments, choices);
  const { index, begins, mutation } = choices.of(known);
  const { marker = 0xe1, body = Buffer.alloc(0) } = segments[index] ?? {};
  const inside = mutation(body.subarray(begins.length), choices);
  return segments.toSpliced(index, 1, { marker, body: Buffer.concat([begins, inside]) });
};

/** Segments that may be there beside. */
const OTHERS: readonly Segment[] = [
  { marker: 0xfe, body: Buffer.from('a comment') },
  { marker: 0xe0, body: Buffer.from('JFXX\0\x10\xff\xd8', 'latin1') },
  { marker: 0xe0, body: Buffer.from('CIFF\0') },
  { marker: 0xe1, body: Buffer.from('Exif\0\0') },
  { marker: 0xe1, body: Buffer.from('Exif\0\xff', 'latin1') },
  { marker: 0xe1, body: Buffer.alloc(0) },
  { marker: 0xe1, body: Buffer.from('http://ns.adobe.com/xap/1.0/\0') },
  { marker: 0xe1, body: Buffer.from(`http://ns.adobe.com/xmp/extension/\0${'A'.repeat(32)}\0\0\0\x05\0\0\0\0<a:b>`) },
  { marker: 0xe1, body: Buffer.from('PARROT\0') },
  { marker: 0xe2, body: Buffer.from('MPF\0MM\0*\0\0\0\x08\0\0', 'latin1') },
  { marker: 0xe2, body: Buffer.from('ICC_PROFILE\0\x01\x01') },
  { marker: 0xe3, body: Buffer.from('Meta\0\0') },
  { marker: 0xe4, body: Buffer.from('FPXR\0') },
  { marker: 0xe7, body: Buffer.from('PENTAX \0II', 'latin1') },
  { marker: 0xeb, body: Buffer.from('JP\0\0') },
  { marker: 0xec, body: Buffer.from('Ducky\0\x01\0\x04\0\0\0\x50') },
  { marker: 0xed, body: Buffer.from('Photoshop 3.0\0') },
  { marker: 0xed, body: Buffer.from('Adobe_Photoshop2.5:') },
  { marker: 0xee, body: Buffer.from('Adobe\0\x64\0\0\0\0\x01') },
  { marker: 0xef, body: Buffer.from('Q\0') },
];

const SEGMENT_MUTATIONS: readonly Mutation<Segment>[] = [
  (segment, choices) => ({ ...segment, lie: choices.of([-1, 1, -2, 2, 200]) }),
  (segment, choices) => ({
    ...segment,
    marker: choices.of([0xe0, 0xe1, 0xe2, 0xed, 0xfe, 0xd8, 0xd9, 0x01, 0xc4, 0xdb]),
  }),
  (segment, choices) => ({ ...segment, body: segment.body.subarray(0, choices.below(segment.body.length + 1)) }),
  (segment, choices) => ({ ...segment, body: choices.of(BYTE_MUTATIONS)(segment.body, choices) }),
];

const LIST_MUTATIONS: readonly Mutation<readonly Segment[]>[] = [
  swapped,
  repeated,
  shortened,
  (segments, choices) => segments.toSpliced(choices.below(segments.length + 1), 0, choices.of(OTHERS)),
  (segments, choices) => replaced(segments, choices, choices.of(SEGMENT_MUTATIONS)),
  // One segment in two, as programs do with what is longer than 64 KiB.
  (segments, choices) => {
    const at = choices.below(segments.length);
    const { marker, body } = segments[at] ?? { marker: 0xfe, body: Buffer.alloc(0) };
    const half = choices.below(body.length + 1);
    const begins = KINDS.find(({ begins }) => body.subarray(0, begins.length).equals(begins))?.begins ??
      Buffer.alloc(0);
    return segments.toSpliced(at, 1, { marker, body: body.subarray(0, half) }, {
      marker,
      body: Buffer.concat([begins, body.subarray(half)]),
    });
  },
];

/** Behind the picture. */
const ENDS: readonly ((rest: Buffer, choices: Choices) => Buffer)[] = [
  (rest) => Buffer.concat([rest, Buffer.from([0])]),
  (rest) => rest.subarray(0, -1),
  (rest) => Buffer.concat([rest, rest]),
  (rest) => Buffer.concat([rest, Buffer.from('AXS!\0\0\0\0\0\0\0\x0c')]),
  (rest) => edited(rest, (copy) => void copy.write('CANON OPTIONAL DATA\0', Math.max(0, copy.length - 64), 'latin1')),
  (rest, choices) => Buffer.concat([rest, Buffer.alloc(choices.below(80), 0x20), Buffer.from([0xff, 0xd9])]),
];

/** A JPEG, almost as it was. */
export const mutatedJpeg: Mutation<Buffer> = (bytes, choices) => {
  const { segments, rest } = parse(bytes);
  if (segments.length === 0) return choices.of(BYTE_MUTATIONS)(bytes, choices);
  if (choices.once(20)) return assemble({ segments, rest: choices.of(ENDS)(rest, choices) });
  const changed = choices.once(4) ? choices.of(LIST_MUTATIONS)(segments, choices) : insideOf(segments, choices);
  return assemble({ segments: changed, rest });
};
