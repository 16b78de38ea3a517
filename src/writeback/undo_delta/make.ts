import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type Common, commonOfFiles } from './common.ts';
import { findMatches } from './matches.ts';
import { OpenFile } from './open_file.ts';
import { type Between, BLOCK, type UndoDelta } from './undo_delta.ts';

/** How much is kept at most to undo one write, and up to when it is not looked for in the new file. */
export interface DeltaLimits {
  readonly most: number;
  readonly plain: number;
}

/** A longer search costs more than room on the disk; more than 16 MiB is no metadata any more. */
export const DELTA_LIMITS: DeltaLimits = Object.freeze({ most: 16 << 20, plain: 256 << 10 });

/**
 * What makes the old file out of the new one. Both are read in blocks; memory holds what is kept.
 *
 * Returns undefined when more would have to be kept than `most`.
 *
 * @param original the file as it is
 * @param written the one that takes its place
 * @param common what both begin and end with
 */
export function makeDelta(
  original: string,
  written: string,
  limits = DELTA_LIMITS,
  { prefix, suffix, crc }: Common = commonOfFiles(written, original),
): UndoDelta | undefined {
  using old = new OpenFile(original);
  using made = new OpenFile(written);
  const between = (file: OpenFile) => ({ file, from: prefix, to: file.size - suffix });
  const length = old.size - suffix - prefix;
  const found = length <= limits.plain
    ? { pieces: length === 0 ? [] : [{ literal: length }], literals: old.readAt(prefix, Buffer.allocUnsafe(length)) }
    : findMatches(between(old), between(made), limits.most);
  if (found === undefined) return undefined;
  return {
    ...{ prefix, suffix, commonCrc: crc },
    written: describeBetween(made, prefix, suffix),
    original: describeBetween(old, prefix, suffix),
    ...found,
  };
}

/** Size of a file, and digest of what lies between its beginning and its end. */
export function describeBetween(file: OpenFile, prefix: number, suffix: number): Between {
  const hash = createHash('sha256');
  for (const block of file.blocks(prefix, file.size - suffix, BLOCK)) hash.update(block);
  return { size: file.size, sha256: hash.digest('hex') };
}
