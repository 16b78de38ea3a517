import assert from 'node:assert/strict';
import type { FieldName } from '../../../src/writeback/fields/fields.ts';
import { keyPermissionsFor } from '../../../src/writeback/records/api.ts';
import { sharingByPath } from '../../../src/writeback/records/sharing.ts';
import { capture, DIALECTS } from '../../harness/fake_immich/captures.ts';
import {
  FAKE_USER_ID,
  fakeAsset,
  fakeFace,
  fakeId,
  fakeLibrary,
  fakePerson,
} from '../../harness/fake_immich/library.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { jobsOf } from '../../../src/demo/jobs.ts';
import { byId, itemsOf, MemoryCache, sourceOf } from './helper.ts';

const PARTNER = fakeId(1, 9);
const DORA = fakePerson(1, 'Dora');
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

interface CapturedPage {
  readonly assets: { readonly items: readonly { readonly ownerId: string }[] };
}

for (const dialect of DIALECTS) {
  Deno.test(`${dialect}: a captured page of a real server gives these records`, async () => {
    const page = capture<CapturedPage>(dialect, 'search-metadata');
    const faces = JSON.stringify(capture(dialect, 'faces'));
    const ownerId = page.assets.items[0]?.ownerId ?? '';
    await using fake = new FakeImmich({
      dialect,
      library: { ...fakeLibrary(), userId: ownerId },
      fault: ({ path, body }) => {
        if (path === '/faces') return { status: 200, body: faces };
        if (path !== '/search/metadata') return undefined;
        const isFirst = body.visibility === 'timeline';
        const assets = { ...page.assets, items: isFirst ? page.assets.items : [], nextPage: null };
        return { status: 200, body: JSON.stringify({ ...page, assets }) };
      },
    });
    const items = await itemsOf(await sourceOf(fake, { fields: ['faces'] }), { fields: ['faces'] });
    const records = [...byId(items).values()];
    assert.equal(records.length, 5);
    const [first] = records;
    assert.deepEqual({ ...first, assetId: '', faces: [] }, {
      assetId: '',
      originalPath: '/external_library/alice/misc/IMG_0011.jpg',
      type: 'IMAGE',
      isExternal: true,
      isFavorite: false,
      isEdited: false,
      description: 'Edited via API',
      capturedAt: {
        instant: '2023-08-11T16:11:11.000Z',
        timeZone: 'UTC-5',
        localDateTime: '2023-08-11T11:11:11.000',
      },
      position: { latitude: -33.8688, longitude: 151.2093 },
      rating: undefined,
      storedSize: { width: 4000, height: 3000 },
      orientation: 1,
      people: [{
        id: dialect === '2.7.5' ? '46181c85-791a-4dac-9714-813ec47140b1' : '4d7fcbfc-fcf8-4c00-84ef-6274c9a11784',
        name: 'Carol Example',
      }],
      faces: [],
      albums: undefined,
      tags: undefined,
    });
    assert.deepEqual(first?.faces, [
      dialect === '2.7.5'
        ? { personName: 'Carol Example', imageWidth: 1920, imageHeight: 1440, x1: 384, y1: 288, x2: 768, y2: 720 }
        : { personName: 'Carol Example', imageWidth: 1200, imageHeight: 1600, x1: 240, y1: 320, x2: 480, y2: 800 },
    ]);
    assert.deepEqual(records.map(({ type }) => type), ['IMAGE', 'IMAGE', 'IMAGE', 'IMAGE', 'VIDEO']);
    assert.equal(records[2]?.capturedAt?.timeZone, undefined);
    // One page of each visibility; from 3.0 one request for each of the four assets with a named person.
    const paths = fake.paths(3);
    assert.equal(paths.filter((path) => path === 'POST /search/metadata').length, 2);
    assert.equal(paths.filter((path) => path === 'GET /faces').length, dialect === '2.7.5' ? 0 : 4);
    assert.equal(paths.length, dialect === '2.7.5' ? 2 : 6);
  });

  Deno.test(`${dialect}: timeline and archive are told; hidden, locked, trashed, unread and foreign assets are not`, async () => {
    const library = fakeLibrary([
      fakeAsset(1),
      fakeAsset(2, { visibility: 'archive' }),
      fakeAsset(3, { visibility: 'hidden' }),
      fakeAsset(4, { visibility: 'locked' }),
      fakeAsset(5, { isDeleted: true }),
      fakeAsset(6, { isDeleted: true, isOffline: true }),
      { ...fakeAsset(7), exif: undefined },
      fakeAsset(8, { ownerId: PARTNER, isFavorite: true }),
      fakeAsset(9, { type: 'OTHER' }),
      fakeAsset(10, { type: 'VIDEO', isOffline: true }),
      fakeAsset(11, { type: 'VIDEO' }),
    ]);
    library.partnerIds.push(PARTNER);
    await using fake = new FakeImmich({ dialect, library });
    const ids = (await itemsOf(await sourceOf(fake))).map((item) => item.kind === 'record' && item.record.assetId);
    assert.deepEqual(ids, [fakeId(1), fakeId(11), fakeId(2)]);
  });

  Deno.test(`${dialect}: the number of requests follows pages, albums and tags, not assets`, async () => {
    const assets = range(2_500).map((number) => fakeAsset(number));
    const library = fakeLibrary(assets);
    library.albums.push(
      { id: fakeId(1, 4), name: 'All', ownerId: FAKE_USER_ID, memberIds: [], assetIds: assets.map(({ id }) => id) },
      { id: fakeId(2, 4), name: 'Empty', ownerId: FAKE_USER_ID, memberIds: [], assetIds: [] },
    );
    library.tags.push({ id: fakeId(1, 5), parentId: null, value: 'one' });
    assets[3]?.tagIds.push(fakeId(1, 5));
    await using fake = new FakeImmich({ dialect, library });
    const records = byId(await itemsOf(await sourceOf(fake)));
    assert.equal(records.size, 2_500);
    assert.deepEqual(records.get(fakeId(2_499))?.albums, ['All']);
    assert.deepEqual(records.get(fakeId(3))?.tags, ['one']);
    assert.deepEqual(records.get(fakeId(4))?.tags, []);
    assert.deepEqual(records.get(fakeId(4))?.faces, []);
    const paths = Map.groupBy(fake.paths(3), (path) => path);
    const count = (path: string) => paths.get(path)?.length ?? 0;
    // 3 pages and one of the archive; is anything archived?; 3 pages of the album; 1 of the tag.
    assert.equal(count('POST /search/metadata'), 3 + 1 + 1 + 3 + 1);
    assert.equal(count('GET /albums'), dialect === '2.7.5' ? 2 : 1);
    assert.equal(count('GET /tags'), 1);
    assert.equal(paths.size, 3, 'and nothing else');
  });

  Deno.test(`${dialect}: only what a field needs is asked for`, async () => {
    const library = fakeLibrary([fakeAsset(1, { faces: [fakeFace(1, DORA)] })]);
    library.albums.push({ id: fakeId(1, 4), name: 'A', ownerId: FAKE_USER_ID, memberIds: [], assetIds: [fakeId(1)] });
    await using fake = new FakeImmich({ dialect, library, permissions: ['user.read', 'asset.read'] });
    const fields: FieldName[] = ['people', 'gps', 'caption', 'time', 'rating'];
    const [item] = await itemsOf(await sourceOf(fake, { fields }), { fields });
    assert.ok(item?.kind === 'record');
    assert.deepEqual(item.record.people, [{ id: DORA.id, name: 'Dora' }]);
    assert.deepEqual([item.record.faces, item.record.albums, item.record.tags], [undefined, undefined, undefined]);
    assert.deepEqual(fake.paths(3), ['POST /search/metadata', 'POST /search/metadata']);
  });

  Deno.test(`${dialect}: faces are asked for where somebody has a name, edits where the picture was edited`, async () => {
    const crop = { action: 'crop', parameters: { x: 400, y: 300, width: 2_000, height: 2_000 } };
    const box = {
      imageWidth: 4_000,
      imageHeight: 3_000,
      boundingBoxX1: 800,
      boundingBoxY1: 700,
      boundingBoxX2: 900,
      boundingBoxY2: 850,
    };
    const library = fakeLibrary([
      fakeAsset(1, { faces: [fakeFace(1, DORA, box)] }),
      fakeAsset(2, { faces: [fakeFace(2, DORA, box), fakeFace(3, null)], isEdited: true, edits: [crop] }),
      fakeAsset(3, { faces: [fakeFace(4, fakePerson(2, ''))] }),
      fakeAsset(4, { faces: [fakeFace(5, fakePerson(3, 'Neighbour', true))] }),
      fakeAsset(5, { faces: [fakeFace(6, DORA, { isVisible: false }), fakeFace(7, DORA, { isDeleted: true })] }),
      fakeAsset(6),
    ]);
    await using fake = new FakeImmich({ dialect, library });
    const records = byId(await itemsOf(await sourceOf(fake, { fields: ['faces'] }), { fields: ['faces'] }));
    const dora = { personName: 'Dora', imageWidth: 4_000, imageHeight: 3_000, x1: 800, y1: 700, x2: 900, y2: 850 };
    assert.deepEqual([1, 2, 3, 4, 5, 6].map((number) => records.get(fakeId(number))?.faces), [
      [dora],
      [dora],
      [],
      [],
      [],
      [],
    ]);
    const asked = fake.paths(3).filter((path) => path !== 'POST /search/metadata').sort();
    const expected = ['GET /faces', 'GET /faces', `GET /assets/${fakeId(2)}/edits`].sort();
    assert.deepEqual(asked, dialect === '2.7.5' ? [] : expected);
  });

  Deno.test(`${dialect}: an asset that is deleted between two requests has no record`, async () => {
    const library = fakeLibrary([1, 2].map((number) => fakeAsset(number, { faces: [fakeFace(number, DORA)] })));
    await using fake = new FakeImmich({
      dialect,
      library,
      fault: ({ path }) => {
        if (path === '/faces') library.assets = library.assets.filter(({ id }) => id !== fakeId(2));
        return undefined;
      },
    });
    const records = byId(await itemsOf(await sourceOf(fake, { fields: ['faces'] }), { fields: ['faces'] }));
    assert.equal(records.has(fakeId(1)), true);
    assert.equal(records.has(fakeId(2)), dialect === '2.7.5');
  });

  Deno.test(`${dialect}: albums are those one owns or is a member of, with one's own assets, archived ones too`, async () => {
    const album = (number: number, name: string, ownerId: string, memberIds: string[], assets: number[]) => ({
      id: fakeId(number, 4),
      name,
      ownerId,
      memberIds,
      assetIds: assets.map((asset) => fakeId(asset)),
    });
    const library = fakeLibrary([
      fakeAsset(1),
      fakeAsset(2, { visibility: 'archive' }),
      fakeAsset(3, { ownerId: PARTNER }),
    ]);
    library.albums.push(
      album(1, 'Mine', FAKE_USER_ID, [], [1, 2]),
      album(2, 'Mine too', FAKE_USER_ID, [PARTNER], [1]),
      album(3, 'Shared with me', PARTNER, [FAKE_USER_ID], [2, 3]),
      album(4, 'None of mine', PARTNER, [], [1, 3]),
    );
    await using fake = new FakeImmich({ dialect, library });
    const records = byId(await itemsOf(await sourceOf(fake)));
    assert.deepEqual(records.get(fakeId(1))?.albums, ['Mine', 'Mine too']);
    assert.deepEqual(records.get(fakeId(2))?.albums, ['Mine', 'Shared with me']);
    assert.equal(records.size, 2);
  });

  Deno.test(`${dialect}: albums are remembered for the next run, and that of another server is not used`, async () => {
    const library = fakeLibrary([fakeAsset(1)]);
    library.albums.push({ id: fakeId(1, 4), name: 'A', ownerId: FAKE_USER_ID, memberIds: [], assetIds: [fakeId(1)] });
    const cache = new MemoryCache();
    const albumsOf = async (fake: FakeImmich) =>
      byId(await itemsOf(await sourceOf(fake, { cache }))).get(fakeId(1))?.albums;
    await using fake = new FakeImmich({ dialect, library });
    assert.deepEqual(await albumsOf(fake), ['A']);
    library.albums.length = 0;
    assert.deepEqual(await albumsOf(fake), ['A']);
    cache.clear();
    assert.deepEqual(await albumsOf(fake), []);
    library.albums.push({ id: fakeId(1, 4), name: 'B', ownerId: FAKE_USER_ID, memberIds: [], assetIds: [fakeId(1)] });
    await using other = new FakeImmich({ dialect, library });
    assert.deepEqual(await albumsOf(other), ['B']);
  });

  Deno.test(`${dialect}: albums that cannot be asked for are taken from the cache, once it is stale`, async () => {
    const library = fakeLibrary([fakeAsset(1)]);
    const cache = new MemoryCache();
    const isBroken = { now: false };
    library.albums.push({ id: fakeId(1, 4), name: 'A', ownerId: FAKE_USER_ID, memberIds: [], assetIds: [fakeId(1)] });
    await using fake = new FakeImmich({
      dialect,
      library,
      fault: ({ path }) => isBroken.now && path === '/albums' ? { status: 500 } : undefined,
    });
    const options = { cache, rules: { ttlSeconds: 0, maxStaleSeconds: 60 } };
    await itemsOf(await sourceOf(fake, options));
    isBroken.now = true;
    const records = byId(await itemsOf(await sourceOf(fake, options)));
    assert.deepEqual(records.get(fakeId(1))?.albums, ['A']);
    cache.clear();
    await assert.rejects(
      itemsOf(await sourceOf(fake, options)),
      /is not ready: it answered GET \/api\/albums with 500/,
    );
  });

  Deno.test(`${dialect}: tags below a tag without assets are not asked for`, async () => {
    const library = fakeLibrary([fakeAsset(1), fakeAsset(2), fakeAsset(3, { visibility: 'archive' })]);
    const tag = (number: number, value: string, parent?: number) => ({
      id: fakeId(number, 5),
      parentId: parent === undefined ? null : fakeId(parent, 5),
      value,
    });
    library.tags.push(
      tag(1, 'a'),
      tag(2, 'a/b', 1),
      tag(3, 'a/b/c', 2),
      tag(4, 'x'),
      tag(5, 'x/y', 4),
      tag(6, 'x/y/z', 5),
    );
    library.assets[0]?.tagIds.push(fakeId(1, 5), fakeId(3, 5));
    library.assets[1]?.tagIds.push(fakeId(1, 5));
    library.assets[2]?.tagIds.push(fakeId(2, 5));
    await using fake = new FakeImmich({ dialect, library });
    const records = byId(await itemsOf(await sourceOf(fake, { fields: ['tags'] }), { fields: ['tags'] }));
    assert.deepEqual([1, 2, 3].map((number) => records.get(fakeId(number))?.tags), [['a/b/c'], ['a'], ['a/b']]);
    const asked = new Set(fake.requests.flatMap(({ body }) => (body.tagIds as string[] | undefined) ?? []));
    assert.deepEqual([...asked].sort(), [1, 2, 3, 4].map((number) => fakeId(number, 5)));
  });

  Deno.test(`${dialect}: since asks for what changed since`, async () => {
    const library = fakeLibrary([fakeAsset(1), fakeAsset(2, { updatedAt: '2025-01-01T00:00:00.000Z' })]);
    await using fake = new FakeImmich({ dialect, library });
    const since = new Date('2024-12-01T00:00:00Z');
    assert.deepEqual([...byId(await itemsOf(await sourceOf(fake), { since })).keys()], [fakeId(2)]);
  });

  Deno.test(`${dialect}: the count is of one's own assets, and unknown without the permission`, async () => {
    const library = fakeLibrary([
      fakeAsset(1),
      fakeAsset(2, { visibility: 'archive', type: 'VIDEO' }),
      fakeAsset(3, { visibility: 'hidden' }),
      fakeAsset(4, { ownerId: PARTNER }),
    ]);
    library.partnerIds.push(PARTNER);
    const fields: FieldName[] = ['gps'];
    await using fake = new FakeImmich({ dialect, library });
    assert.equal(await (await sourceOf(fake)).count({ fields }), 2);
    assert.equal(await (await sourceOf(fake)).count({ fields, since: new Date() }), undefined);
    await using limited = new FakeImmich({ dialect, library, permissions: ['user.read', 'asset.read'] });
    assert.equal(await (await sourceOf(limited, { fields })).count({ fields }), undefined);
  });

  Deno.test(`${dialect}: without a database a mirror is known by the path of a share`, async () => {
    const library = fakeLibrary([
      fakeAsset(1, { libraryId: fakeId(1, 6), originalPath: '/external_library/bob_shared/.alice/a.jpg' }),
      fakeAsset(2, { libraryId: fakeId(1, 6), originalPath: '/external_library/bob_shared/.alicex/a.jpg' }),
      fakeAsset(3, { originalPath: '/external_library/bob_shared/.alice/b.jpg' }),
      fakeAsset(4, { libraryId: fakeId(1, 6), originalPath: '/external_library/carol_shared/.alice/a.jpg' }),
    ]);
    await using fake = new FakeImmich({ dialect, library });
    const source = await sourceOf(fake, { findSharing: sharingByPath({ jobs: JOBS }, FAKE_USER_ID, () => false) });
    assert.deepEqual((await itemsOf(source)).map(({ kind }) => kind), ['mirror', 'record', 'record', 'record']);
    // Who has an e-mail or a name nobody says here: the directory of the share alone tells.
    const byName = JOBS.map((job) => ({ ...job, targetUserId: 'bob@example.com' }));
    const same = await sourceOf(fake, { findSharing: sharingByPath({ jobs: byName }, FAKE_USER_ID, () => false) });
    assert.deepEqual((await itemsOf(same)).map(({ kind }) => kind), ['mirror', 'record', 'record', 'record']);
  });

  Deno.test(`${dialect}: what the source is, in words`, async () => {
    await using fake = new FakeImmich({ dialect, library: fakeLibrary() });
    assert.equal((await sourceOf(fake)).describe(), `Immich ${dialect} at ${fake.url}, photos of Alice`);
  });

  Deno.test(`${dialect}: an error in the middle comes after the pages before it`, async () => {
    await using fake = new FakeImmich({
      dialect,
      library: fakeLibrary(range(50).map((number) => fakeAsset(number))),
      fault: (_, number) => number >= 6 ? { status: 500 } : undefined,
    });
    const source = await sourceOf(fake, { fields: ['gps'], batchSize: 10 });
    let count = 0;
    const all = async () => {
      for await (const page of source.pages({ fields: ['gps'] })) count += page.length;
    };
    await assert.rejects(all, /is not ready/);
    assert.equal(count, 19);
  });

  Deno.test(`${dialect}: a consumer that stops early leaves nothing running`, async () => {
    await using fake = new FakeImmich({ dialect, library: fakeLibrary(range(50).map((number) => fakeAsset(number))) });
    const source = await sourceOf(fake, { fields: ['gps'], batchSize: 10 });
    for await (const [item] of source.pages({ fields: ['gps'] })) {
      assert.equal(item?.kind, 'record');
      break;
    }
    assert.ok(fake.requests.length <= 3 + 2);
  });
}

const user = (id: string) => ({ id, name: '', email: '', storageLabel: null });
const shared = { id: fakeId(1, 6), ownerId: FAKE_USER_ID, name: '', importPath: '', localImportPath: '' };
const JOBS = jobsOf({
  users: { alice: user(fakeId(2, 9)), bob: user(FAKE_USER_ID), carol: user(fakeId(3, 9)) },
  libraries: { bobShared: shared, bobUploads: shared, carolShared: shared, carolUploads: shared },
}, 'bob');

Deno.test('a key needs what its fields need, and no more', () => {
  const [old, recent] = [{ major: 2, minor: 7, patch: 5 }, { major: 3, minor: 0, patch: 0 }];
  assert.deepEqual(keyPermissionsFor(['people', 'gps'])(recent), ['user.read', 'asset.read']);
  assert.deepEqual(keyPermissionsFor(['albums', 'tags', 'faces'])(old), [
    'user.read',
    'asset.read',
    'album.read',
    'tag.read',
  ]);
  assert.deepEqual(keyPermissionsFor(['faces'])(recent), ['user.read', 'asset.read', 'face.read', 'asset.edit.get']);
});
