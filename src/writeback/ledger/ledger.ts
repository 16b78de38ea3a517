import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { WRITE_LIMITS, type WriteLimits } from '../limits.ts';
import type { AlbumCache, RememberedAlbums } from '../records/albums.ts';
import { Commits } from './commits.ts';
import { KnownFiles } from './files.ts';
import { Journal } from './journal.ts';
import { LEDGER_NAME, openDatabase, openEmptyDatabase } from './open.ts';
import { Runs } from './runs.ts';
import { UndoStore } from './undo_store.ts';
import { WriteAheadLog } from './write_ahead_log.ts';

/** What write-back remembers from one run to the next. */
export class Ledger implements Disposable {
  readonly files: KnownFiles;
  readonly journal: Journal;
  readonly runs: Runs;
  readonly albums: AlbumCache;
  readonly commits: Commits;
  readonly db: DatabaseSync;
  readonly deltas: UndoStore;
  readonly #log: WriteAheadLog | undefined;

  private constructor(
    db: DatabaseSync,
    directory: string | undefined,
    { waiting }: Pick<WriteLimits, 'waiting'>,
  ) {
    this.deltas = new UndoStore(directory, waiting);
    this.db = db;
    this.files = new KnownFiles(db);
    this.journal = new Journal(db);
    this.runs = new Runs(db);
    this.albums = albumCache(db);
    this.#log = directory === undefined ? undefined : new WriteAheadLog(`${directory}/${LEDGER_NAME}`);
    this.commits = new Commits(db, waiting, this.#log);
  }

  /** Throws UserError and RefusedError; see openDatabase. */
  static open(directory: string, limits: Pick<WriteLimits, 'waiting'> = WRITE_LIMITS): Ledger {
    return new Ledger(openDatabase(directory), directory, limits);
  }

  /** For a dry run: the ledger if there is one, else an empty one that leaves nothing behind. */
  static openToLook(directory: string): Ledger {
    return existsSync(`${directory}/${LEDGER_NAME}`)
      ? Ledger.open(directory)
      : new Ledger(openEmptyDatabase(), undefined, WRITE_LIMITS);
  }

  /**
   * Names files by other directories. Until 0.1 sidecars were known by the way that led to them; now by where they are, so that
   * nobody can change that between two acts.
   */
  follow(moved: readonly { readonly from: string; readonly to: string }[]): void {
    for (const { from, to } of moved) {
      this.commits.later(() => {
        const run = (sql: string) => Number(this.db.prepare(sql).run({ from, to }).changes);
        // The last one has no index to go by.
        if (run(FOLLOW_OWN) + run(FOLLOW_CHANGES) > 0) run(FOLLOW_FILES);
      });
    }
    this.commits.now();
  }

  [Symbol.dispose](): void {
    try {
      if (!this.commits.hasFailed) this.commits.now();
    } finally {
      try {
        this.deltas[Symbol.dispose]();
      } finally {
        this.#log?.[Symbol.dispose]();
        this.db.close();
      }
    }
  }
}

/** What lies below `$from`: the character after the slash is 0. */
const FOLLOW_OWN = `
  UPDATE OR REPLACE own
  SET path = $to || substr(path, length($from) + 1)
  WHERE path > $from || '/' AND path < $from || '0'`;

const FOLLOW_CHANGES = `
  UPDATE change
  SET path = $to || substr(path, length($from) + 1),
    plan = json_set(plan, '$.path', $to || substr(path, length($from) + 1)),
    temporary_path = $to || substr(temporary_path, length($from) + 1)
  WHERE path > $from || '/' AND path < $from || '0'`;

const FOLLOW_FILES = `
  UPDATE file
  SET sidecar_path = $to || substr(sidecar_path, length($from) + 1)
  WHERE sidecar_path > $from || '/' AND sidecar_path < $from || '0'`;

function albumCache(db: DatabaseSync): AlbumCache {
  const read = db.prepare('SELECT content FROM album_cache WHERE id = 1');
  const write = db.prepare('INSERT OR REPLACE INTO album_cache VALUES (1, ?)');
  const clear = db.prepare('DELETE FROM album_cache');
  return {
    read: () => {
      const row = read.get();
      return row === undefined ? undefined : JSON.parse(String(row['content'])) as RememberedAlbums;
    },
    write: (albums) => void write.run(JSON.stringify(albums)),
    clear: () => void clear.run(),
  };
}
