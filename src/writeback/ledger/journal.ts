import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { isSameStamp } from '../files.ts';
import type { FileStamp, WritePlan } from '../tags.ts';
import type { OwnValues } from '../fields/values.ts';

/** One file that was replaced, or is just being. */
export interface Change {
  readonly id: number;
  readonly runId: number;
  readonly assetId: string;
  readonly state: 'begun' | 'done' | 'undone';
  /** What was to be done; the values before and after are in it. */
  readonly plan: WritePlan;
  /** Where the new content is made, in the same directory. */
  readonly temporaryPath: string;
  /** What was ours before. */
  readonly ownBefore: OwnValues;
  /** The whole file as it was, of a sidecar; undefined for media files and for a sidecar that was made. */
  readonly bytesBefore: Uint8Array | undefined;
  /** The file as we left it; undefined while the change is begun. */
  readonly written: FileStamp | undefined;
  /** The change that this one undoes. */
  readonly undoes: number | undefined;
}

/** What is known when a change begins. */
export type NewChange = Omit<Change, 'id' | 'state' | 'written' | 'undoes'> & { readonly undoes?: number };

/**
 * The undo journal. A row is there before the file is touched and is taken away only when it was not touched after all,
 * so that every file that differs from what it was has one. Writes belong into Commits.
 */
export class Journal {
  readonly #begin: StatementSync;
  readonly #finish: StatementSync;
  readonly #drop: StatementSync;
  readonly #begun: StatementSync;
  readonly #find: StatementSync;
  readonly #idsOfRun: StatementSync;
  readonly #idsBelow: StatementSync;
  readonly #previous: StatementSync;
  readonly #setWritten: StatementSync;
  readonly #later: StatementSync;
  readonly #undone: StatementSync;
  readonly #discard: StatementSync;
  readonly #count: StatementSync;
  readonly #owns: StatementSync;
  #lastId: number;

