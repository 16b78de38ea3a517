import { runChild, withBenchLibrary } from './library.ts';

/** What `bench idle` prints. */
export interface IdleBench {
  readonly mirrored: number;
  /** A cycle in which nothing has happened: the median of twenty. */
  readonly idleSeconds: number;
  /** The statements of such a cycle. */
  readonly idleQueries: number;
  /** A cycle after 100 of the sources have changed: the median of three. */
  readonly changeSeconds: number;
  /** Peak resident memory over the first copy and all these cycles. */
  readonly rssMiB: number;
}

/** More than this is rows only: three files for each asset take longer to make than to measure. */
const MOST_WITH_FILES = 100_000;

/** Measures cycles over a library that was mirrored before. pg_stat_statements counts the statements. */
export async function benchIdle(mirrored: number): Promise<IdleBench> {
  const withFiles = Math.min(mirrored, MOST_WITH_FILES);
  const settings = { shared_buffers: '1GB', max_wal_size: '8GB', shared_preload_libraries: 'pg_stat_statements' };
  return await withBenchLibrary(withFiles, settings, async (library) => {
    const database = await library.clone('idle');
    const measured = await runChild<Omit<IdleBench, 'mirrored'>>('./idle_child.ts', database, library, [
      String(Math.ceil(mirrored / withFiles)),
    ]);
    return { mirrored, ...measured };
  });
}
