import { createHash } from 'node:crypto';
import { dirname } from 'node:path/posix';
import { codeOf } from '../../files/problem.ts';
import { temporaryPathFor, toStamp } from '../files.ts';
import { assertInPlace, infoOf } from '../in_place.ts';
import type { ExportEntry } from './book.ts';

/** The errors with which systems say that there can be no hard link: another disk, a file system without them, too many, or not ours. */
const NO_LINK: readonly string[] = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES'];

/** Puts a file into a place in which nothing is, or what is ours: a hard link where that can be, else a copy of which every byte is on the disk. */
export function place(from: string, to: string, isCopy: boolean): void {
  const temporary = temporaryPathFor(to);
  assertInPlace(to);
  try {
    if (isCopy || !isLinked(from, temporary)) copy(from, temporary);
    assertInPlace(to);
    Deno.renameSync(temporary, to);
  } finally {
    // A rename of one name of a file to another does nothing, and leaves both.
    removeQuietly(temporary);
  }
}

/** Makes a hard link. Returns whether there can be one. */
export function isLinked(from: string, to: string): boolean {
  try {
    Deno.linkSync(from, to);
    return true;
  } catch (error) {
    if (NO_LINK.includes(codeOf(error))) return false;
    throw error;
  }
}

function copy(from: string, to: string): void {
  // The file system shares their blocks where it can.
  Deno.copyFileSync(from, to);
  const { atime, mtime } = Deno.statSync(from);
  using file = Deno.openSync(to, { write: true });
  if (atime !== null && mtime !== null) file.utimeSync(atime, mtime);
  file.syncSync();
}

export function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It is not there.
  }
}

/** SHA-256 of a file, in hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest('hex');
}

/** Whether something of ours is there as we left it. */
export function isAsLeft(root: string, { path, size, mtimeMs, inode }: ExportEntry): boolean {
  const info = infoOf(`${root}/${path}`);
  if (info === undefined) return false;
  const stamp = toStamp(info);
  return info.isFile && stamp.size === size && stamp.mtimeMs === mtimeMs && stamp.inode === inode;
}

/** Makes the directories of a path below the root. */
export function makeDirectories(root: string, path: string): void {
  const names = dirname(path).split('/');
  for (const [index] of names.entries()) {
    const directory = [root, ...names.slice(0, index + 1)].join('/');
    assertInPlace(directory);
    try {
      Deno.mkdirSync(directory);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

/** Removes the directories of something that is gone, as far as nothing is in them. */
export function tidy(root: string, path: string): void {
  for (let directory = dirname(path); directory !== '.'; directory = dirname(directory)) {
    try {
      assertInPlace(`${root}/${directory}`);
      Deno.removeSync(`${root}/${directory}`);
    } catch {
      return; // something lies in it
    }
  }
}
