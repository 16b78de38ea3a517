import { z } from 'zod';
import type { ImmichApi } from './client.ts';

/**
 * Starts the nightly job that makes thumbnails which are missing, also those of people whose `thumbnailPath` is empty. Needs job.create and a key of an
 * administrator. All releases have it; from 2.4 on its address counts as the older one of two, and the newer one cannot start anything.
 */
export async function startMissingThumbnails(api: ImmichApi): Promise<void> {
  await api.put('/jobs/thumbnailGeneration', { command: 'start', force: false }, z.unknown());
}