  constructor(db: DatabaseSync) {
    this.#begin = db.prepare(`
      INSERT INTO change (id, run_id, asset_id, path, state, plan, temporary_path, own_before, bytes_before,
        undoes)
      VALUES (?, ?, ?, ?, 'begun', ?, ?, ?, ?, ?)`);
    this.#finish = db.prepare("UPDATE change SET state = 'done', written = ? WHERE id = ?");
    this.#undone = db.prepare("UPDATE change SET state = 'undone' WHERE id = ?");
    this.#drop = db.prepare('DELETE FROM change WHERE id = ?');
    this.#begun = db.prepare("SELECT * FROM change WHERE state = 'begun' ORDER BY id");
    this.#find = db.prepare('SELECT * FROM change WHERE id = ?');
    // The last change first: that is the order in which they are undone.
    this.#idsOfRun = db.prepare("SELECT id FROM change WHERE run_id = ? AND state = 'done' ORDER BY id DESC");
    // The character after the slash is 0.
    this.#idsBelow = db.prepare(`
      SELECT id
      FROM change
      WHERE state = 'done'
        AND (path = ?1 OR (path > ?1 || '/' AND path < ?1 || '0'))
      ORDER BY id DESC`);
    this.#previous = db.prepare(`
      SELECT *
      FROM change
      WHERE path = ? AND id < ? AND state = 'done'
      ORDER BY id DESC
      LIMIT 1`);
    this.#discard = db.prepare(`
      DELETE FROM change
      WHERE state <> 'begun'
        AND run_id IN (SELECT id FROM run WHERE started_at < ?)
      RETURNING id`);
    this.#count = db.prepare(`
      SELECT count(*) AS changes
      FROM change
      JOIN run ON run.id = change.run_id
      WHERE change.state = 'done'
        AND run.started_at < ?`);
    this.#owns = db.prepare("SELECT plan ->> '$.own' AS own, own_before FROM change WHERE path = ?");
    this.#setWritten = db.prepare('UPDATE change SET written = ? WHERE id = ?');
    this.#later = db.prepare(
      "SELECT run_id FROM change WHERE path = ? AND id > ? AND state = 'done' ORDER BY id DESC LIMIT 1",
    );
    this.#lastId = Number(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'change'").get()?.['seq'] ?? 0);
  }

  /** The number of the next change; each is given out once. */
  nextId(): number {
    return ++this.#lastId;
  }

  begin(id: number, change: NewChange): void {
    const { runId, assetId, plan, temporaryPath, ownBefore, bytesBefore, undoes } = change;
    const texts = [plan.path, JSON.stringify(plan), temporaryPath, JSON.stringify(ownBefore)];
    this.#begin.run(id, runId, assetId, ...texts, bytesBefore ?? null, undoes ?? null);
  }

  finish(id: number, written: FileStamp): void {
    this.#finish.run(JSON.stringify(written), id);
  }

  /**
   * `change` is undone, as `undoing` began to.
   *
   * @param now the file as it is then; undefined when it is gone
   */
  finishUndo(undoing: number, change: Change, now: FileStamp | undefined): void {
    this.#undone.run(change.id);
    this.#drop.run(undoing);
    const row = this.#previous.get(change.plan.path, change.id);
    if (row === undefined || now === undefined) return;
    // The change before can be undone next, if the file is again what that one had left.
    const previous = changeOf(row);
    const { seen } = change.plan;
    if (isSameStamp(previous.written, seen)) {
      this.#setWritten.run(JSON.stringify(now), previous.id);
    }
  }

  /** The file is what it was: there is nothing to undo. */
  drop(id: number): void {
    this.#drop.run(id);
  }

  /** What a run that was killed has left. */
  begun(): Change[] {
    return this.#begun.all().map(changeOf);
  }

  /** Forgets the changes of runs that began before: they cannot be undone any more. Returns their numbers. */
  discardBefore(startedAt: string): number[] {
    return this.#discard.all(startedAt).map(idOf);
  }

  /** How many changes of such runs could be undone. */
  countBefore(startedAt: string): number {
    return Number(this.#count.get(startedAt)?.['changes']);
  }

  /** The changes of a run that can be undone, the last one first. */
  idsOfRun(runId: number): number[] {
    return this.#idsOfRun.all(runId).map(idOf);
  }

  /** The changes of a file, or of everything in a directory, that can be undone, the last one first. */
  idsBelow(path: string): number[] {
    return this.#idsBelow.all(path).map(idOf);
  }

  /** What was ours in a file before and after each change that is remembered, also of those that were undone. */
  ownsOf(path: string): OwnValues[] {
    return this.#owns.all(path).flatMap(({ own, own_before: before }) =>
      [own, before].flatMap((json) => typeof json === 'string' ? [JSON.parse(json) as OwnValues] : [])
    );
  }

  find(id: number): Change | undefined {
    const row = this.#find.get(id);
    return row === undefined ? undefined : changeOf(row);
  }

  /** The latest run that has changed the same file after this change, if any. */
  laterRun({ plan, id }: Change): number | undefined {
    const row = this.#later.get(plan.path, id);
    return row === undefined ? undefined : Number(row['run_id']);
  }
}

function idOf(row: Record<string, SQLOutputValue>): number {
  return Number(row['id']);
}

function changeOf(row: Record<string, SQLOutputValue>): Change {
  const { bytes_before: bytesBefore, written } = row;
  return {
    id: idOf(row),
    runId: Number(row['run_id']),
    assetId: String(row['asset_id']),
    state: row['state'] as Change['state'],
    plan: JSON.parse(String(row['plan'])),
    temporaryPath: String(row['temporary_path']),
    ownBefore: JSON.parse(String(row['own_before'])),
    bytesBefore: bytesBefore instanceof Uint8Array ? bytesBefore : undefined,
    undoes: row['undoes'] === null ? undefined : Number(row['undoes']),
    written: typeof written === 'string' ? JSON.parse(written) : undefined,
  };
}
