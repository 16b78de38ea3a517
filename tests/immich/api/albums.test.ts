import assert from 'node:assert/strict';
import { ownAssetIds, readAlbums } from '../../../src/immich/api/albums.ts';
import { identify } from '../../../src/immich/api/server.ts';
import { DIALECTS } from '../../harness/fake_immich/captures.ts';
import { fakeAsset, fakeLibrary } from '../../harness/fake_immich/library.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { apiOf } from '../../writeback/records/helper.ts';

for (const dialect of DIALECTS) {
  Deno.test(`${dialect}: an album with more assets than one request tells has all of them`, async () => {
    const assets = Array.from(
      { length: 23 },
      (_, number) => fakeAsset(number, number % 5 === 0 ? { visibility: 'archive' } : {}),
    );
    const library = fakeLibrary(assets);
    const ids = assets.map(({ id }) => id).toSorted();
    library.albums = [{ id: crypto.randomUUID(), name: 'all', ownerId: library.userId, memberIds: [], assetIds: ids }];
    await using fake = new FakeImmich({ dialect, library });
    const api = apiOf(fake, { idsPerRequest: 4 });
    const account = await identify(api, () => []);
    const [album, ...others] = await readAlbums(api, account, ['timeline', 'archive']);
    assert.deepEqual([album?.name, album?.assetIds.toSorted(), others], ['all', ids, []]);
    const archived = await ownAssetIds(api, account, ['archive'], {});
    const expected = assets.filter(({ visibility }) => visibility === 'archive').map(({ id }) => id);
    assert.deepEqual(archived.toSorted(), expected.toSorted());
  });
}
