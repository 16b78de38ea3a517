import { createHash } from 'node:crypto';
import { Buffer } from 'node:buffer';

const APPLICATION_1 = 0xe1;
/** As much as fits beside the header of 75 bytes. */
const PART = 65_400;

/**
 * Puts XMP into a JPEG, in two packets: what is too long for one segment stands in others, and the first packet names them by their digest (XMP
 * specification, part 3, "JPEG").
 *
 * @param main the first packet, with `GUID` in place of the digest
 */
export function withExtendedXmp(jpeg: Uint8Array, main: string, extended: string): Uint8Array<ArrayBuffer> {
  const rest = Buffer.from(extended);
  const digest = createHash('md5').update(rest).digest('hex').toUpperCase();
  const segments = [segment(Buffer.from(`http://ns.adobe.com/xap/1.0/\0${main.replace('GUID', digest)}`))];
  for (let at = 0; at < rest.length; at += PART) {
    const numbers = Buffer.alloc(8);
    numbers.writeUInt32BE(rest.length);
    numbers.writeUInt32BE(at, 4);
    const head = Buffer.from(`http://ns.adobe.com/xmp/extension/\0${digest}`);
    segments.push(segment(Buffer.concat([head, numbers, rest.subarray(at, at + PART)])));
  }
  return Uint8Array.from(Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]));
}

function segment(content: Buffer): Buffer {
  const head = Buffer.of(0xff, APPLICATION_1, 0, 0);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}
