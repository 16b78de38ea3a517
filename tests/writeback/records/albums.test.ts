import assert from 'node:assert/strict';
import type { Album } from '../../../src/immich/api/albums.ts';
import {
  currentAlbums,
  freshnessOf,
  namesByAsset,
  type RememberedAlbums,
} from '../../../src/writeback/records/albums.ts';
import { MemoryCache } from './helper.ts';

const RULES = { ttlSeconds: 100, maxStaleSeconds: 1_000 };
const NOW = 10_000_000;
const OLD: readonly Album[] = [{ name: 'old', assetIds: ['1'] }];
const NEW: readonly Album[] = [{ name: 'new', assetIds: ['1'] }];

const remembered = (ageSeconds: number, owner = 'me'): RememberedAlbums => ({
  fetchedAtMs: NOW - ageSeconds * 1000,
  owner,
  albums: OLD,
});

for (
  const [age, expected] of [
    [0, 'fresh'],
    [99, 'fresh'],
    [100, 'stale'],
    [1_000, 'stale'],
    [1_001, 'useless'],
    [-1, 'stale'],
    [-5_000, 'useless'],
  ] as const
) {
  Deno.test(`albums of an age of ${age} seconds are ${expected}`, () => {
    assert.equal(freshnessOf(remembered(age), 'me', NOW, RULES), expected);
  });
}

Deno.test('albums of another user or server, or none at all, are useless', () => {
  assert.equal(freshnessOf(remembered(0, 'other'), 'me', NOW, RULES), 'useless');
  assert.equal(freshnessOf(undefined, 'me', NOW, RULES), 'useless');
});

Deno.test('a time to live of 0 asks every time', () => {
  assert.equal(freshnessOf(remembered(0), 'me', NOW, { ...RULES, ttlSeconds: 0 }), 'stale');
});

async function current(cache: MemoryCache, ask: () => Promise<readonly Album[]>): Promise<readonly Album[]> {
  return await currentAlbums(cache, RULES, 'me', ask, NOW);
}
const fail = () => Promise.reject(new Error('Immich is away.'));

Deno.test('fresh albums are used without asking', async () => {
  const cache = new MemoryCache();
  cache.write(remembered(50));
  assert.equal(await current(cache, fail), OLD);
});

Deno.test('albums that were asked for are remembered', async () => {
  const cache = new MemoryCache();
  cache.write(remembered(500));
  assert.equal(await current(cache, () => Promise.resolve(NEW)), NEW);
  assert.deepEqual(cache.read(), { fetchedAtMs: NOW, owner: 'me', albums: NEW });
});

Deno.test('stale albums are used when asking fails, and stay as old as they are', async () => {
  const cache = new MemoryCache();
  cache.write(remembered(500));
  assert.equal(await current(cache, fail), OLD);
  assert.equal(cache.read()?.fetchedAtMs, NOW - 500_000);
});

Deno.test('without usable albums a failure is a failure', async () => {
  for (const kept of [undefined, remembered(5_000), remembered(0, 'other')]) {
    const cache = new MemoryCache();
    if (kept) cache.write(kept);
    await assert.rejects(current(cache, fail), /Immich is away/);
  }
});

Deno.test('names are turned from albums to assets', () => {
  const names = namesByAsset([{ name: 'a', assetIds: ['1', '2'] }, { name: 'b', assetIds: ['2'] }]);
  assert.deepEqual([...names], [['1', ['a']], ['2', ['a', 'b']]]);
});
