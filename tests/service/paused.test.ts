import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Config } from '../../src/config/config.ts';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { actionsOf } from '../../src/service/actions.ts';
import { dashboard } from '../../src/service/dashboard/page.ts';
import { Metrics } from '../../src/service/http/metrics.ts';
import { publicSnapshot } from '../../src/service/public_snapshot.ts';
import { readinessOf } from '../../src/service/readiness.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { until } from '../crash/process.ts';
import { World } from '../share/world.ts';
import { configOf } from '../writeback/run/helper.ts';
import { serve, signIn, textIn, TOKEN } from './site.ts';
import { RunningService } from './running_service.ts';

/** What strangers are answered. */
async function shownBy({ state, scheduler }: RunningService) {
  const snapshot = publicSnapshot(snapshotOf(state, scheduler.config, 'test'));
  const visitor = { canSignIn: true, isSignedIn: false, message: undefined };
  return {
    snapshot,
    page: String(await dashboard(snapshot, visitor, Date.now())),
    metrics: (await new Metrics().render(snapshot, Date.now())).text,
    isReady: readinessOf(snapshot, Date.now()).ready,
  };
}

Deno.test('paused: nothing is shared, also after a restart, but what is locked is withdrawn; resumed, everything follows', async () => {
  await using world = await World.open('v3.1.0');
  const [locked, changed] = await world.share().then(() => world.someMirrored());
  const config: Config = { ...world.config, write: { ...world.config.write, schedule: 'on-change' } };
  const lockedFile = await world.localMirrorPath(locked);
  const mirror = await world.mirrorOfId(changed);
  const descriptionOf = async (id: string) =>
    (await world.sql<{ description: string }[]>`SELECT description FROM asset_exif WHERE "assetId" = ${id}`)[0]
      ?.description;
  const isShared = async () =>
    (await world.sql`SELECT 1 FROM immich_sidecar.asset_map WHERE source_asset_id = ${locked}`).length > 0;

  const first = new RunningService(config);
  await first.cycles();
  assert.match(await actionsOf(first.scheduler).pause(), /^Paused: nothing is shared or written until/);
  const since = first.state.pausedSince;
  assert.ok(since !== undefined);
  await until('it waits', () => first.state.phase === 'waiting');
  assert.equal(await actionsOf(first.scheduler).run(), 'It is paused: resume it first.');
  assert.equal(await actionsOf(first.scheduler).write(), 'It is paused: resume it first.');
  await first.stop();

  await using second = new RunningService(config);
  assert.equal(second.state.pausedSince, since, 'a restart changes nothing about it');
  await world.sql`UPDATE asset_exif SET description = 'While it was paused' WHERE "assetId" = ${changed}`;
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${locked}`;
  await until('the locked photo is withdrawn', async () => !await isShared() && !existsSync(lockedFile));
  await until('it has told so', () => second.state.events.some(({ what }) => what.startsWith('While paused')));
  assert.notEqual(await descriptionOf(mirror), 'While it was paused');
  const { snapshot, page, metrics, isReady } = await shownBy(second);
  assert.equal(snapshot.pausedSince, since);
  assert.ok(isReady);
  assert.match(metrics, /^immich_sidecar_paused 1$/m);
  assert.match(page, /<h2 id="verdict">Paused<\/h2>/);
  assert.ok(page.includes(`<strong>Paused since <time datetime="${since}">`), page);
  assert.match(page, /Photos that their owners lock are removed/);
  assert.ok(snapshot.events.some(({ what }) => what === 'While paused: 1 locked photo removed'));

  await actionsOf(second.scheduler).resume();
  await second.cycles();
  assert.equal(await descriptionOf(mirror), 'While it was paused');
  assert.deepEqual(await world.verify(verifyMirrors), []);
  const after = await shownBy(second);
  assert.equal(after.snapshot.pausedSince, undefined);
  assert.match(after.metrics, /^immich_sidecar_paused 0$/m);
});

Deno.test('a file that somebody lays into the state directory pauses a service without a token', async () => {
  await using world = await World.open('v3.1.0');
  await using service = new RunningService(world.config);
  await service.cycles();
  const path = `${world.config.write.stateDirectory}/paused`;
  Deno.writeTextFileSync(path, '');
  await until('it is paused', () => service.state.pausedSince !== undefined);
  Deno.removeSync(path);
  await service.cycles();
  assert.equal(service.state.pausedSince, undefined);
});

for (const shares of [true, false]) {
  Deno.test(`undo last write: ${shares ? 'beside shares' : 'of write-back alone'}, with the number of files before, and every sidecar gone after`, async () => {
    await using world = await World.open('v3.1.0');
    // Once a year, so that only somebody who asks for it writes.
    const base = configOf(world, {
      destination: 'sidecar',
      schedule: '0 3 1 1 *',
      scheduleZone: 'UTC',
      settleSeconds: 0,
    });
    await using service = new RunningService({ ...base, jobs: shares ? world.config.jobs : [] });
    const actions = actionsOf(service.scheduler);
    const sidecar = `${assetOf(world.library, 'family/beach').localPath}.xmp`;
    await until('it waits', () => service.state.phase === 'waiting');
    assert.equal(await actions.lastWrite(), 'Nothing was written that could be undone.');
    await actions.write();
    await until('it has written', () => service.state.write.last !== undefined && service.state.phase === 'waiting');
    assert.ok(existsSync(sidecar));
    const last = await actions.lastWrite();
    assert.ok(typeof last !== 'string', String(last));
    assert.equal(last.files, service.state.write.last?.outcomes.written);
    assert.ok(last.some.some(({ path, goes }) => path === sidecar && goes));
    assert.equal(await actions.undoWrite(last.run), `Undid ${last.files} files of run ${last.run}.`);
    assert.ok(!existsSync(sidecar));
    assert.match(service.state.events.map(({ what }) => what).join('\n'), /has undone a run of write-back: Undid/);
    assert.equal(await actions.lastWrite(), 'Nothing was written that could be undone.');
  });
}

Deno.test('the buttons: pause or resume; undo only after a second question that says how many files, and for nobody else', async () => {
  await using site = await serve('healthy', TOKEN);
  const { cookie } = await signIn(site);
  const { text: page } = await site.get('/', { cookie });
  assert.match(page, /action="\/actions\/pause"/);
  assert.doesNotMatch(page, /action="\/actions\/(resume|undo-write)"/);
  assert.match(page, /<form method="get" action="\/undo">/);
  const { text: question } = await site.get('/undo', { cookie });
  assert.match(textIn(question), /Undo what was written into 45 files\?/);
  assert.match(question, /name="run" value="7"/);
  assert.match(question, /<code>\/photos\/beach\.jpg<\/code>/);
  assert.match(textIn(question), /and 44 more\./);
  assert.equal((await site.get('/undo')).status, 303);
  assert.equal((await site.post('/actions/undo-write', { run: '7' }, { origin: site.url })).status, 403);
  const post = (name: string, fields: Record<string, string> = {}) =>
    site.post(`/actions/${name}`, fields, { origin: site.url, cookie });
  assert.match((await post('undo-write', { run: 'all' })).text, /Say which run/);
  await post('undo-write', { run: '7' });
  await post('pause');
  site.state.knowPaused('2026-11-30T10:00:00.000Z');
  const { text: paused } = await site.get('/', { cookie });
  assert.match(paused, /action="\/actions\/resume"/);
  assert.doesNotMatch(paused, /action="\/actions\/(pause|run|write)"/);
  await post('resume');
  assert.deepEqual(site.done, ['undo 7', 'pause', 'resume']);
});
