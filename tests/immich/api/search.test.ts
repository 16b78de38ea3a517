import assert from 'node:assert/strict';
import { parseVersion } from '../../../src/doctor/releases.ts';
import { searchAssets, type SearchFilter } from '../../../src/immich/api/search.ts';
import { fakeAsset, fakeLibrary } from '../../harness/fake_immich/library.ts';
import { FakeImmich } from '../../harness/fake_immich/server.ts';
import { apiOf } from '../../writeback/records/helper.ts';

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The two ways of answering that were captured, and the newest way of asking: with `filter` and `cursor`. */
const RELEASES = ['2.7.5', '3.1.0', '3.2.2'] as const;

/** The ids of all pages, in their order. */
async function idsOf(
  fake: FakeImmich,
  release: string,
  size: number,
  filter: SearchFilter = { visibility: 'timeline' },
): Promise<string[]> {
  const version = parseVersion(release) ?? assert.fail();
  const pages = await Array.fromAsync(searchAssets(apiOf(fake), filter, { version, size, withDetails: true }));
  return pages.flat().map(({ id }) => id);
}

for (const release of RELEASES) {
  const dialect = release === '2.7.5' ? '2.7.5' : '3.1.0';
  for (const [count, size] of [[0, 10], [1, 1], [10, 10], [11, 10], [95, 10], [30, 1]] as const) {
    Deno.test(`${release}: ${count} assets come once each in pages of ${size}, in the order of their time`, async () => {
      const assets = range(count).map((number) => fakeAsset(number));
      await using fake = new FakeImmich({ dialect, library: fakeLibrary(assets.toReversed()) });
      assert.deepEqual(await idsOf(fake, release, size), assets.map(({ id }) => id));
      // Each page but the first begins with the last asset of the one before.
      assert.ok(fake.requests.length <= Math.max(1, Math.ceil(count / Math.max(1, size - 1)) * (size === 1 ? 3 : 1)));
    });
  }

  const updates: Readonly<Record<string, (number: number) => number>> = {
    'each at another time': (number) => number * 1_000,
    'in the same second': (number) => number,
    'in three batches': (number) => Math.floor(number / 34) * 60_000 + number % 9,
  };
  for (const [when, updatedAt] of Object.entries(updates)) {
    Deno.test(`${release}: none is lost when more assets than a page share a time, updated ${when}`, async () => {
      const times = (number: number) => number < 20 || number >= 80 ? number : 50;
      const assets = range(100).map((number) =>
        fakeAsset(number, {
          fileCreatedAt: new Date(Date.UTC(2024, 0, 1, 0, times(number))).toISOString(),
          updatedAt: new Date(Date.UTC(2024, 5, 1) + updatedAt(number)).toISOString(),
        })
      );
      for (const size of [12, 13, 59, 60, 61, 100]) {
        await using fake = new FakeImmich({ dialect, library: fakeLibrary(assets) });
        const ids = await idsOf(fake, release, size);
        assert.deepEqual(ids.toSorted(), assets.map(({ id }) => id).toSorted(), `pages of ${size}`);
        assert.ok(fake.requests.length < 50, `${fake.requests.length} requests`);
        const since = { visibility: 'timeline', updatedAfter: '2024-01-01T00:00:00.000Z' } as const;
        assert.equal((await idsOf(fake, release, size, since)).length, 100);
      }
    });
  }

  Deno.test(`${release}: more assets than a page with the same two times come by number`, async () => {
    const assets = range(50).map((number) => fakeAsset(number, { fileCreatedAt: '2024-01-01T00:00:00.000Z' }));
    await using fake = new FakeImmich({ dialect, library: fakeLibrary(assets) });
    const ids = await idsOf(fake, release, 10);
    assert.equal(new Set(ids).size, ids.length);
    // Nothing more can be asked for in 2.x, whose order is a matter of luck; a warning tells how many are missing.
    assert.ok(dialect === '2.7.5' ? ids.length >= 10 : ids.length === 50);
  });

  Deno.test(`${release}: times are finer than those that Immich tells`, async () => {
    const assets = range(60).map((number) =>
      fakeAsset(number, { fileCreatedAt: `2024-01-01T00:00:00.${String(122_900 + number * 5).padStart(6, '0')}Z` })
    );
    await using fake = new FakeImmich({ dialect, library: fakeLibrary(assets) });
    assert.deepEqual((await idsOf(fake, release, 7)).toSorted(), assets.map(({ id }) => id).toSorted());
  });

  Deno.test(`${release}: assets that come and go between two pages shift nothing`, async () => {
    const library = fakeLibrary(range(40).map((number) => fakeAsset(number)));
    const kept = library.assets.slice(10);
    await using fake = new FakeImmich({
      dialect,
      library,
      fault: (_, number) => {
        if (number === 2) {
          library.assets = [...kept, ...range(3).map((index) => fakeAsset(-1 - index)), fakeAsset(40)];
        }
        return undefined;
      },
    });
    const ids = await idsOf(fake, release, 10);
    assert.equal(new Set(ids).size, ids.length);
    for (const { id } of [...kept, fakeAsset(40)]) assert.ok(ids.includes(id));
  });

  Deno.test(`${release}: only what was asked for is found`, async () => {
    const assets = [
      fakeAsset(1),
      fakeAsset(2, { visibility: 'archive' }),
      fakeAsset(3, { visibility: 'hidden' }),
      fakeAsset(4, { visibility: 'locked' }),
      fakeAsset(5, { isDeleted: true }),
      fakeAsset(6, { updatedAt: '2025-01-01T00:00:00.000Z' }),
    ];
    await using fake = new FakeImmich({ dialect, library: fakeLibrary(assets) });
    const found = async (filter: SearchFilter) =>
      (await idsOf(fake, release, 10, filter)).map((id) => Number(id.slice(-10)));
    assert.deepEqual(await found({ visibility: 'timeline' }), [1, 6]);
    assert.deepEqual(await found({ visibility: 'archive' }), [2]);
    assert.deepEqual(await found({ visibility: 'timeline', updatedAfter: '2024-12-01T00:00:00.000Z' }), [6]);
  });
}

Deno.test('years beyond 9999, which cannot be asked for, end no run', async () => {
  const assets = range(25).map((number) =>
    fakeAsset(number, { fileCreatedAt: number < 5 ? '9999-12-31T23:59:59.000Z' : '+010000-01-01T04:59:59.000Z' })
  );
  await using fake = new FakeImmich({ dialect: '3.1.0', library: fakeLibrary(assets) });
  assert.deepEqual(await idsOf(fake, '3.1.0', 10), assets.map(({ id }) => id));
});
