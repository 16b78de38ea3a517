/** Each request of this program is one that the releases of Immich know, by the types that they publish (tools/api_requests.ts). */
import assert from 'node:assert/strict';
import { createAlbum, deleteAlbum, listOwnAlbums } from '../../../src/immich/api/album_create.ts';
import { readAlbums } from '../../../src/immich/api/albums.ts';
import { changeAsset } from '../../../src/immich/api/assets.ts';
import type { ImmichApi } from '../../../src/immich/api/client.ts';
import { editsOf, facesOf } from '../../../src/immich/api/faces.ts';
import {
  countLibraryAssets,
  createLibrary,
  deleteLibrary,
  listLibraries,
  updateLibrary,
} from '../../../src/immich/api/libraries.ts';
import { startMissingThumbnails } from '../../../src/immich/api/queues.ts';
import { searchAssets } from '../../../src/immich/api/search.ts';
import { hasFilter, searchRequest } from '../../../src/immich/api/search_request.ts';
import { type Account, readPermissions, readServerVersion } from '../../../src/immich/api/server.ts';
import { fetchAssetCount } from '../../../src/immich/api/statistics.ts';
import { fetchTags } from '../../../src/immich/api/tags.ts';
import { listUsers, readOwnUser } from '../../../src/immich/api/users.ts';
import { parseVersion } from '../../../src/doctor/releases.ts';
import { fakeLibrary } from '../../harness/fake_immich/library.ts';
import type { FakeRequest } from '../../harness/fake_immich/routes.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { apiOf } from '../../writeback/records/helper.ts';

interface Known {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly body?: string;
}

const FIXTURES = new URL('../../fixtures/immich-api/requests/', import.meta.url);
const RELEASES = [...Deno.readDirSync(FIXTURES)].map(({ name }) => name.replace('.json', '')).sort();
const ID = '0b7e7dcb-3dc2-4e0c-8c8e-7c1a5f8fd7a4';

for (const release of RELEASES) {
  const known: Known = JSON.parse(Deno.readTextFileSync(new URL(`${release}.json`, FIXTURES)));
  const version = parseVersion(release) ?? assert.fail();

  Deno.test(`${release}: every request is one that this release takes`, async () => {
    await using fake = new FakeImmich({ dialect: '3.1.0', library: fakeLibrary(), fault: () => ({ status: 400 }) });
    const api = apiOf(fake);
    const hasEdits = version.major > 2 || version.minor >= 5;
    for (const ask of asked(api, { version, userId: ID, userName: '', permissions: [] }, hasEdits)) {
      await ask().catch(() => {});
    }
    assert.deepEqual(fake.requests.flatMap((request) => complaintsAbout(request, known)), []);
    // Nothing in src/immich/api asks for anything else.
    const made = new Set(fake.requests.map(({ method, path }) => `${method} ${path.replaceAll(ID, '*')}`));
    const missing = routesInCode().filter((route) => !made.has(route) && (hasEdits || !route.endsWith('/edits')));
    assert.deepEqual(missing, []);
  });

  Deno.test(`${release}: assets are searched with fields that this release knows`, () => {
    const type = known.operations['searchAssets']?.body ?? '';
    assert.equal('filter' in (known.types[type] ?? {}), hasFilter(version));
    const time = '2024-01-01T00:00:00.000Z';
    for (const filter of [{}, { albumIds: [ID] }, { tagIds: [ID] }, { updatedAfter: time }]) {
      for (const window of [{}, { takenAfter: time, takenBefore: time }, { updatedAfter: time, updatedBefore: time }]) {
        for (const next of [undefined, '2']) {
          const page = { size: 1_000, withDetails: true, next };
          const body = searchRequest(version, { visibility: 'archive', ...filter }, window, page);
          assert.deepEqual(misfits(JSON.parse(JSON.stringify(body)), type, known, 'body'), []);
        }
      }
    }
  });
}

