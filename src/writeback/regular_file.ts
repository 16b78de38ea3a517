import { Buffer } from 'node:buffer';
import { closeSync, fstatSync, open, read, readFileSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { openRegular, TO_READ } from '../files/regular.ts';
import { WriteProblem } from './write_problem.ts';

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
    const fd = opened(path);
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
  const fd = opened(path);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The same without keeping others waiting, as far as the disk may be asked. */
export class SoonFile implements Disposable {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static async open(path: string): Promise<SoonFile> {
    const fd = await promisify(open)(path, TO_READ);
    if (fstatSync(fd).isFile()) return new SoonFile(fd);
    closeSync(fd);
    throw irregular(path);
  }

  /** Reads so many bytes, or fewer where the file ends. */
  async readUpTo(at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const count = await readSome(this.#fd, buffer, filled, at + filled);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function readSome(fd: number, buffer: Buffer, filled: number, at: number): Promise<number> {
  return new Promise((resolve, reject) =>
    read(fd, buffer, filled, buffer.length - filled, at, (error, count) => error ? reject(error) : resolve(count ?? 0))
  );
}

function opened(path: string): number {
  const fd = openRegular(path);
  if (fd === undefined) throw irregular(path);
  return fd;
}

function irregular(path: string): WriteProblem {
  return new WriteProblem('changed-meanwhile', path, 'it is not a regular file any more');
}
