import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync, statfsSync, unlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type FileIdentity, isFile, lstatOr, type SourceFile } from './identity.ts';
import { FileProblem } from './problem.ts';

/** Links `source` and looks whether that is what was linked: its directory may have been exchanged since it was inspected. */
export function linkExactly(source: SourceFile, name: string): void {
  Deno.linkSync(source.realPath, name);
  if (isFile(name, source)) return;
  unlinkSync(name);
  throw new FileProblem('changed', source.realPath);
}

/** Throws FileProblem unless `moved` is the file that was meant and it has another name; one that was the only one is given back. */
export function assertOther(
  moved: string,
  { source, expected }: { readonly source: string; readonly expected: FileIdentity },
  target: string,
): void {
  if (!isFile(moved, expected)) throw new FileProblem('changed', moved);
  if (lstatOr(source, undefined)?.isFile) return;
  Deno.linkSync(moved, source);
  unlinkSync(moved);
  throw new FileProblem('changed', target);
}

/** Lets only its owner read and write a file that has no other name; of one that has, the mode is the other's, too. */
export function closeToOthers(name: string): void {
  if (!lstatOr(name, undefined)?.isFile) return;
  const file = openSync(name, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (fstatSync(file).nlink === 1) fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

/** So much stays free on a disk that originals are copied to: PostgreSQL may be on the same. */
const RESERVE_BYTES = 1024 ** 3;

/** Throws FileProblem, `no-space`, when a file of this size would not leave the reserve free on the disk of a directory. Needs `--allow-sys=statfs`. */
export function assertSpace(directory: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < bytes + RESERVE_BYTES) throw new FileProblem('no-space', directory);
}

/** A megabyte at a time: covers are smaller, originals are not. */
const COPY_CHUNK_BYTES = 1 << 20;

/** Copies the bytes of `source`, and of no other file, into a new file that nobody else has made. */
export function copyExactly(source: SourceFile, name: string): void {
  for (const _ of copyInSteps(source, name));
}

/** Makes a new file of these bytes. */
export function writeExactly(bytes: Uint8Array, name: string): void {
  using to = Deno.openSync(name, { write: true, createNew: true, mode: 0o644 });
  for (let written = 0; written < bytes.length;) written += to.writeSync(bytes.subarray(written));
}

/** The same for files of any size: others have their turn after each megabyte. Throws what `signal` is aborted with. */
export async function copyLargeExactly(source: SourceFile, name: string, signal: AbortSignal): Promise<void> {
  for (const _ of copyInSteps(source, name)) {
    await setImmediate();
    signal.throwIfAborted();
  }
}

function* copyInSteps(source: SourceFile, name: string): Generator<void> {
  const from = openSync(source.realPath, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { ino, dev } = fstatSync(from);
    if (ino !== source.inode || dev !== source.device) throw new FileProblem('changed', source.realPath);
    using to = Deno.openSync(name, { write: true, createNew: true, mode: 0o644 });
    const chunk = new Uint8Array(Math.max(Math.min(source.size, COPY_CHUNK_BYTES), 1));
    for (let read = readSync(from, chunk); read > 0; read = readSync(from, chunk)) {
      for (let written = 0; written < read;) written += to.writeSync(chunk.subarray(written, read));
      yield;
    }
    to.utimeSync(new Date(source.mtimeMs), new Date(source.mtimeMs));
  } finally {
    closeSync(from);
  }
}
