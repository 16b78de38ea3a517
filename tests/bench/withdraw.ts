import { runChild, withBenchLibrary } from './library.ts';

/** What `bench withdraw` prints. */
export interface WithdrawBench {
  readonly mirrored: number;
  /** To find all mirrors of a job, and to withdraw them with their files. */
  readonly unsharePlanSeconds: number;
  readonly unshareSeconds: number;
  readonly unshareLinks: number;
  /** The same for mirrors that the target has, too: all of them. */
  readonly dedupPlanSeconds: number;
  readonly dedupSeconds: number;
  readonly dedupLinks: number;
}

/** Measures `unshare` and `dedup` of a whole library. */
export async function benchWithdraw(mirrored: number): Promise<WithdrawBench> {
  return await withBenchLibrary(mirrored, {}, async (library) => {
    const database = await library.clone('withdraw');
    return { mirrored, ...await runChild<Omit<WithdrawBench, 'mirrored'>>('./withdraw_child.ts', database, library) };
  });
}
