import { Buffer } from 'node:buffer';

/** A film with the place where it was taken as 3GPP has it (TS 26.244, 8.3): a box `loci` in the user data. */
export function withLoci(film: Uint8Array, latitude: number, longitude: number): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(film);
  const fixed = (degrees: number) => {
    const number = Buffer.alloc(4);
    number.writeInt32BE(Math.round(degrees * 0x10000));
    return number;
  };
  const language = Buffer.from([0x55, 0xc4]);
  const place = [fixed(longitude), fixed(latitude), fixed(0), Buffer.from('earth\0\0')];
  const udta = box('udta', [box('loci', [Buffer.alloc(4), language, Buffer.from([0, 0]), ...place])]);
  for (let at = 0; at + 8 <= bytes.length; at += bytes.readUInt32BE(at)) {
    if (bytes.toString('latin1', at + 4, at + 8) !== 'moov') continue;
    const end = at + bytes.readUInt32BE(at);
    bytes.writeUInt32BE(end - at + udta.length, at);
    moveChunks(bytes.subarray(at, end), udta.length);
    return Uint8Array.from(Buffer.concat([bytes.subarray(0, end), udta, bytes.subarray(end)]));
  }
  throw new Error('It has no box moov.');
}

/** What comes behind the table of the film is further on now. */
function moveChunks(moov: Buffer, by: number): void {
  for (let at = moov.indexOf('stco'); at >= 0; at = moov.indexOf('stco', at + 4)) {
    for (let entry = 0; entry < moov.readUInt32BE(at + 8); entry++) {
      const place = at + 12 + entry * 4;
      moov.writeUInt32BE(moov.readUInt32BE(place) + by, place);
    }
  }
}

function box(type: string, content: readonly Buffer[]): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(8 + content.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([length, Buffer.from(type), ...content]);
}
