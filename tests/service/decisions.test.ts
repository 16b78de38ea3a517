import assert from 'node:assert/strict';
import { actionsOf } from '../../src/service/actions.ts';
import { decisionIn } from '../../src/service/decisions.ts';
import { until } from '../crash/process.ts';
import { edit, goBothWays, mirrorId, openTwoWays, PHOTO, said } from '../share/both_ways/two_ways.ts';
import { RunningService } from './running_service.ts';
import { serve, signIn, textIn, TOKEN } from './site.ts';

Deno.test('a conflict is decided on the dashboard, and what was seen there is what is decided', async () => {
  await using world = await openTwoWays('v3.1.0');
  const [source, mirror] = [world.id(PHOTO), await mirrorId(world)];
  await edit(world, source, { rating: 1 });
  await edit(world, mirror, { rating: 5 });
  await using service = new RunningService(world.config);
  await service.cycles();
  const actions = actionsOf(service.scheduler);
  await until('it was counted', () => [...service.state.decisions.values()].some(({ conflicts }) => conflicts === 1));
  const decisions = await actions.decisions();
  assert.ok(typeof decisions !== 'string', String(decisions));
  const [conflict] = decisions.conflicts;
  assert.ok(conflict);
  const resolution = {
    source,
    mirror,
    field: 'rating',
    seen: `${conflict.sourceSum} ${conflict.sum}`,
    take: 'target' as const,
  };
  assert.match(await actions.resolve({ ...resolution, seen: 'something else' }), /^Somebody has changed it meanwhile/);
  assert.match(await actions.resolve({ ...resolution, field: 'date' }), /^There is no such conflict any more/);
  assert.match(await actions.resolve(resolution), /^Decided: the recipient’s rating counts for both/);
  await until('it is carried out', async () => (await said(world, source)).rating === 5);
  assert.match(await actions.resolve(resolution), /^There is no such conflict any more/);
  assert.ok(service.state.events.some(({ what }) => what === 'Somebody who is signed in has decided a conflict'));
});

Deno.test('what recipients have changed when it begins is confirmed on the dashboard', async () => {
  await using world = await openTwoWays('v3.1.0', { fields: [] });
  const source = world.id(PHOTO);
  await edit(world, await mirrorId(world), { rating: 5 });
  await world.untilIdle();
  goBothWays(world, ['rating']);
  await using service = new RunningService(world.config);
  await service.cycles();
  const actions = actionsOf(service.scheduler);
  const decisions = await actions.decisions();
  assert.ok(typeof decisions !== 'string', String(decisions));
  const [waiting] = decisions.waiting;
  assert.equal(waiting?.photos, 1);
  assert.equal(await actions.confirmCorrections('nothing'), 'Nothing waits to be written into originals.');
  assert.match(
    await actions.confirmCorrections(waiting.job),
    /^Confirmed: the sync that begins now changes 1 original of /,
  );
  await until('it is written', async () => (await said(world, source)).rating === 5);
});

Deno.test('the page of decisions shows both values and has a button for each, for those who are signed in', async () => {
  await using site = await serve('healthy', TOKEN);
  const { cookie } = await signIn(site);
  const { status, text } = await site.get('/decisions', { cookie });
  assert.equal(status, 200);
  const words = textIn(text).replaceAll(/\s+/g, ' ');
  assert.match(words, /412 originals of family to bob would be changed/);
  assert.match(
    words,
    /lake\.jpg: description .*The owner’s: &quot;Lake&quot; The recipient’s: &quot;The lake in 1974&quot;/,
  );
  assert.match(
    text,
    /<form method="post" action="\/actions\/resolve">(<input type="hidden" [^>]*>){5}<button>Take the owner’s/,
  );
  assert.equal((await site.get('/decisions')).status, 303, 'not for strangers');
  const fields = Object.fromEntries(
    [...text.matchAll(/name="(source|mirror|field|seen|take)" value="([^"]*)"/g)].slice(0, 5).map((
      [, name, value],
    ) => [name, value]),
  );
  assert.equal((await site.post('/actions/resolve', fields, { origin: site.url })).status, 403);
  assert.equal(
    (await site.post('/actions/resolve', fields, { origin: 'https://elsewhere.example', cookie })).status,
    403,
  );
  await site.post('/actions/resolve', fields, { origin: site.url, cookie });
  await site.post('/actions/confirm-corrections', { job: 'family to bob' }, { origin: site.url, cookie });
  assert.deepEqual(site.done, ['resolve description source', 'confirm corrections family to bob']);
  const { text: answer } = await site.post('/actions/resolve', { ...fields, take: 'both' }, {
    origin: site.url,
    cookie,
  });
  assert.match(answer, /Say which conflict: /);
  assert.equal(decisionIn({ ...fields, mirror: "x'" }), undefined);
});

Deno.test('strangers see how much waits, and no value', async () => {
  await using site = await serve('deciding', TOKEN);
  const { cookie } = await signIn(site);
  const [{ text: all }, { text: some }] = [await site.get('/', { cookie }), await site.get('/')];
  for (const page of [all, some]) {
    assert.match(textIn(page), /3 conflicts: both have changed the same thing differently\./);
    assert.match(textIn(page), /412 originals would get what .* has changed: that waits to be confirmed\./);
  }
  assert.match(all, /<form method="get" action="\/decisions">/);
  assert.doesNotMatch(some, /action="\/decisions"/);
});
