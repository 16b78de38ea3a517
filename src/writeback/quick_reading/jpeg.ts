import { Buffer } from 'node:buffer';

/** The segments of a JPEG that hold metadata, by their markers and how they begin. They are ExifTool's to write. */
const METADATA = Object.freeze({
  exif: { marker: 0xe1, begins: Buffer.from('Exif\0\0') },
  xmp: { marker: 0xe1, begins: Buffer.from('http://ns.adobe.com/xap/1.0/\0') },
  extendedXmp: { marker: 0xe1, begins: Buffer.from('http://ns.adobe.com/xmp/extension/\0') },
  photoshop: { marker: 0xed, begins: Buffer.from('Photoshop 3.0\0') },
});

export type MetadataKind = keyof typeof METADATA;
const KINDS = Object.keys(METADATA) as MetadataKind[];

const START_OF_IMAGE = 0xffd8;
const START_OF_SCAN = 0xda;

export interface Segment {
  readonly marker: number;
  /** Marker and length included. */
  readonly bytes: Buffer;
}

/** What stands before the picture. */
export interface JpegHeader {
  readonly metadata: readonly { readonly kind: MetadataKind; readonly content: Buffer }[];
  /** Every other segment: colour profile, thumbnails of telephones, where other pictures are, comments. */
  readonly others: readonly Segment[];
  /** Where the picture begins. */
  readonly scanAt: number;
}

/** undefined for what is no JPEG, or an odd one; `more` when the picture does not begin in these bytes. */
export function parseJpegHeader(bytes: Buffer): JpegHeader | 'more' | undefined {
  if (bytes.length < 2 || bytes.readUInt16BE(0) !== START_OF_IMAGE) return undefined;
  const metadata: { kind: MetadataKind; content: Buffer }[] = [];
  const others: Segment[] = [];
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff || marker < 0xc0 || marker === 0xff) return undefined;
    if (marker === START_OF_SCAN) return { metadata, others, scanAt: at };
    const length = bytes.readUInt16BE(at + 2);
    const end = at + 2 + length;
    if (length < 2) return undefined;
    if (end > bytes.length) return 'more';
    const content = bytes.subarray(at + 4, end);
    const kind = KINDS.find((name) => {
      const { marker: wanted, begins } = METADATA[name];
      return wanted === marker && content.subarray(0, begins.length).equals(begins);
    });
    if (kind === undefined) others.push({ marker, bytes: bytes.subarray(at, end) });
    else metadata.push({ kind, content: content.subarray(METADATA[kind].begins.length) });
    at = end;
  }
  return 'more';
}

/** How the segments begin of which nothing more is known to follow, by their markers. All that a decoder needs is among them. */
const PLAIN: ReadonlyMap<number, readonly string[]> = new Map([
  [0xe0, ['JFIF\0', 'JFXX\0']],
  [0xe2, ['ICC_PROFILE\0']],
  [0xec, ['Ducky']],
  [0xee, ['Adobe']],
]);
const FIRST_APPLICATION = 0xe0;
const LAST_APPLICATION = 0xef;
const COMMENT = 0xfe;
const START_OF_FRAME = 0xc0;
const LAST_OF_PICTURE = 0xdd;

/** Bytes at the end of a file by which ExifTool knows what stands behind the picture. */
export const END_LENGTH = 64;

/**
 * Whether ExifTool finds no metadata in a JPEG but in the segments that hold it: no other picture or film, no private
 * segments, nothing behind the end.
 *
 * @param end the last END_LENGTH bytes of the file
 */
export function isPlainJpeg({ others }: JpegHeader, end: Buffer): boolean {
  return others.every(isPlain) && end.length === END_LENGTH && end.readUInt16BE(END_LENGTH - 2) === 0xffd9 &&
    !end.toString('latin1').startsWith('CANON OPTIONAL DATA\0') && !/AXS[!*].{8}$/s.test(end.toString('latin1'));
}

function isPlain({ marker, bytes }: Segment): boolean {
  if (marker >= FIRST_APPLICATION && marker <= LAST_APPLICATION) {
    return PLAIN.get(marker)?.some((begins) => bytes.toString('latin1', 4, 4 + begins.length) === begins) ?? false;
  }
  return marker === COMMENT || (marker >= START_OF_FRAME && marker <= LAST_OF_PICTURE && !isStandalone(marker));
}

/** Markers without a length (RST, SOI, EOI) have no place before the picture. */
function isStandalone(marker: number): boolean {
  return marker >= 0xd0 && marker <= 0xd9;
}
