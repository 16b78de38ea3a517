import assert from 'node:assert/strict';
import { actionsOf } from '../../src/service/actions.ts';
import { until } from '../crash/process.ts';
import { World } from '../share/world.ts';
import { RunningService } from './running_service.ts';
import { serve, signIn, TOKEN } from './site.ts';

Deno.test('everything about two users: by what, what waits, what was left out and what was declined, as it is now', async () => {
  await using world = await World.open('v3.1.0');
  const { alice, bob, carol } = world.library.users;
  const family = world.config.jobs.map((job) => ({ ...job, select: undefined }));
  await using service = new RunningService({ ...world.config, jobs: family });
  await service.cycles();
  const [declined] = await world.someMirrored();
  await world.sql`
    UPDATE asset SET status = 'trashed', "deletedAt" = now() WHERE id = ${await world.mirrorOfId(declined)}`;
  const actions = actionsOf(service.scheduler);
  const pair = await actions.pair(alice.id, bob.id);
  assert.ok(typeof pair !== 'string', String(pair));
  assert.deepEqual([pair.from, pair.to], [alice.name, bob.name]);
  assert.deepEqual(pair.jobs.map(({ name }) => name), family.map(({ name }) => name));
  for (const { standing, notShared } of pair.jobs) {
    const number = (state: string) => notShared.filter((one) => one.state === state).length;
    const sum = (counts: Readonly<Partial<Record<string, number>>>) =>
      Object.values(counts).reduce<number>((total, one) => total + (one ?? 0), 0);
    assert.equal(number('pending'), sum(standing.pending));
    assert.equal(number('skipped'), sum(standing.skipped));
    assert.equal(number('withdrawn'), standing.withdrawn);
  }
  const all = pair.jobs.flatMap(({ notShared }) => notShared);
  assert.equal(all.find(({ assetId }) => assetId === declined)?.state, 'withdrawn');
  assert.ok(all.some(({ state, reason, since }) => state === 'skipped' && reason === 'duplicate' && since !== null));
  assert.ok(all.some(({ state, reason, since }) => state === 'pending' && reason === 'faces' && since === null));
  // A pair of a job is on the dashboard, whatever is the reason for what it shares.
  await until('it was counted', () => service.state.sharing.length > 0);
  assert.ok(
    service.state.sharing.some((one) => one.sourceUserId === alice.id && one.targetUserId === bob.id),
  );
  // What Preview says, and that it changes nothing.
  const preview = await actions.dryRun();
  assert.match(preview, /^A full sync now: (would do|nothing to do)[^]*family to bob\n/);
  assert.equal(typeof await actions.pair(alice.id, bob.id), 'object');
  const nobody = await actions.pair(carol.id, '99999999-9999-4999-8999-999999999999');
  assert.equal(nobody, 'Immich does not know these two users.');
});

Deno.test('the page about two users has links into Immich and to help, and is for those who are signed in', async () => {
  await using site = await serve('healthy', TOKEN);
  const { cookie } = await signIn(site);
  const [, path = ''] = /<a href="(\/pair\?[^"]+)"/.exec((await site.get('/', { cookie })).text) ?? [];
  assert.match(path, /^\/pair\?from=[0-9a-f-]{36}&amp;to=[0-9a-f-]{36}$/);
  const address = path.replace('&amp;', '&');
  const { status, text } = await site.get(address, { cookie });
  assert.equal(status, 200);
  const words = text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
  assert.match(words, /What Bob has from Alice/);
  assert.match(words, /12,345 photos: in the shared album/);
  assert.match(words, /and for 0 more|tagged &quot;share\/bob/);
  assert.match(
    words,
    /Waiting: 35 .*waiting for face detection by Immich.*gone\.jpg ?, 2024-05-06: the file is not there, since/,
  );
  assert.match(words, /Failed: 1 .*broken\.jpg/);
  assert.match(words, /Left out: 18 .*twice\.jpg.*and 17 more\./);
  assert.match(words, /Declined by Bob: 1 .*unwanted\.jpg/);
  assert.match(text, /<a href="https:\/\/photos\.example\.com\/photos\/[0-9a-f-]{36}">unwanted\.jpg<\/a>/);
  assert.match(text, /docs\/problems\.md#io"/);
  assert.equal((await site.get(address)).status, 303, 'not for strangers');
  assert.equal((await site.get("/pair?from=x'&to=y", { cookie })).status, 303);
});
