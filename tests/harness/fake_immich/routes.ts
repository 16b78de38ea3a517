import { capture, type Dialect, type Json } from './captures.ts';
import type { FakeLibrary } from './library.ts';
import { search, type SearchBody } from './search.ts';
import { albumJson, facesJson, tagJson } from './shapes.ts';

export interface FakeRequest {
  readonly method: string;
  /** After `/api`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Json;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What the server is at the moment of a request. */
export interface FakeState {
  readonly dialect: Dialect;
  readonly library: FakeLibrary;
  readonly permissions: readonly string[];
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number } | undefined;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** What the key needs; null = not even a key, '' = any key. */
  readonly permission: string | null;
  readonly answer: (state: FakeState, request: FakeRequest, match: RegExpExecArray) => FakeAnswer;
}

const ok = (body: unknown): FakeAnswer => ({ status: 200, body });

const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/server\/ping$/,
    permission: null,
    answer: ({ dialect }) => ok(capture<Json>(dialect, 'server-ping')),
  },
  {
    method: 'GET',
    path: /^\/server\/version$/,
    permission: null,
    answer: ({ dialect, version }) => ok({ ...capture<Json>(dialect, 'server-version'), ...version }),
  },
  {
    method: 'GET',
    path: /^\/server\/features$/,
    permission: null,
    answer: ({ dialect }) => ok(capture<Json>(dialect, 'server-features')),
  },
  {
    method: 'GET',
    path: /^\/api-keys\/me$/,
    permission: '',
    answer: ({ dialect, permissions }) => ok({ ...capture<Json>(dialect, 'api-keys-me'), permissions }),
  },
  {
    method: 'GET',
    path: /^\/users\/me$/,
    permission: 'user.read',
    answer: ({ dialect, library }) => ok({ ...capture<Json>(dialect, 'users-me.alice'), id: library.userId }),
  },
  {
    method: 'POST',
    path: /^\/search\/metadata$/,
    permission: 'asset.read',
    answer: ({ dialect, library }, { body }) => {
      const { size = 250 } = body as SearchBody;
      if (size > 1_000) return { status: 400, body: capture<Json>(dialect, 'error-validation') };
      return ok(search(dialect, library, body as SearchBody));
    },
  },
  {
    method: 'GET',
    path: /^\/faces$/,
    permission: 'face.read',
    answer: (state, { query }) => ofAsset(state, query.get('id'), (asset) => facesJson(state.dialect, asset)),
  },
  {
    method: 'GET',
    path: /^\/assets\/statistics$/,
    permission: 'asset.statistics',
    answer: ({ library }, { query }) => {
      const own = library.assets.filter(({ ownerId, isDeleted, visibility }) =>
        ownerId === library.userId && !isDeleted && visibility === query.get('visibility')
      );
      const count = (type: string) => own.filter((asset) => asset.type === type).length;
      return ok({ images: count('IMAGE'), videos: count('VIDEO'), total: own.length });
    },
  },
  {
    method: 'GET',
    path: /^\/assets\/([^/]+)\/edits$/,
    permission: 'asset.edit.get',
    answer: (state, _, [, id]) =>
      ofAsset(state, id, ({ edits }) => ({ ...capture<Json>(state.dialect, 'asset-edits'), assetId: id, edits })),
  },
  {
    method: 'GET',
    path: /^\/albums$/,
    permission: 'album.read',
    answer: ({ dialect, library }, { query }) => {
      const albums = library.albums.filter(({ ownerId, memberIds }) => {
        const isOwner = ownerId === library.userId;
        const isMember = memberIds.includes(library.userId);
        if (dialect !== '2.7.5') return isOwner || isMember;
        return query.get('shared') === 'true' ? isMember || (isOwner && memberIds.length > 0) : isOwner;
      });
      return ok(albums.map((album) => albumJson(dialect, album)));
    },
  },
  {
    method: 'GET',
    path: /^\/tags$/,
    permission: 'tag.read',
    answer: ({ dialect, library }) => ok(library.tags.map((tag) => tagJson(dialect, tag))),
  },
  {
    // Not captured. From: TagController.untagAssets, utils/asset.util.ts removeAssets (v2.7.5, v3.1.0).
    method: 'DELETE',
    path: /^\/tags\/([^/]+)\/assets$/,
    permission: 'tag.asset',
    answer: ({ library }, { body }, [, tagId = '']) =>
      ok((body as { ids: string[] }).ids.map((id) => {
        const asset = library.assets.find((one) => one.id === id);
        if (!asset?.tagIds.includes(tagId)) return { id, success: false, error: 'not_found' };
        asset.tagIds = asset.tagIds.filter((one) => one !== tagId);
        return { id, success: true };
      })),
  },
];

function ofAsset(
  { dialect, library }: FakeState,
  id: string | null | undefined,
  answer: (asset: FakeLibrary['assets'][number]) => unknown,
): FakeAnswer {
  const asset = library.assets.find((candidate) => candidate.id === id && candidate.ownerId === library.userId);
  return asset === undefined ? { status: 400, body: capture<Json>(dialect, 'error-unknown-asset') } : ok(answer(asset));
}

/** What the real server would say, key and permission included. */
export function answerTo(state: FakeState, request: FakeRequest, key: 'right' | 'wrong' | 'none'): FakeAnswer {
  const { dialect, permissions } = state;
  for (const route of ROUTES) {
    const match = route.method === request.method ? route.path.exec(request.path) : null;
    if (match === null) continue;
    const { permission } = route;
    if (permission !== null && key !== 'right') {
      return { status: 401, body: capture<Json>(dialect, key === 'none' ? 'error-401-no-key' : 'error-401-wrong-key') };
    }
    if (permission && !permissions.includes('all') && !permissions.includes(permission)) {
      const body = capture<Json>(dialect, 'error-403-missing-permission');
      return { status: 403, body: { ...body, message: String(body.message).replace('album.read', permission) } };
    }
    return route.answer(state, request, match);
  }
  const body = capture<Json>(dialect, 'error-unknown-route');
  return { status: 404, body: { ...body, message: `Cannot ${request.method} /api${request.path}` } };
}
