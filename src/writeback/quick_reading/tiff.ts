import type { Buffer } from 'node:buffer';

/** An entry of a directory, and where its value is. */
export interface TiffEntry {
  readonly type: number;
  readonly count: number;
  readonly at: number;
  /** In bytes. */
  readonly size: number;
}

/** A directory of entries by their tags (TIFF 6.0, IFD), and where the next one is; 0 = there is none. */
export class TiffDirectory {
  constructor(readonly entries: ReadonlyMap<number, TiffEntry>, readonly next: number) {}
}

/** Bytes per value of each type of TIFF 6.0, from BYTE to DOUBLE. */
const TYPE_SIZES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/** Header of a block: byte order, 42, and where the first directory is. */
const HEADER_SIZE = 8;
const ENTRY_SIZE = 12;

/** A TIFF structure in which every directory and value lies inside, in the order in which it ought to be. */
export class TiffBlock {
  readonly bytes: Buffer;
  readonly isLittleEndian: boolean;
  readonly rootAt: number;

  private constructor(bytes: Buffer, isLittleEndian: boolean) {
    this.bytes = bytes;
    this.isLittleEndian = isLittleEndian;
    this.rootAt = this.long(4);
  }

  /** undefined when it does not begin like one. */
  static open(bytes: Buffer): TiffBlock | undefined {
    const order = bytes.toString('latin1', 0, 4);
    if (bytes.length < HEADER_SIZE || (order !== 'II*\0' && order !== 'MM\0*')) return undefined;
    return new TiffBlock(bytes, order.startsWith('I'));
  }

  /** The directory that begins there; undefined when it is not in order. */
  directory(at: number): TiffDirectory | undefined {
    const { length } = this.bytes;
    if (at < HEADER_SIZE || at + 2 > length) return undefined;
    const count = this.short(at);
    const end = at + 2 + count * ENTRY_SIZE;
    if (count === 0 || end + 4 > length) return undefined;
    const entries = new Map<number, TiffEntry>();
    let last = -1;
    for (let entryAt = at + 2; entryAt < end; entryAt += ENTRY_SIZE) {
      const [tag, type, values] = [this.short(entryAt), this.short(entryAt + 2), this.long(entryAt + 4)];
      const size = (TYPE_SIZES[type] ?? 0) * values;
      const valueAt = size > 4 ? this.long(entryAt + 8) : entryAt + 8;
      const isInside = size <= 4 || (valueAt >= HEADER_SIZE && valueAt + size <= length);
      const isOverlapping = size > 4 && valueAt < end && valueAt + size > at;
      if (tag <= last || size === 0 || !isInside || isOverlapping) return undefined;
      entries.set(tag, { type, count: values, at: valueAt, size });
      last = tag;
    }
    return new TiffDirectory(entries, this.long(end));
  }

  /** The directory that an entry leads to; an empty one when there is no such entry, undefined when it is not in order. */
  directoryAt({ entries }: TiffDirectory, tag: number): TiffDirectory | undefined {
    const entry = entries.get(tag);
    if (entry === undefined) return new TiffDirectory(new Map(), 0);
    return entry.type === LONG && entry.count === 1 ? this.directory(this.long(entry.at)) : undefined;
  }

  short(at: number): number {
    return this.isLittleEndian ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  long(at: number): number {
    return this.isLittleEndian ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }
}

const LONG = 4;
