import { Buffer } from 'node:buffer';
import { deflateSync, inflateSync } from 'node:zlib';
import type { UndoDelta } from './undo_delta.ts';

/** Of the kind below; another one is left to the program that knows it. */
const VERSION = 1;
const LENGTH_BYTES = 4;

/** A delta as bytes, compressed: the length of what is said about it, that as JSON, and the literals. */
export function encodeDelta({ literals, ...facts }: UndoDelta): Uint8Array {
  const head = Buffer.from(JSON.stringify({ version: VERSION, ...facts }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  // The fastest level: what is kept of photos is compressed already.
  return deflateSync(Buffer.concat([length, head, literals]), { level: 1 });
}

/** undefined when it is of another version. */
export function decodeDelta(bytes: Uint8Array): UndoDelta | undefined {
  const plain = inflateSync(bytes);
  const end = LENGTH_BYTES + plain.readUInt32BE(0);
  const { version, ...facts } = JSON.parse(plain.toString('utf8', LENGTH_BYTES, end));
  return version === VERSION ? { ...facts, literals: plain.subarray(end) } : undefined;
}
