import { Buffer } from 'node:buffer';

/** The segments of a JPEG that hold metadata, by their markers and how they begin. They are ExifTool's to write. */
const METADATA: readonly { readonly marker: number; readonly begins: string }[] = Object.freeze([
  { marker: 0xe1, begins: 'Exif\0\0' },
  { marker: 0xe1, begins: 'http://ns.adobe.com/xap/1.0/\0' },
  { marker: 0xe1, begins: 'http://ns.adobe.com/xmp/extension/\0' },
  { marker: 0xed, begins: 'Photoshop 3.0\0' },
]);

const START_OF_IMAGE = 0xffd8;
const START_OF_SCAN = 0xda;

/** What stands before the picture is never longer, but for files that are none. */
const LONGEST_HEADER = 1 << 20;
const CHUNK = 1 << 20;

/** Where the picture begins, and everything before it that is no metadata. */
interface Header {
  readonly scanAt: number;
  /** The segments, one after the other. */
  readonly rest: Uint8Array;
}

/**
 * Whether two JPEGs are the same but for EXIF, XMP and IPTC: every other segment (colour profile, other pictures' places,
 * comments), the picture, and whatever stands behind it, byte for byte. That says more than ExifTool's hash of the image, which takes
 * 4.5 ms for a megabyte where this takes 0.5.
 *
 * false also when that cannot be told, as one of them is no JPEG or an odd one.
 */
export async function isSameBesidesMetadata(path: string, otherPath: string): Promise<boolean> {
  using file = await Deno.open(path);
  using other = await Deno.open(otherPath);
  const [header, otherHeader] = [await readHeader(file), await readHeader(other)];
  if (header === undefined || otherHeader === undefined) return false;
  return areEqual(header.rest, otherHeader.rest) && await hasSameEnd(file, header.scanAt, other, otherHeader.scanAt);
}

async function readHeader(file: Deno.FsFile): Promise<Header | undefined> {
  let bytes = new Uint8Array(1 << 16);
  let length = await fill(file, bytes);
  for (;;) {
    const header = parseHeader(bytes.subarray(0, length));
    if (header !== 'more') return header;
    if (length < bytes.length || length >= LONGEST_HEADER) return undefined;
    const longer = new Uint8Array(bytes.length * 4);
    longer.set(bytes);
    length += await fill(file, longer.subarray(length));
    bytes = longer;
  }
}

/** undefined for what is no JPEG, `more` when it goes on behind these bytes. */
function parseHeader(bytes: Uint8Array): Header | 'more' | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 2 || view.getUint16(0) !== START_OF_IMAGE) return undefined;
  const rest: Uint8Array[] = [];
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    if (marker === START_OF_SCAN) return { scanAt: at, rest: joined(rest) };
    const end = at + 2 + view.getUint16(at + 2);
    if (end > bytes.length) return 'more';
    const segment = bytes.subarray(at, end);
    if (!isMetadata(marker, segment.subarray(4))) rest.push(segment);
    at = end;
  }
  return 'more';
}

function isMetadata(marker: number, content: Uint8Array): boolean {
  return METADATA.some((kind) =>
    kind.marker === marker && [...kind.begins].every((letter, index) => content[index] === letter.charCodeAt(0))
  );
}

async function hasSameEnd(file: Deno.FsFile, at: number, other: Deno.FsFile, otherAt: number): Promise<boolean> {
  const [chunk, otherChunk] = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)];
  await file.seek(at, Deno.SeekMode.Start);
  await other.seek(otherAt, Deno.SeekMode.Start);
  for (;;) {
    const [length, otherLength] = [await fill(file, chunk), await fill(other, otherChunk)];
    if (!areEqual(chunk.subarray(0, length), otherChunk.subarray(0, otherLength))) return false;
    if (length < CHUNK) return true;
  }
}

/** Reads until the buffer is full or the file ends; returns how much there was. */
async function fill(file: Deno.FsFile, buffer: Uint8Array): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const read = await file.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return length;
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
