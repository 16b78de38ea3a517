import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { OpenFile } from './open_file.ts';
import { BLOCK } from './undo_delta.ts';

/** What two files begin and end with alike. */
export interface Common {
  readonly prefix: number;
  readonly suffix: number;
  readonly crc: number;
}

/** The first look at how two files begin: most differ within the first bytes. */
const FIRST_LOOK = 1 << 12;

/** For one comparison at a time: to have new ones zeroed for each file took longer than to compare. */
const BLOCKS = [Buffer.allocUnsafeSlow(BLOCK), Buffer.allocUnsafeSlow(BLOCK)] as const;

/** Native comparisons of whole blocks: 0.1 ms a megabyte. */
export function commonOf(a: OpenFile, b: OpenFile): Common {
  const [first, second] = BLOCKS;
  const shorter = Math.min(a.size, b.size);
  let crc = 0;
  let prefix = 0;
  for (let block = FIRST_LOOK; prefix < shorter; block = Math.min(BLOCK, block * 4)) {
    const length = Math.min(block, shorter - prefix);
    const [x, y] = [a.readAt(prefix, first.subarray(0, length)), b.readAt(prefix, second.subarray(0, length))];
    const same = sameBytes(length, (from, to) => x.subarray(from, to).equals(y.subarray(from, to)));
    crc = crc32(x.subarray(0, same), crc);
    prefix += same;
    if (same < length) break;
  }
  let suffix = 0;
  const most = shorter - prefix;
  while (suffix < most) {
    const length = Math.min(BLOCK, most - suffix);
    const x = a.readAt(a.size - suffix - length, first.subarray(0, length));
    const y = b.readAt(b.size - suffix - length, second.subarray(0, length));
    const same = sameBytes(
      length,
      (from, to) => x.subarray(length - to, length - from).equals(y.subarray(length - to, length - from)),
    );
    crc = crc32(x.subarray(length - same), crc);
    suffix += same;
    if (same < length) break;
  }
  return { prefix, suffix, crc };
}

/** The same of two files by their paths. */
export function commonOfFiles(path: string, other: string): Common {
  using a = new OpenFile(path);
  using b = new OpenFile(other);
  return commonOf(a, b);
}

/** The CRC-32 of what a file begins and ends with, in the order in which commonOf reads it. */
export function crcOfCommon(file: OpenFile, { prefix, suffix }: Pick<Common, 'prefix' | 'suffix'>): number {
  let crc = 0;
  for (const block of file.blocks(0, prefix, BLOCK)) crc = crc32(block, crc);
  const buffer = Buffer.allocUnsafe(Math.min(BLOCK, suffix));
  for (let done = 0; done < suffix; done += BLOCK) {
    const length = Math.min(BLOCK, suffix - done);
    crc = crc32(file.readAt(file.size - done - length, buffer.subarray(0, length)), crc);
  }
  return crc;
}

/** How many of `length` bytes are the same before the first that is not, by halves. */
function sameBytes(length: number, isSame: (from: number, to: number) => boolean): number {
  if (isSame(0, length)) return length;
  let [from, to] = [0, length];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (isSame(from, middle)) from = middle;
    else to = middle;
  }
  return from;
}
