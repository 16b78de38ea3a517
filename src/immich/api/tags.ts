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

/** Ids of the user's tags, by their values. */
export async function fetchTagIds(api: ImmichApi): Promise<ReadonlyMap<string, string>> {
  return new Map((await api.get('/tags', tagsAnswer)).map(({ id, value }) => [value, id]));
}

const removedAnswer = z.array(z.object({ id: z.guid(), success: z.boolean() }));

/** So many assets are named in one request. */
const ASSETS_PER_REQUEST = 1_000;

/** Takes a tag from these assets, as its owner does in Immich. Returns of how many; the others had it no more. */
export async function takeTagFrom(api: ImmichApi, tagId: string, assetIds: readonly string[]): Promise<number> {
  let taken = 0;
  for (let at = 0; at < assetIds.length; at += ASSETS_PER_REQUEST) {
    const ids = assetIds.slice(at, at + ASSETS_PER_REQUEST);
    const answers = await api.deleteFrom(`/tags/${tagId}/assets`, { ids }, removedAnswer);
    taken += answers.filter(({ success }) => success).length;
  }
  return taken;
}
