import { dirname } from 'node:path/posix';
import { identityOf, isFile } from '../files/identity.ts';
import { asFileProblem, codeOf } from '../files/problem.ts';
import { toStamp } from './files.ts';
import type { FileStamp } from './tags.ts';
import { RegularFile } from './regular_file.ts';
import { WriteProblem } from './write_problem.ts';
import { writeFully } from '../files/write_fully.ts';

/**
 * Write-back names files by their real paths: no directory on the way is a symbolic link. Anybody who may rename in the library can
 * change that at any moment, so it is proven before every act, and again for every act: 2 µs, which is also how long the answer is
 * good for.
 */
export function isInPlace(path: string): boolean {
  const directory = dirname(path);
  return Deno.realPathSync(directory) === directory;
}

/** Throws WriteProblem unless the directory of this path is the one that it was when the path was found. */
export function assertInPlace(path: string): void {
  if (isInPlace(path)) return;
  throw new WriteProblem('changed-meanwhile', path, 'a directory on its way has been replaced by a symbolic link');
}

/** The file as it is, links not followed; undefined when there is nothing. Throws FileProblem and WriteProblem. */
export function infoOf(path: string): Deno.FileInfo | undefined {
  try {
    assertInPlace(path);
    return Deno.lstatSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error instanceof WriteProblem ? error : asFileProblem(error, path);
  }
}

/** What tells the file from others; undefined when there is nothing. Throws FileProblem and WriteProblem. */
export function stampOf(path: string): FileStamp | undefined {
  const info = infoOf(path);
  return info === undefined ? undefined : toStamp(info);
}

/**
 * Makes a file that only its owner can read, where nothing is yet, empty and open. Throws WriteProblem when it came into being elsewhere, and removes
 * it there, as far as it can be found: not a byte gets into it before it is certain that it lies where it should.
 */
export function openNew(path: string): Deno.FsFile {
  assertInPlace(path);
  const file = Deno.openSync(path, { createNew: true, read: true, write: true, mode: 0o600 });
  try {
    const made = identityOf(file.statSync());
    const isThere = () => isFile(path, made);
    if (isThere() && isInPlace(path) && isThere()) return file;
    if (isThere()) Deno.removeSync(path); // nobody else has a file of this name
    throw new WriteProblem('changed-meanwhile', path, 'a directory on its way has been replaced by a symbolic link');
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Makes a file that only its owner can read, where nothing is yet. */
export function makeFile(path: string, content: Uint8Array): void {
  using file = openNew(path);
  writeFully(file, content);
}

/**
 * Makes a file that only its owner can read, where nothing is yet, with the bytes of another one and some more. Each is written, so that
 * the disk must have room for it: a copy that the file system makes by itself may need none.
 */
export function copyBytes(from: string | undefined, to: string, more: number): void {
  using copy = openNew(to);
  const buffer = new Uint8Array(1 << 20);
  if (from !== undefined) {
    using original = RegularFile.open(from);
    for (let read = original.readSync(buffer); read !== null; read = original.readSync(buffer)) {
      writeFully(copy, buffer.subarray(0, read));
    }
  }
  for (let left = more; left > 0; left -= buffer.length) writeFully(copy, buffer.subarray(0, left));
  copy.syncSync();
}

/** Lets a file take the place of another one in the same directory. */
export function renameInPlace(from: string, to: string): void {
  assertInPlace(to);
  Deno.renameSync(from, to);
}

/** Gives a file a second name in the same directory. */
export function linkInPlace(from: string, to: string): void {
  assertInPlace(to);
  Deno.linkSync(from, to);
}

/** Removes a name. Throws WriteProblem when that would be elsewhere now. */
export function removeIfPresent(path: string): void {
  try {
    assertInPlace(path);
    Deno.removeSync(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error))) throw error;
  }
}
