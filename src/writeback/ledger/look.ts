import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { LEDGER_MIGRATIONS } from './schema/migrations.ts';
import { LEDGER_NAME, UNDO_NAME } from './open.ts';
import { type Instead, MOST_REASONS } from '../run/insteads.ts';
import type { Counts, Run } from './runs.ts';

/** What the ledger says, as far as the file itself holds it. */
export interface LedgerLook {
  /** Files that are remembered, by how their assets ended. */
  readonly files: Counts;
  /** Why originals were left alone, so that their sidecars have everything; the most frequent reasons first. */
  readonly sidecarInstead: readonly Instead[];
  /** What was written and can be undone, and what that takes on the disk. */
  readonly undo: { readonly changes: number; readonly bytes: number };
  readonly lastRun: Pick<Run, 'id' | 'startedAt' | 'endedAt' | 'state' | 'counts'> | undefined;
  /** Whether a run has it open, or was killed while it had: what it did last is not seen then. */
  readonly isOpen: boolean;
}

/** A ledger that is open for reading, until it is disposed of. */
export interface OpenLedger extends Disposable {
  readonly db: DatabaseSync;
  /** Of its schema; 0 while the first run is making it. */
  readonly version: number;
  /** Whether a run has it open, or was killed while it had: what it did last is not seen then. */
  readonly isOpen: boolean;
}

/**
 * Opens a copy of the ledger, so that neither it nor any file beside it is touched, and a run that is at work is not disturbed. SQLite
 * could be told to read the file as it is (`immutable=1`), but only by an address, and Deno takes that for a path where permissions name
 * directories (2.9).
 *
 * Returns undefined when there is none. Throws what SQLite says when it cannot be read.
 */
export function openLedgerFile(directory: string): OpenLedger | undefined {
  const path = `${directory}/${LEDGER_NAME}`;
  if (!existsSync(path)) return undefined;
  const isOpen = existsSync(`${path}-wal`);
  const temporary = Deno.makeTempDirSync({ prefix: 'immich-sidecar-' });
  const remove = () => Deno.removeSync(temporary, { recursive: true });
  let db: DatabaseSync | undefined;
  try {
    Deno.copyFileSync(path, `${temporary}/${LEDGER_NAME}`);
    const copy = db = new DatabaseSync(`${temporary}/${LEDGER_NAME}`);
    const version = Number(copy.prepare('PRAGMA user_version').get()?.['user_version']);
    const close = () => {
      copy.close();
      remove();
    };
    return { db: copy, version, isOpen, [Symbol.dispose]: close };
  } catch (error) {
    db?.close();
    remove();
    throw error;
  }
}

/** What is kept for undo beside the ledger, with what SQLite has not yet put in its place. */
export function undoBytes(directory: string): number {
  return [UNDO_NAME, `${UNDO_NAME}-wal`].map((name) => `${directory}/${name}`).filter((path) => existsSync(path))
    .reduce((sum, path) => sum + Deno.statSync(path).size, 0);
}

/** The version of the schema that has the column. */
const SINCE_INSTEAD = 4;

const SIDECAR_INSTEAD = `
  SELECT instead, count(*) AS files, min(path) AS example
  FROM file
  WHERE instead IS NOT NULL
  GROUP BY instead
  ORDER BY files DESC, instead
  LIMIT ?`;

/**
 * Reads the ledger; see openLedgerFile. Returns undefined when there is none, or only one of a newer version. Throws what SQLite
 * says when it cannot be read.
 */
export function lookIntoLedger(directory: string): LedgerLook | undefined {
  using ledger = openLedgerFile(directory);
  if (ledger === undefined) return undefined;
  const { db, version, isOpen } = ledger;
  if (version === 0) {
    return { files: {}, sidecarInstead: [], undo: { changes: 0, bytes: 0 }, lastRun: undefined, isOpen };
  }
  if (version > LEDGER_MIGRATIONS.length) return undefined;
  const files = db.prepare('SELECT outcome, count(*) AS files FROM file GROUP BY outcome').all();
  const insteads = version < SINCE_INSTEAD ? [] : db.prepare(SIDECAR_INSTEAD).all(MOST_REASONS);
  const row = db.prepare('SELECT id, started_at, ended_at, state, counts FROM run ORDER BY id DESC LIMIT 1').get();
  return {
    files: Object.fromEntries(files.map((one) => [String(one['outcome']), Number(one['files'])])),
    sidecarInstead: insteads.map((one) => ({
      reason: String(one['instead']),
      files: Number(one['files']),
      example: String(one['example']),
    })),
    undo: {
      changes: Number(db.prepare("SELECT count(*) AS changes FROM change WHERE state = 'done'").get()?.['changes']),
      bytes: undoBytes(directory),
    },
    lastRun: row === undefined ? undefined : {
      id: Number(row['id']),
      startedAt: String(row['started_at']),
      endedAt: row['ended_at'] === null ? undefined : String(row['ended_at']),
      state: row['state'] as Run['state'],
      counts: JSON.parse(String(row['counts'])),
    },
    isOpen,
  };
}
