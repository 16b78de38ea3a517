import { ImmichApi, type ImmichApiOptions } from '../../../src/immich/api/client.ts';
import { identify } from '../../../src/immich/api/server.ts';
import type { FieldName } from '../../../src/writeback/fields/fields.ts';
import { FIELD_NAMES } from '../../../src/writeback/fields/fields.ts';
import type { AssetRecord } from '../../../src/writeback/fields/record.ts';
import type { AlbumCache, AlbumCacheRules, RememberedAlbums } from '../../../src/writeback/records/albums.ts';
import { apiSource, keyPermissionsFor } from '../../../src/writeback/records/api.ts';
import type { FindSharing } from '../../../src/writeback/records/sharing.ts';
import type { RecordOptions, RecordSource, SourceItem } from '../../../src/writeback/records/source.ts';
import type { FakeImmich } from '../../harness/fake_immich/server.ts';

/** A cache that lasts as long as the test. */
export class MemoryCache implements AlbumCache {
  remembered: RememberedAlbums | undefined;

  read(): RememberedAlbums | undefined {
    return this.remembered;
  }

  write(albums: RememberedAlbums): void {
    this.remembered = albums;
  }

  clear(): void {
    this.remembered = undefined;
  }
}

export const CACHE_RULES: AlbumCacheRules = { ttlSeconds: 86_400, maxStaleSeconds: 604_800 };

/** A client that does not wait long. */
export function apiOf(fake: FakeImmich, options: Partial<ImmichApiOptions> = {}): ImmichApi {
  return new ImmichApi({ url: fake.url, apiKey: fake.apiKey, concurrency: 4, firstDelayMs: 1, ...options });
}

export interface SourceOptions {
  readonly fields?: readonly FieldName[];
  readonly batchSize?: number;
  readonly cache?: AlbumCache;
  readonly rules?: AlbumCacheRules;
  readonly findSharing?: FindSharing;
}

/** The API source of a fake server, as a run would make it. */
export async function sourceOf(fake: FakeImmich, options: SourceOptions = {}): Promise<RecordSource> {
  const { fields = FIELD_NAMES, batchSize = 1_000, cache = new MemoryCache(), rules = CACHE_RULES } = options;
  const api = apiOf(fake);
  const account = await identify(api, keyPermissionsFor(fields));
  const findSharing = options.findSharing ?? (() => Promise.resolve({ mirrors: new Set(), shared: new Set() }));
  return apiSource({ api, account, batchSize, albums: { cache, rules }, findSharing });
}

/** Everything a source gives. */
export async function itemsOf(source: RecordSource, options: Partial<RecordOptions> = {}): Promise<SourceItem[]> {
  return (await Array.fromAsync(source.pages({ fields: FIELD_NAMES, ...options }))).flat();
}

/** Its records by asset id. */
export function byId(items: readonly SourceItem[]): Map<string, AssetRecord> {
  return new Map(items.flatMap((item) => item.kind === 'record' ? [[item.record.assetId, item.record]] : []));
}
