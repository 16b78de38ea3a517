import { Buffer } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { WriteProblem } from './write_problem.ts';

/**
 * Between a look at a file and its opening somebody may put a pipe in its place, which would be waited for, with the whole run, or a device, which has no end.
 * So nothing is waited for, and what was opened is looked at.
 */
const TO_READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** A regular file that is read, symbolic links followed. */
export class RegularFile implements Disposable {
  /** In bytes, when it was opened. */
  readonly size: number;
  readonly #fd: number;
  #at = 0;

  private constructor(fd: number, size: number) {
    this.#fd = fd;
    this.size = size;
  }

  /** Throws WriteProblem when it is something else, and what the system says. */
  static open(path: string): RegularFile {
    const fd = openRegular(path);
    return new RegularFile(fd, fstatSync(fd).size);
  }

  /** From where the next read begins. */
  seek(at: number): void {
    this.#at = at;
  }

  /** How much was read; null at the end. */
  readSync(buffer: Uint8Array): number | null {
    const read = readSync(this.#fd, buffer, 0, buffer.length, this.#at);
    this.#at += read;
    return read === 0 && buffer.length > 0 ? null : read;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** The bytes of a regular file. Throws WriteProblem when it is something else, and what the system says. */
export function readRegular(path: string): Buffer {
  const fd = openRegular(path);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The same without keeping others waiting. */
export async function openRegularSoon(path: string): Promise<FileHandle> {
  const file = await open(path, TO_READ);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw irregular(path);
}

function openRegular(path: string): number {
  const fd = openSync(path, TO_READ);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw irregular(path);
}

function irregular(path: string): WriteProblem {
  return new WriteProblem('changed-meanwhile', path, 'it is not a regular file any more');
}
