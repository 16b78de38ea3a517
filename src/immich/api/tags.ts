import { z } from 'zod';
import { ownAssetIds, type Visibility } from './albums.ts';
import type { ImmichApi } from './client.ts';
import type { Account } from './server.ts';

const tagsAnswer = z.array(z.object({ id: z.guid(), parentId: z.guid().nullish(), value: z.string() }));

/** A tag and which of the user's own assets have it or one below it. */
export interface TagWithAssets {
  /** Levels separated by `/`. */
  readonly value: string;
  readonly assetIds: readonly string[];
}

/**
 * The user's tags with their assets: one request for the list, and one per thousand assets of a tag and visibility. A
 * search for a tag also finds what has one below it, so what is below a tag without assets is not asked for.
 */
export async function fetchTags(
  api: ImmichApi,
  account: Account,
  visibilities: readonly Visibility[],
): Promise<readonly TagWithAssets[]> {
  const tags = await api.get('/tags', tagsAnswer);
  const childrenOf = Map.groupBy(tags, ({ parentId }) => parentId ?? undefined);
  const readBelow = async (parentId: string | undefined): Promise<readonly TagWithAssets[]> => {
    const found = await Promise.all((childrenOf.get(parentId) ?? []).map(async ({ id, value }) => {
      const assetIds = await ownAssetIds(api, account, visibilities, { tagIds: [id] });
      return assetIds.length === 0 ? [] : [{ value, assetIds }, ...await readBelow(id)];
    }));
    return found.flat();
  };
  return await readBelow(undefined);
}
