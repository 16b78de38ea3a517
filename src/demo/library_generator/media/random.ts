import { createHash } from 'node:crypto';

/**
 * Repeatable randomness: everything is derived from a seed and the *name* of the thing it is for, so that adding an
 * asset to the library changes nothing about the others.
 */
export function digestOf(seed: number, name: string): Uint8Array {
  return new Uint8Array(createHash('sha1').update(`${seed}:${name}`).digest());
}

/** A version 4 UUID for a named thing. */
export function uuidFor(seed: number, name: string): string {
  const bytes = digestOf(seed, `uuid:${name}`).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Numbers in [0, 1): the mulberry32 generator. */
export function randomNumbers(seed: number, name: string): () => number {
  let state = new DataView(digestOf(seed, name).buffer).getUint32(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lower-case hexadecimal text. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
