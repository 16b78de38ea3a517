import { readAlbums, type Visibility } from '../../immich/api/albums.ts';
import type { ImmichApi } from '../../immich/api/client.ts';
import { type FoundAsset, searchAssets } from '../../immich/api/search.ts';
import { type Account, isAllowed, type ServerVersion, versionText } from '../../immich/api/server.ts';
import { fetchAssetCount } from '../../immich/api/statistics.ts';
import { fetchTags } from '../../immich/api/tags.ts';
import type { Asked } from '../fields/field.ts';
import { asksFor, type FieldName } from '../fields/fields.ts';
import { type AlbumCache, type AlbumCacheRules, currentAlbums, namesByAsset } from './albums.ts';
import { facesOfAsset } from './api_faces.ts';
import { isWritableType, recordOf } from './facts.ts';
import type { FindSharing } from './sharing.ts';
import { readAhead } from '../../postgres/read_ahead.ts';
import type { RecordOptions, RecordSource, SourceItem } from './source.ts';

export interface ApiSourceOptions {
  readonly api: ImmichApi;
  /** From `identify(api, permissionsFor(fields))`. */
  readonly account: Account;
  /** Assets per request. */
  readonly batchSize: number;
  readonly albums: { readonly cache: AlbumCache; readonly rules: AlbumCacheRules };
  readonly findSharing: FindSharing;
}

/** What a key must be allowed for these fields, in Immich's words. */
export function keyPermissionsFor(fields: readonly FieldName[]): (version: ServerVersion) => readonly string[] {
  return (version) => [
    'user.read',
    'asset.read',
    ...ASKED.filter((asked) => asksFor(fields, asked)).flatMap((asked) => PERMISSIONS[asked](version)),
  ];
}

const PERMISSIONS: Readonly<Record<Asked, (version: ServerVersion) => readonly string[]>> = Object.freeze({
  albums: () => ['album.read'],
  tags: () => ['tag.read'],
  // Until 2.7 faces come with the assets, as they are without edits.
  faces: ({ major }) => major >= 3 ? ['face.read', 'asset.edit.get'] : [],
});
const ASKED = Object.keys(PERMISSIONS) as Asked[];

/** The assets of the key's owner from Immich's REST API; what partners show in their timeline is not theirs. */
export function apiSource(options: ApiSourceOptions): RecordSource {
  const { api, account } = options;
  return {
    knowsMirrors: false,
    knowsSidecars: false,
    describe: () => `Immich ${versionText(account.version)} at ${api.url}, photos of ${account.userName}`,
    count: async ({ since }) => {
      if (since !== undefined || !isAllowed(account.permissions, 'asset.statistics')) return undefined;
      return await fetchAssetCount(api, VISIBILITIES);
    },
    pages: (wanted) => readAhead(readPages(options, wanted)),
  };
}

/** Asked for by name: without it 2.x leaves the archive out and 3.x puts hidden assets in. */
const VISIBILITIES: readonly Visibility[] = ['timeline', 'archive'];

async function* readPages(options: ApiSourceOptions, wanted: RecordOptions): AsyncGenerator<readonly SourceItem[]> {
  const { api, batchSize } = options;
  const names = new NameLookup(options, wanted);
  /** An asset whose date is changed during the run would come twice. */
  const seen = new Set<string>();
  for (const visibility of VISIBILITIES) {
    const filter = { visibility, ...(wanted.since && { updatedAfter: wanted.since.toISOString() }) };
    for await (
      const found of searchAssets(api, filter, { version: options.account.version, size: batchSize, withDetails: true })
    ) {
      const assets = found.filter((asset) => isOwn(asset, options.account) && !seen.has(asset.id));
      for (const { id } of assets) seen.add(id);
      yield await itemsOf(assets, options, wanted, names);
    }
  }
}