/** Everything that this program asks of Immich. */
function asked(api: ImmichApi, account: Account, hasEdits: boolean): (() => Promise<unknown>)[] {
  return [
    () => readServerVersion(api),
    () => readPermissions(api),
    () => readOwnUser(api),
    () => listUsers(api),
    () =>
      Array.fromAsync(
        searchAssets(api, { visibility: 'timeline' }, { version: account.version, size: 1, withDetails: true }),
      ),
    () => facesOf(api, ID),
    () =>
      changeAsset(api, ID, {
        description: 'The harbour',
        dateTimeOriginal: '2024-01-01T12:00:00.000+02:00',
        latitude: 1,
        longitude: 2,
        rating: 3,
      }),
    ...(hasEdits ? [() => editsOf(api, ID)] : []),
    () => readAlbums(api, account, ['timeline']),
    () => listOwnAlbums(api, ID),
    () => createAlbum(api, 'Family'),
    () => deleteAlbum(api, ID),
    () => fetchTags(api, account, ['timeline']),
    () => fetchAssetCount(api, ['timeline', 'archive']),
    () => listLibraries(api),
    () => createLibrary(api, { ownerId: ID, name: 'shared', importPath: '/data/shared' }),
    () => updateLibrary(api, ID, { importPaths: ['/data/shared'], exclusionPatterns: [] }),
    () => countLibraryAssets(api, ID),
    () => deleteLibrary(api, ID),
    () => startMissingThumbnails(api),
  ];
}

/** `GET /faces` and the like, with `*` for each parameter. */
function routesInCode(): string[] {
  const folder = new URL('../../../src/immich/api/', import.meta.url);
  const routes = [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    const code = Deno.readTextFileSync(new URL(name, folder));
    return [...code.matchAll(/api\.(get|post|put|patch|delete)\(\s*[`']([^`']+)[`']/g)].map((
      [, method = '', path = ''],
    ) => `${method.toUpperCase()} ${path.replaceAll(/\$\{[^}]*\}/g, '*')}`);
  });
  assert.ok(routes.length >= 15);
  return [...new Set(routes)];
}

function complaintsAbout({ method, path, query, body }: FakeRequest, known: Known): string[] {
  const route = `${method} ${path}`;
  const operation = Object.values(known.operations).find((one) =>
    one.method === method && new RegExp(`^${one.path.replaceAll('*', '[^/]+')}$`).test(path)
  );
  if (operation === undefined) return [`${route}: there is no such request`];
  const unknown = [...query.keys()].filter((key) => !operation.query.includes(key));
  const inBody = Object.keys(body).length === 0 ? [] : misfits(body, operation.body ?? '', known, 'body');
  return [...unknown.map((key) => `${route}: no parameter ${key}`), ...inBody.map((what) => `${route}: ${what}`)];
}

/** In what a value is not of a type, as TypeScript writes it. */
function misfits(value: unknown, type: string, known: Known, where: string): string[] {
  const alternatives = splitUnion(type);
  if (alternatives.length > 1) {
    const all = alternatives.map((one) => misfits(value, one, known, where));
    return all.some((found) => found.length === 0) ? [] : all.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
  const only = alternatives[0] ?? '';
  if (only.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${where} is to be a list`];
    return value.flatMap((item, index) => misfits(item, only.slice(0, -2), known, `${where}[${index}]`));
  }
  if (only.startsWith('(')) return misfits(value, only.slice(1, -1), known, where);
  if (only.startsWith('"')) return value === JSON.parse(only) ? [] : [`${where} is ${value}, not ${type}`];
  if (only === 'null') return value === null ? [] : [`${where} is not null`];
  const fields = known.types[only];
  const kind: string = typeof value;
  if (fields === undefined) return kind === only ? [] : [`${where} is no ${only}`];
  if (typeof value !== 'object' || value === null) return [`${where} is no ${only}`];
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = fields[key];
    return field === undefined ? [`${where}.${key} is unknown`] : misfits(inner, field, known, `${where}.${key}`);
  });
}

/** At the bars that are in no parentheses. */
function splitUnion(type: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const char of type) {
    depth += char === '(' ? 1 : char === ')' ? -1 : 0;
    if (char === '|' && depth === 0) parts.push('');
    else parts.push((parts.pop() ?? '') + char);
  }
  return parts.map((part) => part.trim());
}
