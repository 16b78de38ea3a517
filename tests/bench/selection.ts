import { runChild, withBenchLibrary } from './library.ts';

/** One deed in Immich and the cycle after it: seconds of each run, and the statements of the last. */
export interface Followed {
  readonly seconds: readonly number[];
  readonly statements: number;
}

/** What `bench selection` prints: cycles of 50 jobs with `select`, each with an album of its own, some with a person or favourites as well. */
export interface SelectionBench {
  readonly mirrored: number;
  readonly jobs: number;
  /** A cycle in which nothing has happened: the median of twenty. */
  readonly idleSeconds: number;
  readonly idleStatements: number;
  /** 100 photos are put into an album. */
  readonly put100: Followed;
  /** They are taken out of it. */
  readonly takeOut100: Followed;
  readonly takeOutOne: Followed;
  readonly favourite: Followed;
  /** A person whom a job names, and who is on all that has files, is called otherwise: everything is looked at, and nothing goes. Not measured where rows are multiplied. */
  readonly renamed: Followed;
  readonly photosOfRenamed: number;
  /** Of this machine, over the last minute, at the end. */
  readonly load: number;
}

/** More than this is rows only. */
const MOST_WITH_FILES = 20_000;

/** Photos that nothing selects yet. */
export const SPARE_PHOTOS = 1_000;

/** Measures how what jobs select is followed. pg_stat_statements counts the statements. */
export async function benchSelection(mirrored: number): Promise<SelectionBench> {
  const withFiles = Math.min(mirrored, MOST_WITH_FILES);
  const settings = { shared_buffers: '1GB', max_wal_size: '8GB', shared_preload_libraries: 'pg_stat_statements' };
  return await withBenchLibrary(withFiles + SPARE_PHOTOS, settings, async (library) => {
    const database = await library.clone('selection');
    const measured = await runChild<Omit<SelectionBench, 'mirrored' | 'load'>>(
      './selection_child.ts',
      database,
      library,
      [
        String(Math.ceil(mirrored / withFiles)),
      ],
    );
    return { mirrored, ...measured, load: Math.round((Deno.loadavg()[0] ?? 0) * 10) / 10 };
  });
}
