import { capture, type Dialect, type Json } from './captures.ts';
import type { FakeAsset, FakeLibrary } from './library.ts';
import { assetJson } from './shapes.ts';

/** The same as later releases have it, with `filter`, `orderBy` and `cursor` (from 3.2 on). */
export interface FilterBody {
  readonly filter: {
    readonly visibility?: { readonly eq: FakeAsset['visibility'] };
    readonly trashedAt?: { readonly eq: null };
    readonly albumIds?: { readonly all: readonly string[] };
    readonly tagIds?: { readonly all: readonly string[] };
    readonly takenAt?: { readonly gte?: string; readonly lte?: string };
    readonly updatedAt?: { readonly gte?: string; readonly lte?: string };
  };
  readonly orderBy?: { readonly field: string; readonly direction: 'asc' | 'desc' };
  readonly cursor?: string;
}

/** A cursor is a page of what was asked for. */
function flat({ filter, orderBy, cursor, ...rest }: FilterBody & SearchBody): SearchBody {
  const { visibility, albumIds, tagIds, takenAt, updatedAt } = filter;
  const given = {
    visibility: visibility?.eq,
    albumIds: albumIds?.all,
    tagIds: tagIds?.all,
    takenAfter: takenAt?.gte,
    takenBefore: takenAt?.lte,
    updatedAfter: updatedAt?.gte,
    updatedBefore: updatedAt?.lte,
    order: orderBy?.direction ?? 'desc',
    page: cursor === undefined ? 1 : Number(atob(cursor)),
  };
  return { ...rest, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** The body of `POST /search/metadata`, as far as it matters here. */
export interface SearchBody {
  readonly page?: number;
  readonly size?: number;
  readonly order?: 'asc' | 'desc';
  readonly visibility?: FakeAsset['visibility'];
  readonly withExif?: boolean;
  readonly withPeople?: boolean;
  readonly albumIds?: readonly string[];
  readonly tagIds?: readonly string[];
  readonly takenAfter?: string;
  readonly takenBefore?: string;
  readonly updatedAfter?: string;
  readonly updatedBefore?: string;
}

/** Numbers of microseconds: PostgreSQL compares those, although the answers only show milliseconds. */
function microseconds(time: string): number {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? '';
  return Math.floor(Date.parse(time) / 1000) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** One page, in the order and with the limits of its release. */
export function search(dialect: Dialect, library: FakeLibrary, asked: SearchBody | FilterBody): Json {
  const hasFilter = 'filter' in asked;
  const body = hasFilter ? flat(asked) : asked;
  const { page = 1, size = 250, withExif = false, withPeople = false } = body;
  const isOldest = dialect === '2.7.5';
  const isAlbum = body.albumIds !== undefined && body.albumIds.length > 0;
  const sees = (asset: FakeAsset) =>
    (isAlbum && !isOldest) || asset.ownerId === library.userId || library.partnerIds.includes(asset.ownerId);
  const visibility = body.visibility ?? (isOldest ? 'timeline' : undefined);
  const tags = new Map(library.tags.map((tag) => [tag.id, tag.value]));
  const wanted = (body.tagIds ?? []).map((id) => tags.get(id) ?? '?');
  const has = (asset: FakeAsset, tag: string) =>
    asset.tagIds.some((id) => tags.get(id) === tag || tags.get(id)?.startsWith(`${tag}/`));
  const found = library.assets.filter((asset) =>
    !asset.isDeleted && sees(asset) &&
    (visibility === undefined ? asset.visibility !== 'locked' : asset.visibility === visibility) &&
    (!withExif || asset.exif !== undefined) &&
    (!isAlbum ||
      library.albums.some(({ id, assetIds }) => body.albumIds?.includes(id) && assetIds.includes(asset.id))) &&
    wanted.every((tag) => has(asset, tag)) &&
    (body.takenAfter === undefined || microseconds(asset.fileCreatedAt) >= microseconds(body.takenAfter)) &&
    (body.takenBefore === undefined || microseconds(asset.fileCreatedAt) <= microseconds(body.takenBefore)) &&
    (body.updatedAfter === undefined || microseconds(asset.updatedAt) >= microseconds(body.updatedAfter)) &&
    (body.updatedBefore === undefined || microseconds(asset.updatedAt) <= microseconds(body.updatedBefore))
  );
  // Before 3.0 the order of equal times is PostgreSQL's, and depends on how many rows it sorts.
  const tie = (id: string) => isOldest ? scrambled(id, page * size) : id;
  const keyed = found.map((asset) => ({ asset, time: microseconds(asset.fileCreatedAt), tie: tie(asset.id) }));
  const direction = body.order === 'asc' ? 1 : -1;
  keyed.sort((a, b) => direction * (a.time - b.time || (a.tie < b.tie ? -1 : 1)));
  const items = keyed.slice((page - 1) * size, page * size);
  const template = capture<Json & { readonly assets: Json }>(dialect, 'search-metadata');
  return {
    ...template,
    assets: {
      ...template.assets,
      total: items.length,
      count: items.length,
      items: items.map(({ asset }) => assetJson(dialect, library, asset, { withExif, withPeople })),
      nextPage: keyed.length > page * size ? String(page + 1) : null,
      ...(hasFilter ? { nextPage: null, nextCursor: keyed.length > page * size ? btoa(String(page + 1)) : null } : {}),
    },
  };
}

/** Another order of the same ids for each seed. */
function scrambled(id: string, seed: number): string {
  let hash = seed;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 16_777_619) >>> 0;
  return String(hash).padStart(10, '0') + id;
}
