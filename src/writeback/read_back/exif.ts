import type { Buffer } from 'node:buffer';
import * as names from '../tag_names.ts';
import type { Tags } from '../tags.ts';

/** What is read of each directory, by the number of the tag. */
const ROOT: Directory = new Map([
  [0x010e, names.EXIF_IMAGE_DESCRIPTION],
  [0x4746, names.EXIF_RATING],
  [0x4749, names.EXIF_RATING_PERCENT],
]);
const EXIF: Directory = new Map([
  [0x9003, names.DATE_TIME_ORIGINAL],
  [0x9004, names.CREATE_DATE],
  [0x9011, names.OFFSET_TIME_ORIGINAL],
  [0x9012, names.OFFSET_TIME_DIGITIZED],
  [0x9291, names.SUB_SEC_TIME_ORIGINAL],
  [0x9292, names.SUB_SEC_TIME_DIGITIZED],
  [0x9286, names.USER_COMMENT],
]);
const GPS: Directory = new Map([
  [1, names.GPS_LATITUDE_REF],
  [2, names.GPS_LATITUDE],
  [3, names.GPS_LONGITUDE_REF],
  [4, names.GPS_LONGITUDE],
]);

const EXIF_POINTER = 0x8769;
const GPS_POINTER = 0x8825;

/** Bytes per value of each type of TIFF 6.0, from BYTE to DOUBLE. */
const TYPE_SIZES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
const ASCII = 2;
const SHORT = 3;
const RATIONAL = 5;
const UNDEFINED = 7;

type Directory = ReadonlyMap<number, string>;

/** Reads the tags that write-back writes out of an EXIF block (TIFF 6.0, EXIF 2.32). undefined when it is not in order. */
export function readExif(block: Buffer): Tags | undefined {
  try {
    return new ExifReader(block).read();
  } catch (error) {
    if (error instanceof RangeError) return undefined; // an offset that leads outside
    throw error;
  }
}

class ExifReader {
  readonly #block: Buffer;
  readonly #isLittleEndian: boolean;
  readonly #tags: Record<string, string> = {};

  constructor(block: Buffer) {
    this.#block = block;
    this.#isLittleEndian = block.toString('latin1', 0, 2) === 'II';
  }

  read(): Tags {
    const root = this.#directory(this.#long(4), ROOT);
    const [exif, gps] = [root.get(EXIF_POINTER), root.get(GPS_POINTER)];
    if (exif !== undefined) this.#directory(this.#long(exif), EXIF);
    if (gps !== undefined) this.#directory(this.#long(gps), GPS);
    return this.#tags;
  }

  /** Notes the known tags, and returns where the others have their values. */
  #directory(at: number, known: Directory): ReadonlyMap<number, number> {
    const others = new Map<number, number>();
    for (let entry = at + 2, left = this.#short(at); left > 0; entry += 12, left--) {
      const tag = this.#short(entry);
      const name = known.get(tag);
      if (name === undefined) others.set(tag, entry + 8);
      else {
        const value = this.#value(this.#short(entry + 2), this.#long(entry + 4), entry + 8);
        if (value !== undefined) this.#tags[name] = value;
      }
    }
    return others;
  }

  #value(type: number, count: number, at: number): string | undefined {
    const size = (TYPE_SIZES[type] ?? 0) * count;
    const from = size > 4 ? this.#long(at) : at;
    if (from + size > this.#block.length) throw new RangeError('outside the block');
    if (type === ASCII) return this.#block.toString('utf8', from, from + size).replace(/\0.*$/s, '');
    if (type === SHORT) return String(this.#short(from));
    if (type === UNDEFINED) return this.#comment(this.#block.subarray(from, from + size));
    if (type !== RATIONAL || count !== 3) return undefined;
    const [degrees = NaN, minutes = NaN, seconds = NaN] = [0, 8, 16].map((step) =>
      this.#long(from + step) / this.#long(from + step + 4)
    );
    return String(degrees + minutes / 60 + seconds / 3600);
  }

  /** A text behind eight bytes that name its encoding. */
  #comment(bytes: Buffer): string | undefined {
    const [encoding, text] = [bytes.toString('latin1', 0, 8), bytes.subarray(8)];
    if (encoding === 'ASCII\0\0\0') return text.toString('latin1').replace(/\0+$/, '');
    if (encoding !== 'UNICODE\0') return undefined;
    return new TextDecoder(this.#isLittleEndian ? 'utf-16le' : 'utf-16be').decode(text);
  }

  #short(at: number): number {
    return this.#isLittleEndian ? this.#block.readUInt16LE(at) : this.#block.readUInt16BE(at);
  }

  #long(at: number): number {
    return this.#isLittleEndian ? this.#block.readUInt32LE(at) : this.#block.readUInt32BE(at);
  }
}
