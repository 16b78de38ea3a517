/**
 * What makes the old file out of the new one, byte for byte. The two begin and end alike: only what lies between is kept, as it is
 * where it is short, else as pieces of the new file and of what that does not have.
 */
export interface UndoDelta {
  /** How many bytes both begin with, and end with. */
  readonly prefix: number;
  readonly suffix: number;
  /** CRC-32 of these, which both have. */
  readonly commonCrc: number;
  /** The file that it was made from, and the one that comes of it: sizes, and SHA-256 of what lies between. */
  readonly written: Between;
  readonly original: Between;
  readonly pieces: readonly Piece[];
  /** What the pieces take that the new file does not have, one after the other. */
  readonly literals: Uint8Array;
}

export interface Between {
  readonly size: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** So many bytes of the literals, or from there in the new file. */
export type Piece = { readonly literal: number } | { readonly at: number; readonly length: number };

/** Files are read in such blocks: enough for the disk to be what takes the time, and memory stays flat. */
export const BLOCK = 1 << 18;
