import { getLogger } from '@logtape/logtape';
import type { Config } from '../../config/config.ts';
import { ImmichApi } from '../../immich/api/client.ts';
import { ImmichApiError } from '../../immich/api/failure.ts';
import { startMissingThumbnails } from '../../immich/api/queues.ts';
import type { CycleReport } from '../cycle/report.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** Nothing depends on it: the night comes. */
const TIMEOUT_MS = 10_000;

/** Whether a cycle has left people without a thumbnail, or may have. */
export function areThumbnailsLeft({ coversTaken, jobs }: Pick<CycleReport, 'coversTaken' | 'jobs'>): boolean {
  return coversTaken > 0 || jobs.some(({ thumbnailsLeft }) => thumbnailsLeft > 0);
}

/**
 * Has Immich make the thumbnails of people at once that could not be made here, if there is a key of an administrator; else it does so at night. Whatever goes wrong
 * is logged, and no failure of a cycle.
 */
export async function askForThumbnails(
  { immich: { url, apiKey } }: Config,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (apiKey === undefined) return;
  try {
    await startMissingThumbnails(
      new ImmichApi({ url, apiKey, concurrency: 1, timeoutMs: TIMEOUT_MS, retries: 0, signal }),
    );
  } catch (error) {
    if (!(error instanceof ImmichApiError)) throw error;
    logger.info('Immich makes thumbnails of people at night, as it could not be asked to make them now: {reason}', {
      reason: error.message,
    });
  }
}
