import type { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { messageOf, NotNowError, type UserError } from '../../errors.ts';

/** What is not urgent is written with many others, or when this has passed. */
const LONGEST_WAIT_MS = 1_000;

/**
 * Gathers writes into few transactions: a commit waits for the disk, which takes longer than everything else in it.
 *
 * After a commit that failed every call throws the same UserError: no file may be replaced that the ledger does not know of.
 */
export class Commits {
  readonly #db: DatabaseSync;
  readonly #mostWaiting: number;
  #waiting: (() => void)[] = [];
  #soon: Promise<void> | undefined;
  #lastCommit = performance.now();
  #failure: UserError | undefined;

  /** @param mostWaiting so many writes at the most share a transaction, unless they are of the same moment */
  constructor(db: DatabaseSync, mostWaiting: number) {
    this.#db = db;
    this.#mostWaiting = mostWaiting;
  }

  /** Adds a write to the next transaction; it is lost if the process is killed before. */
  later(write: () => void): void {
    this.#waiting.push(write);
    const isDue = this.#waiting.length >= this.#mostWaiting || performance.now() - this.#lastCommit > LONGEST_WAIT_MS;
    if (isDue && this.#soon === undefined) this.now();
  }

  /** Adds a write and waits until it and all before it are on the disk. Writes of the same moment share a transaction. */
  async durably(write: () => void): Promise<void> {
    this.#waiting.push(write);
    // Everything that is ready now goes first.
    this.#soon ??= setTimeout(0).then(() => this.now());
    await this.#soon;
  }

  /** Whether everybody has been told that the ledger cannot be written. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Commits what waits. */
  now(): void {
    this.#soon = undefined;
    this.#lastCommit = performance.now();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#waiting.length === 0) return;
    const writes = this.#waiting;
    this.#waiting = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const write of writes) write();
      this.#db.exec('COMMIT');
    } catch (error) {
      // After some errors, a full disk among them, SQLite has rolled back already.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#failure = new NotNowError(`The history cannot be written: ${messageOf(error)}.`, {
        problemCode: 'ledger-unwritable',
        remedy:
          'Make room on the disk that WRITE_STATE_DIR lies on. Files that were being written are whole; the next ' +
          'run looks at them again.',
        cause: error,
      });
      throw this.#failure;
    }
  }
}
