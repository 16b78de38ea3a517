/** Why a photo is shared, or not: what `explain` says, and that it agrees with what the engine does. */
import assert from 'node:assert/strict';
import type { SelectConfig } from '../../src/config/config.ts';
import { countByCriterion, explainPhotos } from '../../src/share/explain/explain.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import { readShareStatus } from '../../src/status/share.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { InImmich } from './deeds_in_immich.ts';
import { World } from './world.ts';

const NOTHING: SelectConfig = { albums: [], people: [], tags: [], paths: [], peopleMatch: 'any', favorites: false };

async function scene(release: Parameters<typeof World.open>[0]): Promise<World> {
  const world = await World.open(release);
  const immich = new InImmich(world);
  const keys = [
    'family/portrait',
    'family/picnic',
    'family/wedding',
    'family/live',
    'family/beach',
    'uploads/cat',
    'uploads/locked',
    'uploads/pending',
  ];
  await immich.makeAlbum('alice', 'Family', keys.map((key) => world.id(key)));
  await immich.makeTag('alice', 'secret').then((tag) => immich.tag(tag, world.id('family/picnic')));
  const uploads = world.config.jobs.at(-1);
  assert.ok(uploads);
  world.setJobs([{
    ...uploads,
    name: 'chosen',
    kind: 'any',
    select: { ...NOTHING, albums: ['Family'], favorites: true },
    except: { albums: [], people: [], tags: ['secret'], paths: [] },
    since: '2000-01-01',
  }]);
  await world.share();
  return world;
}

async function explain(world: World, asked: string) {
  return await planOnly(world.sql, world.config, undefined, (tx, view) => explainPhotos(tx, view, asked));
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: explain names reasons, and all that stands against a photo`, async () => {
    await using world = await scene(release);
    const of = async (key: string) => {
      const [photo] = await explain(world, world.id(key));
      const [job] = photo?.jobs ?? [];
      assert.ok(job, key);
      return job;
    };
    const cat = await of('uploads/cat');
    assert.deepEqual([cat.isShared, cat.isMeant, cat.by, cat.reasons, cat.against], [
      true,
      true,
      ['albums', 'favorites'],
      ['in the album "Family"', 'a favourite'],
      [],
    ]);
    assert.equal(cat.mirror?.assetId, await world.mirrorOf('uploads/cat'));
    assert.ok(cat.mirror?.files.includes(cat.mirror.path ?? ''), 'the link of the original is one of its files');
    assert.ok(cat.since instanceof Date);
    assert.deepEqual(cat.because.map(({ words, since }) => [words, since instanceof Date]).toSorted(), [
      ['a favourite', true],
      ['in the album "Family"', true],
    ]);
    const against = {
      'family/picnic': [/^it is left out, as it is tagged "secret"$/],
      'family/wedding': [/^it is not taken since 2000-01-01$/],
      'family/harbour': [/^it is not in the album "Family" or a favourite$/],
      'family/beach': [/^it was left out on \d{4}-\d\d-\d\d: .*the receiving user has the same picture/],
      'uploads/locked': [/^it is in the locked folder$/, /^it is hidden|^$/],
      'uploads/pending': [/^it waits for metadata by Immich$/],
      'family/live-video': [],
    };
    for (const [key, expected] of Object.entries(against)) {
      const job = await of(key);
      assert.equal(job.isShared, await world.mirrorOf(key) !== undefined, key);
      const patterns = key === 'uploads/locked' ? expected.slice(0, 1) : expected;
      assert.equal(job.against.length, patterns.length, `${key}: ${job.against.join('; ')}`);
      patterns.forEach((pattern, index) => assert.match(job.against[index] ?? '', pattern));
    }
    assert.deepEqual((await of('family/live-video')).by, ['motion']);

    await world.sql`DELETE FROM asset WHERE id = ${await world.mirrorOf('family/portrait') ?? ''}`;
    await world.share();
    assert.match(
      (await of('family/portrait')).against.join(),
      /^they deleted it on \d{4}-\d\d-\d\d \(reshare shares it again\)$/,
    );
    await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${world.id('uploads/cat')}`;
    assert.deepEqual((await of('uploads/cat')).against, ['it is in the trash']);
  });
}

Deno.test('a photo is found by id, address, path of either side, and name; a mirror is explained by its source', async () => {
  await using world = await scene('v3.1.0');
  const id = world.id('uploads/cat');
  const mirror = await world.mirrorOf('uploads/cat') ?? '';
  const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  const path = row?.path ?? '';
  for (const asked of [id, id.toUpperCase(), `https://photos.example.com/photos/${id}?at=1`, path, world.local(path)]) {
    assert.deepEqual((await explain(world, asked)).map(({ assetId }) => assetId), [id], asked);
  }
  assert.deepEqual((await explain(world, 'CAT.jpg')).map(({ assetId }) => assetId), [id, mirror]);
  const [explained] = await explain(world, mirror);
  assert.equal(explained?.mirrorOf?.assetId, id);
  assert.equal(explained?.jobs[0]?.mirror?.assetId, mirror);
  assert.equal(explained?.jobs[0]?.isShared, true);
  // Immich takes what is in the trash for missing, too, when its file is.
  await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed', "isOffline" = true WHERE id = ${mirror}`;
  const [trashed] = await explain(world, id);
  assert.deepEqual([trashed?.jobs[0]?.isShared, trashed?.jobs[0]?.against], [false, ['it is in their trash']]);
  assert.deepEqual(await explain(world, 'nothing of the kind.jpg'), []);
});

Deno.test('explain --job counts by criterion', async () => {
  await using world = await scene('v3.1.0');
  const counts = await planOnly(world.sql, world.config, 'chosen', (tx, view) => {
    assert.ok(view.only);
    return countByCriterion(tx, view.schema, view.only);
  });
  assert.deepEqual(counts.criteria.map(({ role, words, photos }) => [role, words, photos]).slice(0, 3), [
    ['select', 'in the album "Family"', 8],
    ['select', 'a favourite', 2],
    ['except', 'tagged "secret"', 1],
  ]);
  assert.equal(counts.criteria[3]?.words, 'taken since 2000-01-01');
  const [album, favorite, except] = counts.criteria;
  assert.deepEqual(album?.by?.map(({ words, photos }) => [words, photos]), [['in the album "Family"', 3]]);
  assert.ok(album?.since instanceof Date && favorite?.since instanceof Date && except?.since === undefined);
  const status = await planOnly(world.sql, world.config, undefined, readShareStatus);
  assert.deepEqual(status.jobs[0]?.criteria, counts.criteria, 'status says the same');
  // Of the eight one is locked, one left out, one too old.
  assert.equal(counts.meant, 5);
});
