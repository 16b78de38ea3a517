import { count, minuteOf, named } from '../config/words.ts';
import { messageOf } from '../errors.ts';
import { openLedgerFile } from '../writeback/ledger/look.ts';
import { LEDGER_NAME } from '../writeback/ledger/open.ts';
import { LEDGER_MIGRATIONS } from '../writeback/ledger/schema/migrations.ts';
import { FIELD_NAMES, type FieldName } from '../writeback/fields/fields.ts';
import { fail, ok, skipped, type Verdict, warn } from './finding.ts';

/** What the ledger of write-back says, as far as the file itself holds it. */
export interface LedgerFacts {
  readonly version: number;
  readonly files: number;
  /** Files that were being replaced. */
  readonly begun: number;
  readonly lastRun: LastRun | undefined;
  /** Whether a run has it open, or was killed while it had. */
  readonly isOpen: boolean;
}

export interface LastRun {
  readonly id: number;
  readonly startedAt: string;
  readonly state: string;
  /** JSON; see write_back.ts. */
  readonly options: string;
}

/** Returns undefined when there is none. Throws what SQLite says when it cannot be read. Touches nothing. */
export function readLedger(directory: string): LedgerFacts | undefined {
  using ledger = openLedgerFile(directory);
  if (ledger === undefined) return undefined;
  const { db, version, isOpen } = ledger;
  if (version === 0 || version > LEDGER_MIGRATIONS.length) {
    return { version, isOpen, files: 0, begun: 0, lastRun: undefined };
  }
  const number = (sql: string) => Number(db.prepare(sql).get()?.['number']);
  const row = db.prepare('SELECT id, started_at, state, options FROM run ORDER BY id DESC LIMIT 1').get();
  return {
    version,
    isOpen,
    files: number('SELECT count(*) AS number FROM file'),
    begun: number("SELECT count(*) AS number FROM change WHERE state = 'begun'"),
    lastRun: row === undefined ? undefined : {
      id: Number(row['id']),
      startedAt: String(row['started_at']),
      state: String(row['state']),
      options: String(row['options']),
    },
  };
}

/** What the last run wrote; nothing if there was none or its ledger cannot be read. */
export function lastFields(directory: string): readonly FieldName[] {
  try {
    const options = JSON.parse(readLedger(directory)?.lastRun?.options ?? '{}');
    return FIELD_NAMES.filter((field) => options.modules?.includes?.(field));
  } catch {
    return []; // the check of the ledger tells
  }
}

export function lookAtLedger(directory: string): Verdict {
  try {
    return judgeLedger(readLedger(directory), directory);
  } catch (error) {
    return fail(
      `The history ${named(`${directory}/${LEDGER_NAME}`)} cannot be read (${messageOf(error)}).`,
      'Check that this program may read it. If it is damaged, move it away: the next run compares every file and begins anew.',
    );
  }
}

export function judgeLedger(facts: LedgerFacts | undefined, directory: string): Verdict {
  if (facts === undefined) return skipped(`There is no history in ${named(directory)}: nothing was written yet.`);
  const { version, files, begun, lastRun, isOpen } = facts;
  if (version > LEDGER_MIGRATIONS.length) {
    return fail(
      `The history has version ${version}, but this program knows only up to ${LEDGER_MIGRATIONS.length}.`,
      'A newer immich-sidecar has worked with it: install that version or a later one.',
    );
  }
  const run = lastRun === undefined
    ? 'no run yet'
    : `the last run, ${lastRun.id}, began ${minuteOf(lastRun.startedAt)}`;
  if (isOpen) {
    return warn(
      `The history is in use by a run, or was when one was killed; ${run}.`,
      'If none is at work, the next write or undo settles what was left.',
    );
  }
  if (begun > 0) {
    return warn(
      `${count(begun, 'file was', 'files were')} being written when a run ended; ${run}.`,
      'The next write or undo settles that. The files are whole.',
    );
  }
  if (lastRun !== undefined && lastRun.state !== 'finished') {
    return warn(
      `The history knows ${count(files, 'file')}; ${run}, and did not come to its end.`,
      'immich-sidecar write --resume goes on with it, with the same flags.',
    );
  }
  return ok(`The history knows ${count(files, 'file')}; ${run}.`);
}
