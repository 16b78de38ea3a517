import { Buffer } from 'node:buffer';
import type { Choices, Mutation } from './random.ts';

/** Bytes that mean something in one of the formats. */
const TELLING = [
  0x00,
  0x01,
  0x02,
  0x1c,
  0x22,
  0x26,
  0x2f,
  0x3c,
  0x3e,
  0x7f,
  0x80,
  0xc3,
  0xd8,
  0xd9,
  0xda,
  0xe1,
  0xed,
  0xff,
];

/** Changes that need no knowledge of what the bytes are. */
export const BYTE_MUTATIONS: readonly Mutation<Buffer>[] = [
  (bytes, choices) => withByte(bytes, choices, (byte) => byte ^ (1 << choices.below(8))),
  (bytes, choices) => withByte(bytes, choices, () => choices.of(TELLING)),
  (bytes, choices) => {
    const at = choices.below(bytes.length + 1);
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.alloc(1 + choices.below(8), choices.of(TELLING)),
      bytes.subarray(at),
    ]);
  },
  (bytes, choices) => {
    const at = choices.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + choices.below(8))]);
  },
  (bytes, choices) => bytes.subarray(0, choices.below(bytes.length + 1)),
];

function withByte(bytes: Buffer, choices: Choices, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const at = choices.below(bytes.length);
  if (at < copy.length) copy[at] = change(copy[at] ?? 0) & 255;
  return copy;
}

/** A copy in which `write` has changed something. */
export function edited(bytes: Buffer, write: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  write(copy);
  return copy;
}
