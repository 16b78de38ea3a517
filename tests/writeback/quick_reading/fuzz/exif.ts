import { Buffer } from 'node:buffer';
import { BYTE_MUTATIONS, edited } from './bytes.ts';
import type { Choices, Mutation } from './random.ts';

/** Where the directories of a TIFF block are, and how its numbers are read and written. */
class Block {
  readonly isLittle: boolean;

  constructor(readonly bytes: Buffer) {
    this.isLittle = bytes.toString('latin1', 0, 2) === 'II';
  }

  short(at: number): number {
    if (at < 0 || at + 2 > this.bytes.length) return 0;
    return this.isLittle ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  long(at: number): number {
    if (at < 0 || at + 4 > this.bytes.length) return 0;
    return this.isLittle ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  /** A copy with another number. */
  set(at: number, value: number, size: 2 | 4): Buffer {
    if (at < 0 || at + size > this.bytes.length) return this.bytes;
    const number = size === 2 ? value & 0xffff : value >>> 0;
    return edited(this.bytes, (copy) => {
      if (this.isLittle) copy.writeUIntLE(number, at, size);
      else copy.writeUIntBE(number, at, size);
    });
  }

  /** Where directories begin: the first, those after it, and those that entries of them lead to. */
  directories(): number[] {
    const found: number[] = [];
    const waiting = [this.long(4)];
    for (let at = waiting.pop(); at !== undefined && found.length < 8; at = waiting.pop()) {
      if (at < 8 || at + 2 > this.bytes.length || found.includes(at)) continue;
      found.push(at);
      for (const entry of this.entries(at)) {
        if (POINTERS.includes(this.short(entry))) waiting.push(this.long(entry + 8));
      }
      waiting.push(this.long(this.endOf(at)));
    }
    return found;
  }

  entries(directory: number): number[] {
    const count = Math.min(this.short(directory), 100);
    return Array.from({ length: count }, (_, index) => directory + 2 + 12 * index)
      .filter((at) => at + 12 <= this.bytes.length);
  }

  /** Where the pointer to the next directory is. */
  endOf(directory: number): number {
    return directory + 2 + 12 * this.short(directory);
  }
}

const POINTERS = [0x8769, 0x8825, 0xa005, 0x014a];

/** Tags that are read, that lead further, and that hold other metadata. */
const TAGS = [
  ...[0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x001d],
  ...[0x00fe, 0x010e, 0x010f, 0x0110, 0x0112, 0x0131, 0x013b, 0x014a, 0x0201, 0x0202, 0x02bc],
  ...[0x4746, 0x4749, 0x8298, 0x83bb, 0x8649, 0x8769, 0x8825, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9286],
  ...[0x9291, 0x9292, 0x927c, 0x9c9b, 0xa005, 0xc4a5, 0xc634, 0xea1c, 0xfffe],
];

/** What may happen to a directory or one of its entries. */
type EntryMutation = (
  block: Block,
  at: { readonly directory: number; readonly entry: number },
  choices: Choices,
) => Buffer;

const ENTRY_MUTATIONS: readonly EntryMutation[] = [
  (block, { directory }, choices) => block.set(directory, block.short(directory) + choices.of([-1, 1, 2]), 2),
  (block, { directory }) => block.set(directory, 0, 2),
  (block, { directory }, choices) =>
    block.set(block.endOf(directory), choices.of([0, 8, directory, choices.below(block.bytes.length)]), 4),
  (block, { entry }, choices) => block.set(entry, choices.of(TAGS), 2),
  (block, { entry }, choices) => block.set(entry + 2, choices.of([0, 1, 2, 3, 4, 5, 7, 9, 10, 12, 13, 129]), 2),
  (block, { entry }, choices) =>
    block.set(entry + 4, choices.of([0, 1, 2, 3, block.long(entry + 4) + 1, block.long(entry + 4) - 1, 0xffffffff]), 4),
  (block, { entry }, choices) =>
    block.set(entry + 8, choices.of([0, 7, 8, choices.below(block.bytes.length), block.bytes.length]), 4),
  // The entry of its neighbour, once more; and the two the other way round.
  (block, { entry }) => edited(block.bytes, (copy) => void block.bytes.copy(copy, entry, entry + 12, entry + 24)),
  (block, { entry }) =>
    edited(block.bytes, (copy) => {
      block.bytes.copy(copy, entry, entry + 12, entry + 24);
      block.bytes.copy(copy, entry + 12, entry, entry + 12);
    }),
  // The value: other texts, fractions of nought.
  (block, { entry }, choices) => {
    const at = block.long(entry + 4) * 4 > 4 ? block.long(entry + 8) : entry + 8;
    const value = choices.of([
      Buffer.alloc(8),
      Buffer.from('ÄÖü\0x'),
      Buffer.from('    '),
      Buffer.from('true\0'),
      Buffer.from('\xe4\xf6', 'latin1'),
    ]);
    return edited(block.bytes, (copy) => void value.copy(copy, Math.min(at + choices.below(8), copy.length)));
  },
];

const BLOCK_MUTATIONS: readonly Mutation<Buffer>[] = [
  (bytes, choices) => edited(bytes, (copy) => void copy.write(choices.of(['II', 'MM', 'XX']), 0)),
  (bytes, choices) => new Block(bytes).set(2, choices.of([42, 43, 0x2a00, 85]), 2),
  (bytes, choices) => new Block(bytes).set(4, choices.of([0, 8, 9, choices.below(bytes.length)]), 4),
  (bytes, choices) => Buffer.concat([bytes, Buffer.alloc(choices.below(16), choices.of([0, 0xff]))]),
];

/** A TIFF block that is almost as it was. */
export const mutatedExif: Mutation<Buffer> = (bytes, choices) => {
  const block = new Block(bytes);
  const places = block.directories().flatMap((directory) =>
    block.entries(directory).map((entry) => ({ directory, entry }))
  );
  if (places.length > 0 && !choices.once(5)) return choices.of(ENTRY_MUTATIONS)(block, choices.of(places), choices);
  return choices.of([...BLOCK_MUTATIONS, ...BYTE_MUTATIONS])(bytes, choices);
};
