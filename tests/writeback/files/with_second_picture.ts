import { encodeJpeg } from '../../../src/demo/library_generator/media/jpeg.ts';
import { drawPicture } from '../../../src/demo/library_generator/media/picture.ts';

const text = (value: string) => new TextEncoder().encode(value);
const QUANTIZATION_TABLE = 0xdb;
const APPLICATION_2 = 0xe2;

/**
 * Puts a second picture behind a JPEG and a segment that says where (CIPA DC-007), as telephones do for gain maps. The
 * distance is counted from the segment, so that it is wrong as soon as anything grows between the two.
 */
export function withSecondPicture(jpeg: Uint8Array): Uint8Array<ArrayBuffer> {
  const second = encodeJpeg(drawPicture('night', 2, 80, 60));
  let at = 2;
  while (jpeg[at + 1] !== QUANTIZATION_TABLE) at += 2 + (jpeg[at + 2] ?? 0) * 256 + (jpeg[at + 3] ?? 0);
  const length = 2 + 'MPF\0'.length + index(0, 0, 0).length;
  const firstLength = jpeg.length + 2 + length;
  const offset = firstLength - (at + 4 + 'MPF\0'.length);
  const header = Uint8Array.of(0xff, APPLICATION_2, length >> 8, length & 255);
  const segment = [...header, ...text('MPF\0'), ...index(firstLength, second.length, offset)];
  return Uint8Array.from([...jpeg.subarray(0, at), ...segment, ...jpeg.subarray(at), ...second]);
}

/** A TIFF directory with version, number of pictures, and 16 bytes for each. */
function index(firstLength: number, secondLength: number, secondOffset: number): number[] {
  const long = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const entry = (
    tag: number,
    type: number,
    count: number,
    value: number[],
  ) => [tag >> 8, tag & 255, 0, type, ...long(count), ...value];
  const entries = [
    ...entry(0xb000, 7, 4, [...text('0100')]),
    ...entry(0xb001, 4, 1, long(2)),
    ...entry(0xb002, 7, 32, long(50)),
  ];
  const pictures = [
    ...[...long(0x030000), ...long(firstLength), ...long(0), ...long(0)],
    ...[...long(0), ...long(secondLength), ...long(secondOffset), ...long(0)],
  ];
  return [...text('MM\0*'), ...long(8), 0, 3, ...entries, ...long(0), ...pictures];
}
