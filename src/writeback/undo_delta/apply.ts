import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { openNew } from '../in_place.ts';
import { crcOfCommon } from './common.ts';
import { describeBetween } from './make.ts';
import { OpenFile } from './open_file.ts';
import { BLOCK, type UndoDelta } from './undo_delta.ts';
import { writeFully } from '../../files/write_fully.ts';

/** Whether a file is the one that a delta was made from, byte for byte. */
export function isWrittenFile(path: string, delta: UndoDelta): boolean {
  using file = new OpenFile(path);
  if (file.size !== delta.written.size) return false;
  return describeBetween(file, delta.prefix, delta.suffix).sha256 === delta.written.sha256 &&
    crcOfCommon(file, delta) === delta.commonCrc;
}

/**
 * Makes the original out of the file that was written.
 *
 * Throws when it has not become what it was.
 *
 * @param path the file that isWrittenFile knows
 * @param target a new file
 */
export function applyDelta(path: string, delta: UndoDelta, target: string): void {
  const { prefix, suffix, original } = delta;
  using made = openNew(target);
  using file = new OpenFile(path);
  const hash = createHash('sha256');
  let size = 0;
  const write = (bytes: Buffer) => {
    writeFully(made, bytes);
    size += bytes.length;
  };
  const writeBetween = (bytes: Buffer) => {
    hash.update(bytes);
    write(bytes);
  };
  const copy = (from: number, to: number, sink: (bytes: Buffer) => void) => {
    for (const block of file.blocks(from, to, BLOCK)) sink(block);
  };
  copy(0, prefix, write);
  let at = 0;
  for (const piece of delta.pieces) {
    if ('literal' in piece) writeBetween(Buffer.from(delta.literals.subarray(at, at += piece.literal)));
    else copy(piece.at, piece.at + piece.length, writeBetween);
  }
  copy(file.size - suffix, file.size, write);
  if (size !== original.size || hash.digest('hex') !== original.sha256) {
    throw new Error('What was kept does not make the file that it was.');
  }
}
