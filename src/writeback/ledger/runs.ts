import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Outcome } from '../outcome.ts';

/** How many assets ended how. */
export type Counts = Readonly<Partial<Record<Outcome, number>>>;

/** A run of write-back. */
export interface Run {
  readonly id: number;
  readonly startedAt: string;
  readonly endedAt: string | undefined;
  /** `running` of a run that is not this one means that it was killed. */
  readonly state: 'running' | 'finished' | 'interrupted' | 'abandoned';
  /** What it was told to do: only a run with the same can go on where it stopped. */
  readonly options: string;
  readonly counts: Counts;
}

/** The ledger's rows about runs and their checkpoints. Writes belong into Commits, but for `start`. */
export class Runs {
  readonly #db: DatabaseSync;
  readonly #end: StatementSync;
  readonly #done: StatementSync;
  readonly #isDone: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#end = db.prepare('UPDATE run SET state = ?, ended_at = ?, counts = ? WHERE id = ?');
    this.#done = db.prepare('INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)');
    this.#isDone = db.prepare(`
      SELECT checkpoint.asset_id
      FROM json_each(?2) AS asked
      JOIN checkpoint ON checkpoint.run_id = ?1 AND checkpoint.asset_id = asked.value`);
  }

  /** Begins a run at once and returns its number. */
  start(options: string, startedAt: string): number {
    const row = this.#db
      .prepare("INSERT INTO run (started_at, state, options, counts) VALUES (?, 'running', ?, '{}') RETURNING id")
      .get(startedAt, options);
    return Number(row?.['id']);
  }

  /** Goes on with a run that was interrupted. */
  restart(id: number): void {
    this.#db.prepare("UPDATE run SET state = 'running', ended_at = NULL WHERE id = ?").run(id);
  }

  end(id: number, state: 'finished' | 'interrupted', counts: Counts, endedAt: string): void {
    this.#end.run(state, endedAt, JSON.stringify(counts), id);
    if (state === 'finished') this.#db.prepare('DELETE FROM checkpoint WHERE run_id = ?').run(id);
  }

  /** Forgets a run that has changed nothing. */
  dropIdle(id: number): void {
    this.#db.prepare('DELETE FROM run WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM change WHERE run_id = ?1)').run(id);
  }

  /** The run is done with this asset. */
  markDone(runId: number, assetId: string, outcome: Outcome): void {
    this.#done.run(runId, assetId, outcome);
  }

  /** Those of these assets that the run is done with. */
  done(runId: number, assetIds: readonly string[]): ReadonlySet<string> {
    const rows = this.#isDone.all(runId, JSON.stringify(assetIds));
    return new Set(rows.map((row) => String(row['asset_id'])));
  }

  /** How the assets ended that the run is done with. */
  doneCounts(runId: number): Counts {
    const rows = this.#db
      .prepare('SELECT outcome, count(*) AS assets FROM checkpoint WHERE run_id = ? GROUP BY outcome')
      .all(runId);
    return Object.fromEntries(rows.map((row) => [String(row['outcome']), Number(row['assets'])]));
  }

  /** The last run that did not come to its end and was not given up. */
  interrupted(): Run | undefined {
    return this.#one("WHERE state IN ('running', 'interrupted') ORDER BY id DESC LIMIT 1");
  }

  /** Gives up every run that did not come to its end, so that the next one begins anew. */
  clearCheckpoint(): void {
    this.#db.exec(
      "UPDATE run SET state = 'abandoned' WHERE state IN ('running', 'interrupted'); DELETE FROM checkpoint",
    );
  }

  /** When the first run began that is remembered. */
  firstStart(): string | undefined {
    return this.#one('ORDER BY id LIMIT 1')?.startedAt;
  }

  find(id: number): Run | undefined {
    return this.#one('WHERE id = ?', id);
  }

  /** The last run of which something can be undone. */
  lastWithChanges(): Run | undefined {
    return this.#one("WHERE id = (SELECT max(run_id) FROM change WHERE state = 'done')");
  }

  #one(where: string, ...values: number[]): Run | undefined {
    const row = this.#db.prepare(`SELECT * FROM run ${where}`).get(...values);
    return row === undefined ? undefined : runOf(row);
  }
}

function runOf(row: Record<string, SQLOutputValue>): Run {
  return {
    id: Number(row['id']),
    startedAt: String(row['started_at']),
    endedAt: row['ended_at'] === null ? undefined : String(row['ended_at']),
    state: row['state'] as Run['state'],
    options: String(row['options']),
    counts: JSON.parse(String(row['counts'])),
  };
}
