import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';

/**
 * The value of `GCamera:HdrPlusMakernote` as telephones of Google's write it: a protobuf, zipped, under a key that is the same in all of them
 * and moves on with each eight bytes (xorshift64*), as base64.
 */
export function hdrPlusMakerNote(protobuf: Uint8Array): string {
  const zipped = gzipSync(protobuf);
  const bytes = Buffer.concat([zipped, Buffer.alloc((8 - zipped.length % 8) % 8)]);
  let key = 0x2515606b4a7791cdn;
  for (let at = 0; at < bytes.length; at += 8) {
    key ^= key >> 12n;
    key ^= BigInt.asUintN(64, key << 25n);
    key ^= key >> 27n;
    key = BigInt.asUintN(64, key * 0x2545f4914f6cdd1dn);
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at) ^ key, at);
  }
  return Buffer.concat([Buffer.from('HDRP\x03'), bytes.subarray(0, zipped.length)]).toString('base64');
}
