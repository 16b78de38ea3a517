/** Originals that were left alone although they were to be written into, so that their sidecars got everything. */
export interface Instead {
  /** A sentence without full stop. */
  readonly reason: string;
  /** How many, for this reason. */
  readonly files: number;
  /** One of them. */
  readonly example: string;
}

/** Reasons may quote what is in a file, so that there may be as many as files. */
export const MOST_REASONS = 20;

/** What the reasons beyond that are counted under. */
const OTHERS = 'other reasons';

/** Counts reasons. */
export class Insteads {
  readonly #found = new Map<string, { files: number; readonly example: string }>();

  add(reason: string, path: string): void {
    const key = this.#found.has(reason) || this.#found.size < MOST_REASONS - 1 ? reason : OTHERS;
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { files: 1, example: path });
    else known.files++;
  }

  /** The most frequent first. */
  list(): readonly Instead[] {
    return [...this.#found]
      .map(([reason, { files, example }]) => ({ reason, files, example }))
      .sort((a, b) => b.files - a.files);
  }
}
