import { z } from 'zod';
import type { Visibility } from './albums.ts';
import type { ImmichApi } from './client.ts';

const statisticsAnswer = z.object({ images: z.int(), videos: z.int() });

/** How many photos and videos the user has there, without trashed ones. Needs the permission asset.statistics. */
export async function fetchAssetCount(api: ImmichApi, visibilities: readonly Visibility[]): Promise<number> {
  const counts = await Promise.all(
    visibilities.map((visibility) => api.get('/assets/statistics', statisticsAnswer, { visibility })),
  );
  return counts.reduce((sum, { images, videos }) => sum + images + videos, 0);
}
