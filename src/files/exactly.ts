import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readSync,
  statfsSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path/posix';
import { setImmediate } from 'node:timers/promises';
import { type FileIdentity, isFile, lstatOr, realPathOr, type SourceFile } from './identity.ts';
import { FileProblem } from './problem.ts';
import { ifThere } from './roots.ts';
import { writeFully } from './write_fully.ts';

/** Links `source` and looks whether that is what was linked: its directory may have been exchanged since it was inspected. */
export function linkExactly(source: SourceFile, name: string): void {
  Deno.linkSync(source.realPath, name);
  if (isFile(name, source)) return;
  unlinkSync(name);
  throw new FileProblem('changed', source.realPath);
}

/** A file that is about to go: `expected` says which one it must be; with `source` that must be another name of some file. */
export interface GoingFile {
  readonly expected: FileIdentity;
  /** Without symbolic links in it. */
  readonly source?: string;
  /** It must have another name, wherever that is. */
  readonly hasAnother?: boolean;
}

/**
 * Throws FileProblem unless `moved`, which was moved aside, is the file that was meant, and its source is there. One that is left of its
 * source is given back, if the source's directory is still the one that it was; any other file gets a name under which nothing takes its place.
 */
export function assertMeant(moved: string, { source, expected, hasAnother = false }: GoingFile, target: string): void {
  const found = lookAt(moved);
  const isLast = hasAnother && found?.nlink === 1;
  if (isLast || !isSame(found, expected)) throw new FileProblem('changed', setAside(moved));
  if (source === undefined || lookAt(source)?.isFile) return;
  const directory = dirname(source);
  if (realPathOr(directory, undefined) === directory) {
    Deno.linkSync(moved, source);
    unlinkSync(moved);
  }
  throw new FileProblem('changed', target);
}

/** Makes room for a file that is about to be moved to `moved`. Throws FileProblem if another one lies there, which is renamed and stays. */
export function makeRoom(moved: string, file: FileIdentity): void {
  const found = lookAt(moved);
  if (found === undefined) return;
  if (!isSame(found, file)) throw new FileProblem('changed', setAside(moved));
  unlinkSync(moved); // rename() does nothing between two names of a file
}

function lookAt(path: string): Deno.FileInfo | undefined {
  return ifThere(path, () => Deno.lstatSync(path));
}

function isSame(found: Deno.FileInfo | undefined, { device, inode }: FileIdentity): boolean {
  return found !== undefined && found.ino === inode && found.dev === device;
}

/** Gives a file a name that nothing else gets, and returns that. */
function setAside(path: string): string {
  const aside = `${path}-${crypto.randomUUID()}`;
  Deno.renameSync(path, aside);
  return aside;
}

/** Gives a file that has no other name these permissions; of one that has, they are the other's, too. */
export function changeMode(name: string, mode: number): void {
  if (!lstatOr(name, undefined)?.isFile) return;
  const file = openSync(name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (found.isFile() && found.nlink === 1 && (found.mode & 0o777) !== mode) fchmodSync(file, mode);
  } finally {
    closeSync(file);
  }
}

/**
 * Lets nobody but its owner read a file that was moved aside, if its permissions are ours to change. Throws nothing: that it was moved
 * must not look as if it were not, or nobody knows where it lies.
 */
export function closeToOthers(moved: string): void {
  try {
    changeMode(moved, 0o600);
  } catch {
    // It is as readable as it was, in a directory that others cannot enter if there can be one.
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
  writeFully(to, bytes);
}

/** The same for files of any size: others have their turn after each megabyte. Throws what `signal` is aborted with. */
export async function copyLargeExactly(source: SourceFile, name: string, signal: AbortSignal): Promise<void> {
  for (const _ of copyInSteps(source, name)) {
    await setImmediate();
    signal.throwIfAborted();
  }
}

/**
 * Makes a new file for a copy, which those may read who may read its source. Where that is another user's, Immich might not be allowed to read a copy
 * that is only ours; nobody but its owner ever writes to it.
 */
function openCopy(name: string, source: Pick<Stats, 'mode' | 'uid' | 'gid'>): Deno.FsFile {
  const made = openSync(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    const own = fstatSync(made);
    const isSameUsers = own.uid === source.uid && own.gid === source.gid;
    fchmodSync(made, isSameUsers ? (source.mode & 0o644) | 0o600 : 0o644);
    const file = Deno.openSync(name, { write: true });
    const { ino, dev } = file.statSync();
    if (ino === own.ino && dev === own.dev) return file;
    file.close();
    throw new FileProblem('changed', name);
  } finally {
    closeSync(made);
  }
}

function* copyInSteps(source: SourceFile, name: string): Generator<void> {
  // A pipe that somebody has put in its place would be waited for.
  const from = openSync(source.realPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(from);
    // What is made in the place of a file that is gone often gets its number.
    if (!found.isFile() || found.ino !== source.inode || found.dev !== source.device) {
      throw new FileProblem('changed', source.realPath);
    }
    using to = openCopy(name, found);
    const chunk = new Uint8Array(Math.max(Math.min(source.size, COPY_CHUNK_BYTES), 1));
    for (let read = readSync(from, chunk); read > 0; read = readSync(from, chunk)) {
      writeFully(to, chunk.subarray(0, read));
      yield;
    }
    to.utimeSync(new Date(source.mtimeMs), new Date(source.mtimeMs));
  } finally {
    closeSync(from);
  }
}
