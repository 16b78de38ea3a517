import type { Bytes } from './bytes.ts';
import { concat, startsWith, uint32, uint32LittleEndian, utf8 } from './bytes.ts';

/** Appends a `free` box, which every reader of MP4, MOV and HEIC skips (ISO/IEC 14496-12, 8.1.2). */
export function withFreeBox(file: Uint8Array, content: string): Bytes {
  const payload = utf8(content);
  return concat(file, uint32(8 + payload.length), utf8('free'), payload);
}

/** Appends an unknown chunk to a WebP, which readers must ignore, and corrects the length of the file. */
export function withWebpChunk(file: Uint8Array, content: string): Bytes {
  if (!startsWith(file, utf8('WEBP'), 8)) throw new Error('Not a WebP file.');
  const payload = utf8(content.length % 2 === 0 ? content : `${content} `);
  const body = concat(file.subarray(8), utf8('NOTE'), uint32LittleEndian(payload.length), payload);
  return concat(utf8('RIFF'), uint32LittleEndian(body.length), body);
}
