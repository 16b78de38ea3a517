/** How much is looked at, copied or remembered at once. Made once for each run; tests make them small, so that there is always one more page. */
export interface Limits {
  /** Assets in one transaction: 500 take some 0.2 s. Twice as many save a few percent of the time, and cost 10 MiB. */
  readonly batch: number;
  /** What one query finds where it has to look at everything that is still to come, such as the ids of new assets. */
  readonly search: number;
  /** Mirrors that are looked at with one query. */
  readonly mirrors: number;
  /** Mirrors of which one query says which have to be looked at: the larger, the more of it reads whole tables in one go. */
  readonly versions: number;
  /** Of these so many whose files are looked at before PostgreSQL is asked where the next ones are. */
  readonly places: number;
  /** Embeddings in a worker's first transaction; how long that takes says how many are in the next. */
  readonly embeddings: number;
  /** Mirrors whose sources, and files whose mirrors, are looked for with one query after our own tables were lost. */
  readonly adoptedMirrors: number;
  readonly adoptedFiles: number;
  /** Files that are looked up with one query where a restored backup may have left some. */
  readonly strays: number;
  /** Mirrors of immich-shared-library that are looked up, and taken over, with one statement. */
  readonly predecessor: number;
  /** More changes than this are not worth listing: a full cycle is as fast. */
  readonly changes: number;
  /** With more assets than this waiting for Immich, as during a large import, looking at everything is simpler. */
  readonly waiting: number;
  /** So many jobs look each for itself what changes mean to it; of more it is asked before, with one statement. */
  readonly jobs: number;
  /** So often, in milliseconds, a look at everything looks in between at what has happened since. */
  readonly meanwhileMs: number;
  /** Problems of a job that are reported. */
  readonly problems: number;
}

export const LIMITS: Limits = Object.freeze({
  batch: 500,
  search: 20_000,
  mirrors: 1_000,
  versions: 50_000,
  places: 5_000,
  embeddings: 250,
  adoptedMirrors: 5_000,
  adoptedFiles: 20_000,
  strays: 1_000,
  predecessor: 5_000,
  changes: 20_000,
  waiting: 20_000,
  jobs: 4,
  meanwhileMs: 3_000,
  problems: 100,
});
