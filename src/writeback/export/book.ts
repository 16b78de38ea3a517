import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf, UserError } from '../../errors.ts';

/** What an export has made at a path below its directory. */
export interface ExportEntry {
  readonly path: string;
  /** Of links: what they are links to. */
  readonly kind: 'original' | 'motion' | 'sidecar' | 'link';
  readonly assetId: string;
  /** SHA-256; of a link the path of its original. */
  readonly digest: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** What it was made from: when that is the same, nothing is to be done. */
  readonly source: string;
}

const NAME = '.immich-sidecar-export.sqlite';

/** What was exported, beside it: an export that was interrupted goes on with it, and a later one removes nothing else. */
export class Book implements Disposable {
  readonly #db: DatabaseSync;
  readonly #at: StatementSync;
  readonly #of: StatementSync;
  readonly #save: StatementSync;
  readonly #remove: StatementSync;
  readonly #see: StatementSync;

  /** Throws UserError when another export has it, or it cannot be written. */
  constructor(readonly directory: string) {
    const path = `${directory}/${NAME}`;
    try {
      Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
      this.#db = new DatabaseSync(path);
      this.#db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE');
      this.#db.exec(`
        CREATE TABLE IF NOT EXISTS entry (
          path TEXT PRIMARY KEY,
          folded TEXT NOT NULL UNIQUE, -- some file systems take large letters for small ones
          kind TEXT NOT NULL,
          asset_id TEXT NOT NULL,
          digest TEXT NOT NULL,
          size REAL NOT NULL,
          mtime_ms REAL NOT NULL,
          inode REAL NOT NULL,
          source TEXT NOT NULL,
          seen INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS entry_asset ON entry (asset_id);
        CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT OR IGNORE INTO state VALUES ('turn', 0), ('finished', 0);
      `);
    } catch (error) {
      const isBusy = /locked/.test(messageOf(error));
      throw new UserError(
        isBusy
          ? `Another export into ${JSON.stringify(directory)} is under way.`
          : `${JSON.stringify(path)} cannot be written: ${messageOf(error)}.`,
        {
          problemCode: isBusy ? 'busy' : 'export-directory',
          remedy: isBusy
            ? 'Wait until it has finished, or stop it.'
            : 'Let this program write into the directory, or name another one.',
          cause: error,
        },
      );
    }
    this.#at = this.#db.prepare('SELECT * FROM entry WHERE folded = ?');
    this.#of = this.#db.prepare('SELECT * FROM entry WHERE asset_id = ? ORDER BY path');
    this.#save = this.#db.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#remove = this.#db.prepare('DELETE FROM entry WHERE path = ?');
    this.#see = this.#db.prepare('UPDATE entry SET seen = ? WHERE path = ?');
  }

  /** Counts the exports that were begun. */
  get turn(): number {
    return this.#state('turn');
  }

  /** Whether the last export has come to its end. */
  get isFinished(): boolean {
    return this.#state('finished') === 1;
  }

  begin(): void {
    if (this.isFinished || this.turn === 0) this.#db.exec("UPDATE state SET value = value + 1 WHERE name = 'turn'");
    this.#db.exec("UPDATE state SET value = 0 WHERE name = 'finished'");
  }

  finish(): void {
    this.#db.exec("UPDATE state SET value = 1 WHERE name = 'finished'");
  }

  at(path: string): ExportEntry | undefined {
    const row = this.#at.get(folded(path));
    return row === undefined ? undefined : entryOf(row);
  }

  of(assetId: string): readonly ExportEntry[] {
    return this.#of.all(assetId).map(entryOf);
  }

  save(entry: ExportEntry): void {
    const { path, kind, assetId, digest, size, mtimeMs, inode, source } = entry;
    this.#save.run(path, folded(path), kind, assetId, digest, size, mtimeMs, inode, source, this.turn);
  }

  /** Whatever is not seen in this turn is not wanted any more. */
  see({ path }: ExportEntry): void {
    this.#see.run(this.turn, path);
  }

  remove({ path }: Pick<ExportEntry, 'path'>): void {
    this.#remove.run(path);
  }

  unseen(): readonly ExportEntry[] {
    return this.#db.prepare('SELECT * FROM entry WHERE seen < ? ORDER BY path DESC').all(this.turn).map(entryOf);
  }

  *all(): Generator<ExportEntry> {
    for (const row of this.#db.prepare('SELECT * FROM entry ORDER BY path').iterate()) yield entryOf(row);
  }

  /** Does all of it, or nothing. */
  together(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #state(name: string): number {
    return Number(this.#db.prepare('SELECT value FROM state WHERE name = ?').get(name)?.['value']);
  }
}

function folded(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function entryOf(row: Record<string, unknown>): ExportEntry {
  return {
    path: String(row['path']),
    kind: row['kind'] as ExportEntry['kind'],
    assetId: String(row['asset_id']),
    digest: String(row['digest']),
    size: Number(row['size']),
    mtimeMs: Number(row['mtime_ms']),
    inode: Number(row['inode']),
    source: String(row['source']),
  };
}
