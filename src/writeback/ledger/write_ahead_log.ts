/**
 * SQLite's log of what was committed, beside a database. SQLite would flush it in the commit, and everything else would wait for the disk; it is
 * flushed here instead, while ExifTool and other files go on (`synchronous = NORMAL`: SQLite itself flushes it before its content goes into the database).
 *
 * SQLite locks the database and never its log, so that a file which is opened and closed here takes no lock away.
 */
export class WriteAheadLog implements Disposable {
  readonly #path: string;
  #file: Deno.FsFile | undefined;

  /** @param database its path */
  constructor(database: string) {
    this.#path = `${database}-wal`;
  }

  /** Waits until all that was committed is on the disk. */
  async flush(): Promise<void> {
    this.#file ??= Deno.openSync(this.#path);
    await this.#file.syncData();
  }

  /** The same, and nothing else happens meanwhile. */
  flushNow(): void {
    using file = Deno.openSync(this.#path);
    file.syncDataSync();
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
