import { Buffer } from 'node:buffer';
import { RegularFile } from '../regular_file.ts';

/** A file that is read at any place. */
export class OpenFile implements Disposable {
  readonly size: number;
  readonly #file: RegularFile;

  constructor(path: string) {
    this.#file = RegularFile.open(path);
    this.size = this.#file.size;
  }

  /** Reads into a buffer, whole. Throws when the file ends before. */
  readAt(at: number, buffer: Buffer): Buffer {
    this.#file.seek(at);
    for (let filled = 0; filled < buffer.length;) {
      const read = this.#file.readSync(buffer.subarray(filled));
      if (read === null) throw new Error('The file has become shorter while it was read.');
      filled += read;
    }
    return buffer;
  }

  /** The bytes from one place to another, in blocks. What is given out is good until the next one. */
  *blocks(from: number, to: number, length: number): Generator<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.min(length, Math.max(0, to - from)));
    for (let at = from; at < to; at += length) yield this.readAt(at, buffer.subarray(0, Math.min(length, to - at)));
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
