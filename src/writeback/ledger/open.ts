import { DatabaseSync } from 'node:sqlite';
import { messageOf, RefusedError, UserError } from '../../errors.ts';
import { codeOf } from '../../files/problem.ts';
import { LEDGER_MIGRATIONS } from './schema/migrations.ts';

export const LEDGER_NAME = 'ledger.sqlite';

/** What is kept for undo, beside it. */
export const UNDO_NAME = 'undo.sqlite';

/**
 * Opens the ledger in `directory`, made if it is not there. It is this process's alone until it is closed: a second
 * run is refused, and the lock goes with the process, however that ends.
 *
 * A commit is not yet on the disk when it returns: Commits flushes it, as what it says about a file must survive the power going out after
 * the file was replaced.
 *
 * Throws RefusedError when another run has it or a newer version made it, UserError when it cannot be written or is damaged.
 */
export function openDatabase(directory: string): DatabaseSync {
  const path = makeOwnFile(directory, LEDGER_NAME);
  return prepare(() => new DatabaseSync(path), path, migrate);
}

/**
 * Opens what is kept for undo in `directory`, made if it is not there. A process that has the ledger open may do that.
 *
 * @param directory undefined: it is gone with the process
 */
export function openUndoDatabase(directory: string | undefined): DatabaseSync {
  if (directory === undefined) return prepare(() => new DatabaseSync(':memory:'), 'in memory', makeUndoTable);
  const path = makeOwnFile(directory, UNDO_NAME);
  return prepare(() => new DatabaseSync(path), path, makeUndoTable);
}

/** Before the first table: room that is not needed any more can then be given back bit by bit. */
function makeUndoTable(db: DatabaseSync): void {
  db.exec('PRAGMA auto_vacuum = INCREMENTAL');
  db.exec('CREATE TABLE IF NOT EXISTS delta (change_id INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT');
}

/** A file that is there, and its owner's only. */
function makeOwnFile(directory: string, name: string): string {
  const path = `${directory}/${name}`;
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    // It tells the names of people and places, so it is made for its owner only; SQLite gives its other files the same mode.
    Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
    return path;
  } catch (error) {
    throw new UserError(`The history ${path} cannot be written (${codeOf(error) || messageOf(error)}).`, {
      problemCode: 'ledger-unwritable',
      remedy: 'Set WRITE_STATE_DIR to a directory that this program may write to and that is kept from run to run.',
      cause: error,
    });
  }
}

/** A ledger that is gone with the process, for a dry run that has none to read. */
export function openEmptyDatabase(): DatabaseSync {
  return prepare(() => new DatabaseSync(':memory:'), 'in memory', migrate);
}

function prepare(
  open: () => DatabaseSync,
  path: string,
  makeTables: (db: DatabaseSync, path: string) => void,
): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = open();
    // Set before anything is read, so that the lock is taken with the first read and there is no shared memory file,
    // which network file systems cannot have.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0; PRAGMA foreign_keys = ON');
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    makeTables(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, path);
  }
}

function migrate(db: DatabaseSync, path: string): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > LEDGER_MIGRATIONS.length) {
    throw new RefusedError(
      `The history ${path} has version ${version}, but this program knows only up to ${LEDGER_MIGRATIONS.length}.`,
      {
        problemCode: 'newer-version',
        remedy: 'A newer immich-sidecar has worked with it: install that version or a later one.',
      },
    );
  }
  for (const [index, sql] of LEDGER_MIGRATIONS.entries()) {
    if (index < version) continue;
    db.exec(`BEGIN IMMEDIATE; ${sql} PRAGMA user_version = ${index + 1}; COMMIT`);
  }
  // Takes the lock even when there was nothing to write.
  db.exec('BEGIN IMMEDIATE; COMMIT');
}

/** Deno gives SQLite's result code with some errors only, so they are known by their words. */
const IN_USE = /database is locked|database table is locked/;
const DAMAGED = /not a database|malformed/;

function explain(error: unknown, path: string): unknown {
  const words = messageOf(error);
  if (IN_USE.test(words)) {
    return new RefusedError(`Another run works with the history ${path}.`, {
      problemCode: 'busy',
      remedy: 'Wait until it has finished, or stop it.',
      cause: error,
    });
  }
  if (DAMAGED.test(words)) {
    return new UserError(`The history ${path} is damaged (${words}).`, {
      problemCode: 'ledger-damaged',
      remedy:
        'Move it away. The next run compares every file, writes only what is missing, and begins a new history; ' +
        'what the old one knew for undo is lost.',
      cause: error,
    });
  }
  return error;
}
