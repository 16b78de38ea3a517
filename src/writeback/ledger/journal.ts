import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { FilePlan, FileStamp, OwnValues } from '../tags.ts';

/** One file that was replaced, or is just being. */
export interface Change {
  readonly id: number;
  readonly runId: number;
  readonly assetId: string;
  readonly state: 'begun' | 'done' | 'undone';
  /** What was to be done; the values before and after are in it. */
  readonly plan: FilePlan;
  /** Where the new content is made, in the same directory. */
  readonly temporaryPath: string;
  /** What was ours before. */
  readonly ownBefore: OwnValues;
  /** The whole file as it was, of a sidecar; undefined for media files and for a sidecar that was made. */
  readonly bytesBefore: Uint8Array | undefined;
  /** The file as we left it; undefined while the change is begun. */
  readonly written: FileStamp | undefined;
}

/** What is known when a change begins. */
export type NewChange = Omit<Change, 'id' | 'state' | 'written'>;

/**
 * The undo journal. A row is there before the file is touched and is taken away only when it was not touched after all,
 * so that every file that differs from what it was has one. Writes belong into Commits.
 */
export class Journal {
  readonly #begin: StatementSync;
  readonly #finish: StatementSync;
  readonly #drop: StatementSync;
  readonly #begun: StatementSync;
  readonly #ofRun: StatementSync;
  readonly #ofPath: StatementSync;
  readonly #later: StatementSync;
  readonly #undone: StatementSync;
  #lastId: number;

  constructor(db: DatabaseSync) {
    this.#begin = db.prepare(`
      INSERT INTO change (id, run_id, asset_id, path, state, plan, temporary_path, own_before, bytes_before)
      VALUES (?, ?, ?, ?, 'begun', ?, ?, ?, ?)`);
    this.#finish = db.prepare("UPDATE change SET state = 'done', written = ? WHERE id = ?");
    this.#undone = db.prepare("UPDATE change SET state = 'undone' WHERE id = ?");
    this.#drop = db.prepare('DELETE FROM change WHERE id = ?');
    this.#begun = db.prepare("SELECT * FROM change WHERE state = 'begun' ORDER BY id");
    // The last change first: that is the order in which they are undone.
    this.#ofRun = db.prepare(
      "SELECT * FROM change WHERE run_id = ? AND state = 'done' AND id < ? ORDER BY id DESC LIMIT 100",
    );
    this.#ofPath = db.prepare("SELECT * FROM change WHERE path = ? AND state = 'done' ORDER BY id DESC");
    this.#later = db.prepare(
      "SELECT run_id FROM change WHERE path = ? AND id > ? AND state = 'done' ORDER BY id DESC LIMIT 1",
    );
    this.#lastId = Number(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'change'").get()?.['seq'] ?? 0);
  }

  /** The number of the next change; each is given out once. */
  nextId(): number {
    return ++this.#lastId;
  }

  begin(id: number, { runId, assetId, plan, temporaryPath, ownBefore, bytesBefore }: NewChange): void {
    const texts = [plan.path, JSON.stringify(plan), temporaryPath, JSON.stringify(ownBefore)];
    this.#begin.run(id, runId, assetId, ...texts, bytesBefore ?? null);
  }

  finish(id: number, written: FileStamp): void {
    this.#finish.run(JSON.stringify(written), id);
  }

  markUndone(id: number): void {
    this.#undone.run(id);
  }

  /** The file is what it was: there is nothing to undo. */
  drop(id: number): void {
    this.#drop.run(id);
  }

  /** What a run that was killed has left. */
  begun(): Change[] {
    return this.#begun.all().map(changeOf);
  }

  /** What can be undone of a run, the last change first. Read a hundred at a time: a run may have written everything. */
  *ofRun(runId: number): Generator<Change> {
    let before = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const changes = this.#ofRun.all(runId, before).map(changeOf);
      yield* changes;
      const last = changes.at(-1);
      if (last === undefined) return;
      before = last.id;
    }
  }

  /** What can be undone of a media file or a sidecar, the last change first. */
  ofPath(path: string): Change[] {
    return this.#ofPath.all(path).map(changeOf);
  }

  /** The latest run that has changed the same file after this change, if any. */
  laterRun({ plan, id }: Change): number | undefined {
    const row = this.#later.get(plan.path, id);
    return row === undefined ? undefined : Number(row['run_id']);
  }
}

function changeOf(row: Record<string, SQLOutputValue>): Change {
  const { bytes_before: bytesBefore, written } = row;
  return {
    id: Number(row['id']),
    runId: Number(row['run_id']),
    assetId: String(row['asset_id']),
    state: row['state'] as Change['state'],
    plan: JSON.parse(String(row['plan'])),
    temporaryPath: String(row['temporary_path']),
    ownBefore: JSON.parse(String(row['own_before'])),
    bytesBefore: bytesBefore instanceof Uint8Array ? bytesBefore : undefined,
    written: typeof written === 'string' ? JSON.parse(written) : undefined,
  };
}
