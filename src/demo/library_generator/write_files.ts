import { dirname } from 'node:path/posix';
import type { Bytes } from './media/bytes.ts';
import type { PathMap } from '../../files/path_map.ts';

/** Writes files at the places Immich knows them by. Synchronous: three times as fast for thousands of small files. */
export class FileWriter {
  readonly #paths: PathMap;
  readonly #directories = new Set<string>();

  constructor(paths: PathMap) {
    this.#paths = paths;
  }

  /** Where a path of Immich's lies here. Throws when it is outside the roots. */
  locate(immichPath: string): string {
    const local = this.#paths.toLocal(immichPath);
    if (local === undefined) throw new Error(`${JSON.stringify(immichPath)} is outside the library's directories.`);
    return local;
  }

  makeDirectory(immichPath: string): void {
    this.#makeLocalDirectory(this.locate(immichPath));
  }

  /** With `modifiedAt` (whole milliseconds) the file gets exactly that mtime. */
  write(immichPath: string, content: Bytes, modifiedAt?: Date): void {
    const path = this.locate(immichPath);
    this.#makeLocalDirectory(dirname(path));
    Deno.writeFileSync(path, content);
    if (modifiedAt !== undefined) Deno.utimeSync(path, modifiedAt, modifiedAt);
  }

  #makeLocalDirectory(path: string): void {
    if (this.#directories.has(path)) return;
    Deno.mkdirSync(path, { recursive: true });
    this.#directories.add(path);
  }
}
