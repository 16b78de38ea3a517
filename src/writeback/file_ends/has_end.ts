import { boxesEnd } from './boxes.ts';
import { ByteReader } from './byte_reader.ts';

/**
 * Whether a file has its end, by what its format says about it: a copy of which the rest has not arrived does not. Formats that do not
 * tell count as whole, and so does TIFF, where anything may be anywhere: ExifTool refuses to write one whose picture is not all there.
 *
 * Whatever lies behind the end (films of motion photos, second pictures, padding) is no fault.
 */
export function hasEnd(path: string): boolean {
  using reader = ByteReader.open(path);
  const start = reader.read(0, 16);
  const format = FORMATS.find(({ begins }) => begins(start));
  return format === undefined || format.ends(reader);
}

interface Format {
  readonly begins: (start: Uint8Array) => boolean;
  readonly ends: (reader: ByteReader) => boolean;
}

const FORMATS: readonly Format[] = [
  { begins: (start) => startsWith(start, 0, [0xff, 0xd8, 0xff]), ends: jpegEnds },
  { begins: (start) => startsWith(start, 0, [0x89, ...ascii('PNG')]), ends: pngEnds },
  { begins: (start) => startsWith(start, 0, ascii('RIFF')), ends: riffEnds },
  // JPEG 2000 and JPEG XL begin with a box of 12 bytes, films and HEIF with `ftyp`, old films with any of the others.
  { begins: (start) => BOXES.some((type) => startsWith(start, 4, ascii(type))), ends: boxesEnd },
];

const BOXES: readonly string[] = ['ftyp', 'jP  ', 'JXL ', 'moov', 'mdat', 'wide', 'free', 'skip'];

/** In the data of a picture no two bytes look like this marker. In what comes before it they may: a preview, a profile. */
const END_OF_IMAGE = Uint8Array.of(0xff, 0xd9);
const [START_OF_SCAN, RESTARTS] = [0xda, [0x01, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]];

function jpegEnds(reader: ByteReader): boolean {
  let at = 2;
  for (;;) {
    const [mark, marker = 0, high, low] = reader.read(at, 4);
    if (high === undefined || low === undefined) return false;
    // What should not be there is passed over by most readers.
    if (mark !== 0xff) break;
    // Fill bytes.
    if (marker === 0xff) at++;
    else if (RESTARTS.includes(marker)) at += 2;
    else if (marker === START_OF_SCAN) break;
    else at += 2 + high * 256 + low;
  }
  return endsWith(reader, END_OF_IMAGE) || reader.includes(END_OF_IMAGE, at);
}

const END_OF_PNG = Uint8Array.of(...ascii('IEND'), 0xae, 0x42, 0x60, 0x82);

function pngEnds(reader: ByteReader): boolean {
  // One that begins with anything else is broken from the first byte, and no copy will repair it.
  if (!startsWith(reader.read(8, 8), 4, ascii('IHDR'))) return reader.size >= 16;
  return endsWith(reader, END_OF_PNG) || reader.includes(END_OF_PNG, 8);
}

function riffEnds(reader: ByteReader): boolean {
  return 8 + reader.view(4, 4).getUint32(0, true) <= reader.size;
}

function endsWith(reader: ByteReader, bytes: Uint8Array): boolean {
  return startsWith(reader.read(reader.size - bytes.length, bytes.length), 0, [...bytes]);
}

function startsWith(bytes: Uint8Array, at: number, expected: readonly number[]): boolean {
  return expected.every((byte, index) => bytes[at + index] === byte);
}

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}
