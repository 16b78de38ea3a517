import { getLogger } from '@logtape/logtape';
import { messageOf } from '../../errors.ts';
import type { Album } from '../../immich/api/albums.ts';

const logger = getLogger(['immich-sidecar', 'writeback']);

/** The albums of one user of one server at one time. Plain JSON. */
export interface RememberedAlbums {
  /** When they were asked for, in milliseconds since the epoch. */
  readonly fetchedAtMs: number;
  /** Whose they are: server and user. A key of another user must not see them. */
  readonly owner: string;
  readonly albums: readonly Album[];
}

/** Keeps the albums from one run to the next. */
export interface AlbumCache {
  read(): RememberedAlbums | undefined;
  write(albums: RememberedAlbums): void;
  clear(): void;
}

export interface AlbumCacheRules {
  /** Younger than this they are used without asking. */
  readonly ttlSeconds: number;
  /** Up to this age they are used when asking fails. */
  readonly maxStaleSeconds: number;
}

/** What may be done with remembered albums. */
export type Freshness = 'fresh' | 'stale' | 'useless';

/** Pure. Albums from the future (a clock was set back) are not fresh. */
export function freshnessOf(
  remembered: RememberedAlbums | undefined,
  owner: string,
  nowMs: number,
  rules: AlbumCacheRules,
): Freshness {
  if (remembered === undefined || remembered.owner !== owner) return 'useless';
  const ageSeconds = (nowMs - remembered.fetchedAtMs) / 1000;
  if (ageSeconds >= 0 && ageSeconds < rules.ttlSeconds) return 'fresh';
  return Math.abs(ageSeconds) <= rules.maxStaleSeconds ? 'stale' : 'useless';
}

/**
 * The albums, remembered or asked for. When asking fails and what is remembered is not too old, that is used, with a
 * warning; else the failure is thrown.
 */
export async function currentAlbums(
  cache: AlbumCache,
  rules: AlbumCacheRules,
  owner: string,
  ask: () => Promise<readonly Album[]>,
  nowMs: number = Date.now(),
): Promise<readonly Album[]> {
  const remembered = cache.read();
  const freshness = freshnessOf(remembered, owner, nowMs, rules);
  if (remembered !== undefined && freshness === 'fresh') return remembered.albums;
  try {
    const albums = await ask();
    cache.write({ fetchedAtMs: nowMs, owner, albums });
    return albums;
  } catch (error) {
    if (remembered === undefined || freshness === 'useless') throw error;
    logger.warn('{message} The albums as they were at {time} are used.', {
      message: messageOf(error),
      time: new Date(remembered.fetchedAtMs).toISOString(),
    });
    return remembered.albums;
  }
}

/** Which names an asset has: albums by asset, or tags by asset. */
export function namesByAsset(
  groups: Iterable<{ readonly name: string; readonly assetIds: readonly string[] }>,
): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { name, assetIds } of groups) {
    for (const assetId of assetIds) {
      const list = names.get(assetId);
      if (list === undefined) names.set(assetId, [name]);
      else list.push(name);
    }
  }
  return names;
}