/** Also false for what Immich has not read yet, and for what cannot be written at all. */
function isOwn(asset: FoundAsset, { userId }: Account): boolean {
  return asset.ownerId === userId && !asset.isTrashed && !asset.isOffline && isWritableType(asset.type) &&
    asset.exifInfo !== undefined && asset.exifInfo !== null;
}

async function itemsOf(
  assets: readonly FoundAsset[],
  { api, findSharing }: ApiSourceOptions,
  { fields }: RecordOptions,
  names: NameLookup,
): Promise<readonly SourceItem[]> {
  const { mirrors, shared } = await findSharing(
    assets.map(({ id, originalPath, libraryId }) => ({ id, originalPath, isExternal: Boolean(libraryId) })),
  );
  const albums = await names.albums();
  const tags = await names.tags(assets);
  const items = await Promise.all(assets.map(async (asset): Promise<SourceItem | undefined> => {
    const { id, originalPath } = asset;
    if (mirrors.has(id)) return { kind: 'mirror', assetId: id, originalPath };
    const faces = asksFor(fields, 'faces') ? await facesOfAsset(api, asset) : undefined;
    if (faces === 'gone') return undefined;
    const record = recordOf({
      ...asset,
      isEdited: asset.isEdited ?? false,
      exif: asset.exifInfo ?? {},
      people: asset.people ?? [],
      faces,
      albums: albums && (albums.get(id) ?? []),
      tags: tags && (asset.tags?.map(({ value }) => value) ?? tags.get(id) ?? []),
    });
    return { kind: 'record', record, isShared: shared.has(id), changedAt: new Date(asset.updatedAt) };
  }));
  return items.filter((item) => item !== undefined);
}

/** Names by asset: albums, or tags. */
type Names = ReadonlyMap<string, readonly string[]>;

/** Albums and tags are the other way round in the API, so they are asked for once, as a whole, and only when needed. */
class NameLookup {
  readonly #options: ApiSourceOptions;
  readonly #wanted: RecordOptions;
  #visibilities: Promise<readonly Visibility[]> | undefined;
  #albums: Promise<Names> | undefined;
  #tags: Promise<Names> | undefined;

  constructor(options: ApiSourceOptions, wanted: RecordOptions) {
    this.#options = options;
    this.#wanted = wanted;
  }

  /** undefined when no field writes albums. */
  async albums(): Promise<Names | undefined> {
    if (!asksFor(this.#wanted.fields, 'albums')) return undefined;
    return await (this.#albums ??= this.#readAlbums());
  }

  /** undefined when no field writes tags; empty when the assets of this page tell theirs themselves. */
  async tags(page: readonly FoundAsset[]): Promise<Names | undefined> {
    if (!asksFor(this.#wanted.fields, 'tags')) return undefined;
    if (page.every(({ tags }) => tags !== undefined)) return new Map();
    return await (this.#tags ??= this.#readTags());
  }

  async #readAlbums(): Promise<Names> {
    const { api, account, albums: { cache, rules } } = this.#options;
    const ask = async () => await readAlbums(api, account, await this.#used());
    return namesByAsset(await currentAlbums(cache, rules, `${api.url} ${account.userId}`, ask));
  }

  async #readTags(): Promise<Names> {
    const { api, account } = this.#options;
    const tags = await fetchTags(api, account, await this.#used());
    return namesByAsset(tags.map(({ value, assetIds }) => ({ name: value, assetIds })));
  }

  /** One question whether anything is archived saves one for each album and tag. */
  async #used(): Promise<readonly Visibility[]> {
    return await (this.#visibilities ??= this.#findUsed());
  }

  async #findUsed(): Promise<readonly Visibility[]> {
    for await (
      const page of searchAssets(this.#options.api, { visibility: 'archive' }, {
        version: this.#options.account.version,
        size: 1,
        withDetails: false,
      })
    ) {
      if (page.length > 0) return VISIBILITIES;
    }
    return ['timeline'];
  }
}
