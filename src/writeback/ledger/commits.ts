import type { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { messageOf, NotNowError, type UserError } from '../../errors.ts';
import type { WriteAheadLog } from './write_ahead_log.ts';

/** What is not urgent is written with many others, or when this has passed. */
const LONGEST_WAIT_MS = 1_000;

/**
 * Gathers writes into few transactions: to wait for the disk takes longer than everything else in a commit.
 *
 * After a commit that failed every call throws the same UserError: no file may be replaced that the ledger does not know of.
 */
export class Commits {
  readonly #db: DatabaseSync;
  readonly #mostWaiting: number;
  readonly #log: WriteAheadLog | undefined;
  #waiting: (() => void)[] = [];
  /** The next commit that is flushed. */
  #next: Promise<void> | undefined;
  /** The last one; never rejects. */
  #flushed: Promise<void> = Promise.resolve();
  /** How many commits there were, and how many of them are on the disk. */
  #commits = 0;
  #onDisk = 0;
  #lastCommit = performance.now();
  #failure: UserError | undefined;

  /**
   * @param mostWaiting so many writes at the most share a transaction, unless they are of the same moment
   * @param log undefined: the database is gone with the process
   */
  constructor(db: DatabaseSync, mostWaiting: number, log: WriteAheadLog | undefined) {
    this.#db = db;
    this.#mostWaiting = mostWaiting;
    this.#log = log;
  }

  /** Adds a write to the next transaction; it is lost if the process is killed before. */
  later(write: () => void): void {
    this.#waiting.push(write);
    const isDue = this.#waiting.length >= this.#mostWaiting || performance.now() - this.#lastCommit > LONGEST_WAIT_MS;
    if (isDue && this.#next === undefined) this.#commit();
  }

  /**
   * Adds a write and waits until it and all before it are on the disk. Writes of the same moment share a transaction, and so do all that come
   * while the disk is still busy with the one before.
   */
  async durably(write: () => void): Promise<void> {
    this.#waiting.push(write);
    // Everything that is ready now goes first.
    this.#next ??= this.#flushed.then(() => setTimeout(0)).then(() => this.#commitAndFlush());
    await this.#next;
  }

  /** Whether everybody has been told that the ledger cannot be written. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Commits what waits. That, and all that was committed before, is on the disk when this returns. */
  now(): void {
    this.#commit();
    if (this.#onDisk === this.#commits) return;
    try {
      this.#log?.flushNow();
      this.#onDisk = this.#commits;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  async #commitAndFlush(): Promise<void> {
    this.#next = undefined;
    this.#commit();
    const commits = this.#commits;
    const flushed = this.#log?.flush() ?? Promise.resolve();
    this.#flushed = flushed.catch(() => {});
    try {
      await flushed;
      this.#onDisk = Math.max(this.#onDisk, commits);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #commit(): void {
    this.#lastCommit = performance.now();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#waiting.length === 0) return;
    const writes = this.#waiting;
    this.#waiting = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const write of writes) write();
      this.#db.exec('COMMIT');
      this.#commits++;
    } catch (error) {
      // After some errors, a full disk among them, SQLite has rolled back already.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw this.#fail(error);
    }
  }

  #fail(error: unknown): UserError {
    return this.#failure ??= new NotNowError(`The history cannot be written: ${messageOf(error)}.`, {
      problemCode: 'ledger-unwritable',
      remedy: 'Make room on the disk that WRITE_STATE_DIR lies on. Files that were being written are whole; the next ' +
        'run looks at them again.',
      cause: error,
    });
  }
}
