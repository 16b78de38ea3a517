import { Buffer } from 'node:buffer';
import { joined } from '../quick_reading/damage.ts';

/** A data set of IPTC-IIM: record, number, and what it says. */
export type DataSet = readonly [record: number, number: number, data: Uint8Array];

export const UTF8_MARK: DataSet = [1, 90, Buffer.from('\x1b%G')];

export function iptcBlock(sets: readonly DataSet[]): Buffer {
  return Buffer.concat(sets.map(([record, number, data]) => {
    const head = Buffer.from([0x1c, record, number, 0, 0]);
    head.writeUInt16BE(data.length, 3);
    return Buffer.concat([head, data]);
  }));
}

export function dataSetsOf(block: Uint8Array): DataSet[] {
  const bytes = Buffer.from(block);
  const sets: DataSet[] = [];
  for (let at = 0; at + 5 <= bytes.length && bytes[at] === 0x1c;) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    sets.push([bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes.subarray(at + 5, end)]);
    at = end;
  }
  return sets;
}

/** A JPEG with one more segment, in which Photoshop keeps IPTC: a resource for each block. */
export function withIptc(photo: Uint8Array, ...blocks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const resources = blocks.map((block) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(block.length);
    return Buffer.concat([Buffer.from('8BIM\x04\x04\0\0'), size, block, Buffer.alloc(block.length % 2)]);
  });
  const body = Buffer.concat([Buffer.from('Photoshop 3.0\0'), ...resources]);
  const head = Buffer.from([0xff, 0xed, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return joined(photo.subarray(0, 2), head, body, photo.subarray(2));
}
