import { Buffer } from 'node:buffer';
import { RegularFile } from '../regular_file.ts';

/** How much of a file is looked through at a time. */
const CHUNK = 1 << 20;

/** Reads here and there in a file, without taking more of it into memory than is asked for. */
export class ByteReader implements Disposable {
  readonly #file: RegularFile;
  /** In bytes. */
  readonly size: number;

  private constructor(file: RegularFile) {
    this.#file = file;
    this.size = file.size;
  }

  static open(path: string): ByteReader {
    return new ByteReader(RegularFile.open(path));
  }

  /** Fewer bytes where the file ends before. */
  read(at: number, length: number): Uint8Array<ArrayBuffer> {
    const wanted = Math.max(0, Math.min(length, this.size - at));
    const bytes = new Uint8Array(wanted);
    if (at < 0 || wanted === 0) return bytes.subarray(0, 0);
    this.#file.seek(at);
    let filled = 0;
    while (filled < wanted) {
      const count = this.#file.readSync(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  }

  /** The same as numbers. What lies behind the end of the file is 0. */
  view(at: number, length: number): DataView {
    const bytes = new Uint8Array(length);
    bytes.set(this.read(at, length));
    return new DataView(bytes.buffer);
  }

  /** Whether these bytes are anywhere from here on. */
  includes(wanted: Uint8Array, from: number): boolean {
    for (let at = from; at < this.size; at += CHUNK) {
      // A little more, for what lies across two chunks.
      const chunk = this.read(at, CHUNK + wanted.length - 1);
      if (Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).includes(wanted)) return true;
    }
    return false;
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
