import type { Cycles } from './cycles_child.ts';
import { runChild, withBenchLibrary } from './library.ts';

/** What `bench idle` prints. */
export interface IdleBench extends Pick<Cycles, 'idleSeconds' | 'idleQueries' | 'changeSeconds' | 'rssMiB'> {
  readonly mirrored: number;
}

/** Of more the rows of fewer are multiplied: three files for each asset take longer to make than to measure. */
const MOST_WITH_FILES = 100_000;
const MULTIPLIED = 20_000;

/** Measures cycles over a library that was mirrored before. pg_stat_statements counts the statements. */
export async function benchIdle(mirrored: number): Promise<IdleBench> {
  const { idleSeconds, idleQueries, changeSeconds, rssMiB } = await measureCycles({ mirrored, jobs: 1 });
  return { mirrored, idleSeconds, idleQueries, changeSeconds, rssMiB };
}

/** Cycles over so many mirrors, with so many jobs, of which one has photos. */
export async function measureCycles(
  { mirrored, jobs }: { readonly mirrored: number; readonly jobs: number },
): Promise<Cycles> {
  const withFiles = mirrored > MOST_WITH_FILES ? MULTIPLIED : mirrored;
  const settings = { shared_buffers: '1GB', max_wal_size: '8GB', shared_preload_libraries: 'pg_stat_statements' };
  return await withBenchLibrary(withFiles, settings, async (library) => {
    const args = [Math.ceil(mirrored / withFiles), jobs].map(String);
    return await runChild<Cycles>('./cycles_child.ts', await library.clone('cycles'), library, args);
  });
}
