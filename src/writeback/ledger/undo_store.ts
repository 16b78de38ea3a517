import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { decodeDelta, encodeDelta } from '../undo_delta/encode.ts';
import type { UndoDelta } from '../undo_delta/undo_delta.ts';
import { Commits } from './commits.ts';
import { openUndoDatabase, UNDO_NAME } from './open.ts';
import { WriteAheadLog } from './write_ahead_log.ts';

/** How much is given back to the disk at a time, in pages of 4 KiB: so that nobody waits long for it. */
const PAGES_AT_ONCE = 4_096;

/**
 * What makes old files out of new ones, by the number of the change in the journal. In a file of its own beside the ledger, as it is
 * large, and is opened only when something is written or undone: a run that finds nothing changed does not pay for it.
 */
export class UndoStore implements Disposable {
  readonly #directory: string | undefined;
  #opened:
    | { readonly db: DatabaseSync; readonly commits: Commits; readonly log: WriteAheadLog | undefined }
    | undefined;

  readonly #mostWaiting: number;

  /**
   * @param directory of the ledger; undefined when that is gone with the process
   * @param mostWaiting see Commits
   */
  constructor(directory: string | undefined, mostWaiting: number) {
    this.#directory = directory;
    this.#mostWaiting = mostWaiting;
  }

  /** Waits until it is on the disk. */
  async keep(change: number, delta: UndoDelta): Promise<void> {
    const { db, commits } = this.#open();
    const content = encodeDelta(delta);
    await commits.durably(() => void db.prepare('INSERT OR REPLACE INTO delta VALUES (?, ?)').run(change, content));
  }

  /** undefined when nothing is kept of it. */
  find(change: number): UndoDelta | undefined {
    const opened = this.#ifThere();
    opened?.commits.now();
    const row = opened?.db.prepare('SELECT content FROM delta WHERE change_id = ?').get(change);
    return row?.['content'] instanceof Uint8Array ? decodeDelta(row['content']) : undefined;
  }

  /** What is not needed any more; lost if the process is killed before. */
  drop(changes: readonly number[]): void {
    const opened = changes.length === 0 ? undefined : this.#ifThere();
    opened?.commits.later(() => {
      opened.db.prepare('DELETE FROM delta WHERE change_id IN (SELECT value FROM json_each(?))').run(
        JSON.stringify(changes),
      );
    });
  }

  /** Writes what waits, and gives room back to the disk. */
  settle(): void {
    if (this.#opened === undefined || this.#opened.commits.hasFailed) return;
    this.#opened.commits.now();
    this.#opened.db.exec(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`);
  }

  [Symbol.dispose](): void {
    try {
      this.settle();
    } finally {
      this.#opened?.log?.[Symbol.dispose]();
      this.#opened?.db.close();
    }
  }

  #ifThere() {
    const isThere = this.#opened !== undefined ||
      (this.#directory !== undefined && existsSync(`${this.#directory}/${UNDO_NAME}`));
    return isThere ? this.#open() : undefined;
  }

  #open() {
    if (this.#opened === undefined) {
      const db = openUndoDatabase(this.#directory);
      const log = this.#directory === undefined ? undefined : new WriteAheadLog(`${this.#directory}/${UNDO_NAME}`);
      this.#opened = { db, log, commits: new Commits(db, this.#mostWaiting, log) };
    }
    return this.#opened;
  }
}
