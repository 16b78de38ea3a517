import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KnownFile } from './files.ts';

/**
 * Which assets have an original that another asset has too, as when two users import one directory: only one of them is
 * written, or each run would overwrite what the other wants. It is the one that came first, and stays it while it is there.
 *
 * There are few of them, so they are kept in memory while a run works.
 */
export class SecondAssets {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #byPath = new Map<string, Set<string>>();
  /** Whom a path was taken from in this run. */
  readonly #takenFrom = new Map<string, string>();
  readonly #seenFirst = new Set<string>();

  constructor({ db }: { readonly db: DatabaseSync }) {
    this.#insert = db.prepare('INSERT OR IGNORE INTO second_asset VALUES (?, ?)');
    this.#delete = db.prepare('DELETE FROM second_asset WHERE path = ?');
    for (const row of db.prepare('SELECT path, asset_id FROM second_asset').all()) {
      this.#add(String(row['path']), String(row['asset_id']));
    }
  }

  /**
   * Whether another asset is the one that is written to this file.
   *
   * @param known who has the file, and since which run
   */
  isSecond(
    path: string,
    assetId: string,
    known: Pick<KnownFile, 'assetId' | 'runId'> | undefined,
    runId: number,
  ): boolean {
    if (known === undefined) return false;
    if (known.assetId === assetId) {
      if (this.#byPath.has(path)) this.#seenFirst.add(path);
      return false;
    }
    if (this.#byPath.get(path)?.has(assetId)) return true;
    if (known.runId === runId || this.#takenFrom.get(path) === assetId) {
      this.#add(path, assetId);
      this.#seenFirst.add(path);
      return true;
    }
    // The asset that had it may be gone, as after a new import.
    this.#takenFrom.set(path, known.assetId);
    return false;
  }

  /**
   * Writes down what was found; belongs into Commits.
   *
   * @param seesAll whether the run has seen every asset: where the first is gone then, another may take its place
   */
  save({ seesAll }: { readonly seesAll: boolean }): void {
    for (const [path, assetIds] of this.#byPath) {
      if (seesAll && !this.#seenFirst.has(path)) this.#delete.run(path);
      else for (const assetId of assetIds) this.#insert.run(path, assetId);
    }
  }

  #add(path: string, assetId: string): void {
    const assetIds = this.#byPath.get(path) ?? new Set();
    this.#byPath.set(path, assetIds.add(assetId));
  }
}
