import type { Problem } from '../../problems/problem.ts';

/** What failed in a cycle, and is to be tried again: nothing changes in Immich when its cause has gone (retries.ts). */
export interface Failures {
  /** By the ids of sources or of mirrors; also those that no report has room for. */
  readonly photos: ReadonlyMap<string, FailedPhoto>;
  /** What is no photo's, such as a person's. */
  readonly rest: readonly Problem[];
}

/** A photo of which something failed. */
export interface FailedPhoto {
  readonly problems: readonly Problem[];
  /** It should have been removed from somebody's account. */
  readonly isUrgent: boolean;
}

/** The same for problems of one kind that happened to the same. */
export function problemKey({ code, where: { job, assetId, photo, path, table } }: Problem): string {
  return JSON.stringify([code, job, assetId, photo, path, table]);
}
