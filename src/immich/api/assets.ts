import { z } from 'zod';
import type { ImmichApi } from './client.ts';

/** What a user changes of a photo in Immich. */
export interface AssetChange {
  readonly description?: string;
  /** As ISO 8601, with the offset of where it was taken. */
  readonly dateTimeOriginal?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  /** null: none. */
  readonly rating?: number | null;
}

/** Changes a photo as its owner: Immich locks what is changed, writes it into the sidecar and extracts the photo again. Needs the permission asset.update. */
export async function changeAsset(api: ImmichApi, assetId: string, change: AssetChange): Promise<void> {
  await api.put(`/assets/${assetId}`, change, z.object({ id: z.guid() }));
}
