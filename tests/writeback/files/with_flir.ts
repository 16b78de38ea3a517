import { Buffer } from 'node:buffer';

/** A JPEG with the place that a thermal camera of FLIR has noted in a segment of its own. */
export function withFlirPlace(jpeg: Uint8Array, latitude: number, longitude: number): Uint8Array {
  const place = Buffer.alloc(0x50);
  place.writeUInt32LE(1, 0);
  place.write(latitude < 0 ? 'S' : 'N', 0x08, 'latin1');
  place.write(longitude < 0 ? 'W' : 'E', 0x0a, 'latin1');
  place.writeDoubleLE(latitude, 0x10);
  place.writeDoubleLE(longitude, 0x18);
  const header = Buffer.alloc(0x40);
  header.write('FFF\0', 'latin1');
  [101, header.length, 1].forEach((value, index) => header.writeUInt32LE(value, 0x14 + index * 4));
  const entry = Buffer.alloc(0x20);
  entry.writeUInt16LE(0x2b, 0);
  entry.writeUInt32LE(header.length + entry.length, 0x0c);
  entry.writeUInt32LE(place.length, 0x10);
  const content = Buffer.concat([Buffer.from('FLIR\0\x01\0\0', 'latin1'), header, entry, place]);
  const marker = Buffer.from([0xff, 0xe1, 0, 0]);
  marker.writeUInt16BE(content.length + 2, 2);
  // Behind EXIF, as these cameras have it.
  const at = 2 + (jpeg[2] === 0xff && jpeg[3] === 0xe1 ? 2 + Buffer.from(jpeg).readUInt16BE(4) : 0);
  return Buffer.concat([jpeg.subarray(0, at), marker, content, jpeg.subarray(at)]);
}
