import { Buffer } from 'node:buffer';
import type { ByteReader } from './byte_reader.ts';

/** More of them than any film has: a fragment takes two and lasts a second or so. */
const MOST_BOXES = 1_000_000;

/** The index of a picture is small; its data may lie in it. */
const LARGEST_INDEX = 1 << 20;

/**
 * Whether all boxes of a film, or of a picture in boxes (ISO 14496-12), fit into the file, and none of those is missing without which there
 * is nothing to see: a copy that stops between two boxes looks fine box by box.
 */
export function boxesEnd(reader: ByteReader): boolean {
  const types = new Set<string>();
  let at = 0;
  for (let count = 0; count < MOST_BOXES && at < reader.size; count++) {
    const header = reader.view(at, 16);
    const type = String.fromCharCode(...new Uint8Array(header.buffer, 4, 4));
    const short = header.getUint32(0);
    const size = short === 1 ? Number(header.getBigUint64(8)) : short;
    types.add(type);
    if (type === 'meta' && includes(reader.read(at, Math.min(size, LARGEST_INDEX)), 'idat')) types.add('idat');
    // The last box may leave its size open; what is no box at all is padding.
    if (size < 8) break;
    at += size;
  }
  return at <= reader.size && isComplete(types);
}

function isComplete(types: ReadonlySet<string>): boolean {
  if (['jp2c', 'jxlc', 'jxlp'].some((type) => types.has(type))) return true;
  const hasData = types.has('mdat') || types.has('idat');
  return hasData && ['moov', 'moof', 'meta'].some((type) => types.has(type));
}

function includes(bytes: Uint8Array<ArrayBuffer>, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(text);
}
