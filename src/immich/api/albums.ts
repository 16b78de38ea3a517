import { z } from 'zod';
import type { ImmichApi } from './client.ts';
import { searchAssets, type SearchFilter } from './search.ts';
import type { Account } from './server.ts';

const albumsAnswer = z.array(z.object({ id: z.guid(), albumName: z.string(), assetCount: z.int() }));

type ListedAlbum = z.output<typeof albumsAnswer>[number];

/** An album and which of the user's own assets are in it. */
export interface Album {
  readonly name: string;
  readonly assetIds: readonly string[];
}

/** What of the library there is to look through. */
export type Visibility = SearchFilter['visibility'];

/**
 * The albums that the user owns or is a member of, with their own assets in them. One or two requests for the list, and
 * one per thousand assets of an album and visibility.
 */
export async function readAlbums(
  api: ImmichApi,
  account: Account,
  visibilities: readonly Visibility[],
): Promise<readonly Album[]> {
  const listed = (await listAlbums(api, account)).filter(({ assetCount }) => assetCount > 0);
  return await Promise.all(listed.map(async ({ id, albumName }) => ({
    name: albumName,
    assetIds: await ownAssetIds(api, account, visibilities, { albumIds: [id] }),
  })));
}

/** Until 2.7 the list has the user's own albums only, and another one those shared with or by them. */
async function listAlbums(api: ImmichApi, { version }: Account): Promise<readonly ListedAlbum[]> {
  const lists = [api.get('/albums', albumsAnswer)];
  if (version.major < 3) lists.push(api.get('/albums', albumsAnswer, { shared: 'true' }));
  const byId = new Map((await Promise.all(lists)).flat().map((album) => [album.id, album]));
  return [...byId.values()];
}

/** The ids of the user's own assets that match. */
export async function ownAssetIds(
  api: ImmichApi,
  { userId, version }: Account,
  visibilities: readonly Visibility[],
  filter: Omit<SearchFilter, 'visibility'>,
): Promise<readonly string[]> {
  const found = await Promise.all(visibilities.map(async (visibility) => {
    const ids: string[] = [];
    const options = { version, size: api.idsPerRequest, withDetails: false };
    for await (const page of searchAssets(api, { ...filter, visibility }, options)) {
      for (const { id, ownerId } of page) if (ownerId === userId) ids.push(id);
    }
    return ids;
  }));
  return [...new Set(found.flat())];
}
