import { runChild, withBenchLibrary } from './library.ts';

/** What `bench take-back` prints. */
export interface TakeBackBench {
  readonly mirrored: number;
  /** To find all mirrors of a job, and to take them back with their files. */
  readonly unsharePlanSeconds: number;
  readonly unshareSeconds: number;
  readonly unshareLinks: number;
  /** The same for mirrors that the target has himself: all of them. */
  readonly dedupPlanSeconds: number;
  readonly dedupSeconds: number;
  readonly dedupLinks: number;
}

/** Measures `unshare` and `dedup` of a whole library. */
export async function benchTakeBack(mirrored: number): Promise<TakeBackBench> {
  return await withBenchLibrary(mirrored, {}, async (library) => {
    const database = await library.clone('take_back');
    return { mirrored, ...await runChild<Omit<TakeBackBench, 'mirrored'>>('./take_back_child.ts', database, library) };
  });
}
