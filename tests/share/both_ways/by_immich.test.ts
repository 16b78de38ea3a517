import assert from 'node:assert/strict';
import { Secret } from '../../../src/config/secret.ts';
import { changeOf } from '../../../src/share/both_ways/by_immich.ts';
import { confirmCorrections } from '../../../src/share/both_ways/waiting.ts';
import type { Dialect } from '../../harness/fake_immich/captures.ts';
import { fakeLibrary } from '../../harness/fake_immich/library.ts';
import { FakeImmich, type Fault } from '../../harness/fake_immich/server.ts';
import { editAsset, extractMetadata, writeSidecar } from '../../harness/immich_jobs/metadata.ts';
import type { World } from '../world.ts';
import {
  correctedBy,
  edit,
  goBothWays,
  locksOf,
  MEDIA,
  mirrorId,
  openTwoWays,
  PHOTO,
  said,
  TWO_WAY_RELEASES,
  TYPED,
} from './two_ways.ts';

const KEY = 'key-of-the-owner-1';

for (const release of TWO_WAY_RELEASES) {
  Deno.test(`${release}: with a key of the original's owner Immich itself writes, and the sidecar of the original says it`, async () => {
    await using world = await openTwoWays(release);
    await using immich = withKeyOf(world, 'alice');
    const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
    await edit(world, mirror, { ...TYPED.description, ...TYPED.date, ...TYPED.position, ...TYPED.rating });
    assert.equal(await correctedBy(world.share({ isFull: false })), 4);
    assert.deepEqual(await said(world, source), await said(world, mirror));
    assert.deepEqual(immich.paths().filter((path) => path.startsWith('PUT')), [`PUT /assets/${source}`], 'one request');
    // What Immich does next.
    assert.ok(await writeSidecar(world, source));
    assert.deepEqual(await locksOf(world, source), []);
    await extractMetadata(world, source, MEDIA);
    await world.untilIdle();
    const { description, rating } = await said(world, source);
    assert.deepEqual([description, rating], [TYPED.description.description, TYPED.rating.rating]);
    assert.deepEqual(await said(world, mirror), await said(world, source));
    assert.equal(await correctedBy(world.share()), 0);
  });
}

Deno.test('a key of somebody else, or one that may not change photos, is not used: it is done in the database', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  for (const [user, permissions] of [['bob', ['all']], ['alice', ['asset.read', 'user.read']]] as const) {
    await using immich = withKeyOf(world, user, { permissions });
    await edit(world, mirror, { description: `typed for ${user}` });
    assert.equal(await correctedBy(world.share({ isFull: false })), 1);
    assert.equal((await said(world, source)).description, `typed for ${user}`);
    assert.deepEqual(await locksOf(world, source), ['description']);
    assert.deepEqual(immich.paths().filter((path) => path.startsWith('PUT')), []);
  }
});

Deno.test('what Immich refuses is told, leaves nothing behind and is tried again', async () => {
  await using world = await openTwoWays('v3.1.0');
  const refusal: { fault: Fault | undefined } = {
    fault: { status: 400, body: JSON.stringify({ message: 'not now' }) },
  };
  await using _immich = withKeyOf(world, 'alice', { faultOf: () => refusal.fault });
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  await edit(world, mirror, TYPED.rating);
  const { jobs } = await world.share({ isFull: false });
  const [problem, ...others] = jobs.flatMap(({ problems }) => problems);
  assert.deepEqual(others, []);
  assert.equal(problem?.where.assetId, source);
  assert.match(problem?.what ?? '', /not now/);
  assert.equal((await said(world, source)).rating, MEDIA.rating);
  assert.equal((await world.sql`SELECT FROM immich_sidecar_both_ways.written`).length, 0);
  refusal.fault = undefined;
  assert.equal(await correctedBy(world.share({ isFull: false })), 1);
  assert.equal((await said(world, source)).rating, TYPED.rating.rating);
});

Deno.test('before locks a job goes both ways only with a key, and says so', async () => {
  await using world = await openTwoWays('v2.2.0', { fields: [] });
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  const { description: before } = await said(world, source);
  goBothWays(world, ['description']);
  await world.share();
  const type = async (description: string) => {
    await world
      .sql`UPDATE asset_job_status SET "metadataExtractedAt" = now() - interval '1 hour' WHERE "assetId" = ${mirror}`;
    await editAsset(world, mirror, { description });
  };
  await type('without a key');
  assert.equal(await correctedBy(world.share({ isFull: false })), 0);
  const warnings = await world.apply((_, view) =>
    Promise.resolve(view.jobs.flatMap(({ nameWarnings }) => nameWarnings))
  );
  assert.ok(
    warnings.some((warning) => /both_ways: until Immich 2\.3 .* the share goes one way/.test(warning)),
    String(warnings),
  );
  {
    await using _immich = withKeyOf(world, 'bob');
    await world.share(); // what differs when it begins waits
    await confirmCorrections(world.sql, undefined);
    const { jobs } = await world.share();
    assert.deepEqual(jobs.flatMap(({ problems }) => problems).map(({ code }) => code), ['both-ways-needs-key']);
    assert.equal((await said(world, source)).description, before);
  }
  await using _immich = withKeyOf(world, 'alice');
  await world.share();
  assert.equal((await said(world, source)).description, 'without a key', 'what was confirmed stays so');
});

Deno.test('dates are sent as the clock showed them, and what the API cannot say is left out', () => {
  const at = (dateTimeOriginal: string, timeZone: string | null) =>
    changeOf([{ dateTimeOriginal, timeZone }]).dateTimeOriginal;
  assert.equal(at('1974-06-02T10:00:00+00:00', 'UTC+2'), '1974-06-02T12:00:00.000+02:00');
  assert.equal(at('1974-06-02T10:00:00.25+00:00', 'UTC-5:30'), '1974-06-02T04:30:00.250-05:30');
  assert.equal(at('2024-06-02T10:00:00+00:00', 'Europe/Berlin'), '2024-06-02T12:00:00.000+02:00');
  assert.equal(at('2024-06-02T10:00:00+00:00', null), '2024-06-02T10:00:00.000+00:00');
  assert.equal(at('2024-06-02T10:00:00+00:00', 'nowhere'), '2024-06-02T10:00:00.000+00:00');
  assert.deepEqual(changeOf([{ description: '' }, { rating: null }, { latitude: null, longitude: null }]), {
    description: '',
    rating: null,
  });
});

/** Immich's API on this world's database; the program has the key of one of its users. */
function withKeyOf(
  world: World,
  user: 'alice' | 'bob',
  { permissions = ['all'], faultOf }: { permissions?: readonly string[]; faultOf?: () => Fault | undefined } = {},
): FakeImmich {
  const dialect: Dialect = world.db.release < 'v3' ? '2.7.5' : '3.1.0';
  const immich = new FakeImmich({
    dialect,
    library: fakeLibrary(),
    database: world.sql,
    keys: new Map([[KEY, { userId: world.library.users[user].id, permissions }]]),
    fault: ({ method }) => method === 'PUT' ? faultOf?.() : undefined,
  });
  world.config = { ...world.config, immich: { url: immich.url, apiKey: new Secret(KEY) } };
  return immich;
}
