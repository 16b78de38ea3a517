import assert from 'node:assert/strict';
import { httpApp } from '../../src/service/http/app.ts';
import { listen } from '../../src/service/http/listen.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { serviceLike, STATES } from '../browser/states.ts';
import { serve, signIn, textIn, TOKEN } from './site.ts';

Deno.test('/healthz is about the process, /readyz about sharing', async () => {
  const expected = {
    healthy: 200,
    deciding: 200,
    starting: 200,
    copying: 200,
    writing: 200,
    standby: 200,
    paused: 200,
    degraded: 503,
    brake: 503,
    troubled: 503,
  };
  for (const name of Object.keys(STATES)) {
    await using site = await serve(name);
    assert.equal((await site.get('/healthz')).status, 200);
    const { status, text } = await site.get('/readyz');
    assert.equal(status, expected[name as keyof typeof expected], `${name}: ${text}`);
  }
  await using site = await serve('degraded', TOKEN);
  const checks = async (headers: Record<string, string>) =>
    JSON.stringify(JSON.parse((await site.get('/readyz', headers)).text).checks);
  assert.match(await checks({}), /there is no connection to the database/);
  assert.match(await checks({ authorization: `Bearer ${TOKEN}` }), /No PostgreSQL answers at immich_postgres/);
});

Deno.test('a service whose last cycle was long ago is not ready', async () => {
  await using site = await serve('healthy');
  const { cycles } = site.state;
  (cycles as unknown[]).splice(0, cycles.length - 1, { ...cycles[0], startedAt: '2020-01-01T00:00:00Z' });
  (cycles as unknown[]).pop();
  const { status, text } = await site.get('/readyz');
  assert.equal(status, 503);
  assert.match(text, /the last sync ended \d+ s ago/);
  assert.match((await site.get('/')).text, /Something is wrong[^]*The last sync ended \d+ s ago\./);
});

Deno.test('how far a first copy is, is on the page, in /api/status and in /metrics, for everybody', async () => {
  await using site = await serve('copying');
  const { text: page } = await site.get('/');
  assert.match(textIn(page), /family to bob: 1,234 of 15,000 photos, 45 a second, about 5 minutes left\./);
  assert.match(page, /<progress max="15000" value="1234" aria-label="how far the copy is">/);
  const { progress } = JSON.parse((await site.get('/api/status')).text);
  assert.deepEqual([progress.job, progress.done, progress.total, progress.secondsLeft], [
    'family to bob',
    1_234,
    15_000,
    305,
  ]);
  const { text: metrics } = await site.get('/metrics');
  assert.match(metrics, /^immich_sidecar_progress\{job="family to bob",unit="photos",state="done"\} 1234$/m);
  site.state.progressed(undefined);
  assert.doesNotMatch((await site.get('/metrics')).text, /^immich_sidecar_progress\{/m);
  assert.doesNotMatch((await site.get('/')).text, /how far the copy is/);
});

Deno.test('how far write-back is, is on the page, too', async () => {
  await using site = await serve('writing');
  const { text } = await site.get('/');
  assert.match(
    textIn(text),
    /Writing what Immich knows into the files\.[^]*Gone through: 1,234 of 15,000 photos, 45 a second/,
  );
  assert.match(text, /<progress max="15000" value="1234" aria-label="how far the run is">/);
});

Deno.test('a wrong token comes back to the form, with a word about it', async () => {
  await using site = await serve('healthy', TOKEN);
  const { status, text } = await site.post('/session', { token: 'a-wrong-random-word' }, { origin: site.url });
  assert.equal(status, 403);
  assert.match(text, /<section class="message" role="status" aria-label="Message">\s*<p>That is not the HTTP_TOKEN/);
  assert.match(text, /<form method="post" action="\/session">/);
});

Deno.test('before anything is removed somebody who is signed in sees which photos, and is asked again', async () => {
  await using site = await serve('brake', TOKEN);
  const { cookie } = await signIn(site);
  const { text: page } = await site.get('/', { cookie });
  assert.match(page, /<form method="get" action="\/confirm"><input type="hidden" name="job" value="family to bob">/);
  assert.doesNotMatch(page, /action="\/actions\/confirm"/, 'not with one click');
  const { status, text } = await site.get('/confirm?job=family%20to%20bob', { cookie });
  assert.equal(status, 200);
  assert.match(textIn(text), /Remove 412 of 12,345 photos of family to bob\?/);
  assert.match(text, /beach\.jpg<\/a>, 1970-01-01: its file is not there any more/);
  assert.match(textIn(text), /and 411 more\./);
  assert.match(text, /\/mnt\/photos\/alice\/family<\/code> is empty or not there/);
  assert.match(
    text,
    /<form method="post" action="\/actions\/confirm"><input type="hidden" name="job" value="family to bob">/,
  );
  assert.equal((await site.get('/confirm?job=family%20to%20bob')).status, 303, 'strangers see no photo');
  assert.equal((await site.get('/confirm?job=nothing', { cookie })).status, 303);
  assert.deepEqual(site.done, []);
});

Deno.test('beside each problem is a link to what the documentation says about it, for everybody', async () => {
  await using site = await serve('troubled', TOKEN);
  const { cookie } = await signIn(site);
  const codesIn = (page: string) =>
    new Set(
      [...page.matchAll(/<a href="https:\/\/[^"]+\/docs\/problems\.md#([a-z-]+)"\s+aria-label="Help: /g)].map((
        [, code],
      ) => code),
    );
  const strangers = codesIn((await site.get('/')).text);
  assert.deepEqual(
    [...strangers].toSorted(),
    ['brake', 'io', 'missing', 'not-named', 'photos-failed'].filter((code) => strangers.has(code)),
  );
  assert.ok(strangers.has('brake') && strangers.has('not-named') && strangers.has('missing'), [...strangers].join());
  assert.ok(codesIn((await site.get('/', { cookie })).text).has('io'));
  const documentation = Deno.readTextFileSync(new URL('../../docs/problems.md', import.meta.url));
  for (const code of strangers) assert.ok(documentation.includes(`<a id="${code}"></a>`), String(code));
});

Deno.test('the log tells what has happened: counts to everybody, photos and messages to those who are signed in', async () => {
  await using site = await serve('troubled', TOKEN);
  const { cookie } = await signIn(site);
  const [{ text: all }, { text: some }] = [await site.get('/', { cookie }), await site.get('/')];
  for (const page of [all, some]) {
    assert.match(page, /<h2 id="log">Log<\/h2>/);
    assert.match(page, /Sharing was interrupted: /);
    assert.match(page, /3 photos failed/);
    assert.match(textIn(page), /family to bob: 412 of 12,345 photos would be removed; a decision is needed/);
  }
  assert.match(all, /<summary>more<\/summary>[^]*beach\.jpg/);
  assert.doesNotMatch(some, /beach/);
  for (let more = 0; more < 300; more++) site.state.noted(`event ${more}`);
  const { events } = JSON.parse((await site.get('/api/status')).text);
  assert.deepEqual([events.length, events[0].what, events.at(-1).what], [200, 'event 100', 'event 299']);
});

Deno.test('Write now is there where write-back is scheduled, and does nothing without the token', async () => {
  await using site = await serve('healthy', TOKEN);
  const { cookie } = await signIn(site);
  assert.match((await site.get('/', { cookie })).text, /action="\/actions\/write"/);
  assert.equal((await site.post('/actions/write', {}, { origin: site.url })).status, 403);
  const { text } = await site.post('/actions/write', {}, { origin: site.url, cookie });
  assert.match(text, /<section class="message" role="status" aria-label="Message">/);
  assert.deepEqual(site.done, ['write']);
});

Deno.test('counts say when they were counted', async () => {
  await using site = await serve('healthy');
  assert.match(
    (await site.get('/')).text,
    /of <data class="number" value="12400">12,400<\/data> photos and videos\s+<small>as of <time datetime="/,
  );
  assert.match(
    (await site.get('/metrics')).text,
    /^immich_sidecar_photos_counted_timestamp_seconds\{job="family to bob"\} \d/m,
  );
  const { jobs } = JSON.parse((await site.get('/api/status')).text);
  assert.ok(Date.now() - Date.parse(jobs[0].countedAt) < 3_600_000);
});

Deno.test('/metrics is what Prometheus reads, /api/status is JSON, and neither holds a secret', async () => {
  await using site = await serve('brake', TOKEN);
  site.state.enter('waiting');
  const { text, headers } = await site.get('/metrics');
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=/);
  assert.match(text, /^immich_sidecar_photos\{job="family to bob",state="mirrored"\} 12345$/m);
  assert.match(text, /^immich_sidecar_photos\{job="family to bob",state="pending"\} 32$/m);
  assert.match(text, /^immich_sidecar_brakes 1$/m);
  assert.match(text, /^immich_sidecar_ready 0$/m);
  assert.match(text, /^immich_sidecar_cycles_total\{outcome="done"\} 4$/m);
  assert.match(text, /^immich_sidecar_cycle_seconds_count 5$/m);
  const status = JSON.parse((await site.get('/api/status')).text);
  assert.equal(status.jobs[0].standing.mirrored, 12_345);
  assert.equal(status.brakes[0].mirrors, 412);
  for (const path of ['/', '/metrics', '/api/status', '/readyz', '/healthz', '/nothing']) {
    const answer = await site.get(path);
    assert.doesNotMatch(answer.text, /very secret|a-long-random-word/, path);
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/, path);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  }
});

Deno.test('without HTTP_TOKEN nothing can be set going', async () => {
  await using site = await serve('healthy');
  for (const path of ['/session', '/actions/run', '/actions/dry-run', '/actions/confirm']) {
    assert.equal((await site.post(path, {}, { authorization: `Bearer ${TOKEN}` })).status, 404);
  }
  assert.doesNotMatch((await site.get('/')).text, /<form/);
});

Deno.test('a program says the token with each request', async () => {
  await using site = await serve('brake', TOKEN);
  assert.equal((await site.post('/actions/run', {})).status, 403);
  assert.equal((await site.post('/actions/run', {}, { authorization: 'Bearer a-wrong-random-word' })).status, 403);
  const authorization = `Bearer ${TOKEN}`;
  assert.deepEqual(JSON.parse((await site.post('/actions/run', {}, { authorization })).text), { message: 'done 1' });
  await site.post('/actions/dry-run', {}, { authorization });
  await site.post('/actions/confirm', { job: 'family to bob' }, { authorization });
  assert.deepEqual(site.done, ['run', 'dry run', 'confirm family to bob']);
});

Deno.test('a browser has a session, and only forms of our own pages count', async () => {
  await using site = await serve('brake', TOKEN);
  assert.equal((await site.post('/session', { token: 'a-wrong-random-word' }, { origin: site.url })).status, 403);
  assert.equal((await site.post('/session', { token: TOKEN }, { 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal(
    (await site.post('/session', { token: TOKEN })).status,
    403,
    'browsers always tell where a form is from',
  );
  const { cookie, attributes } = await signIn(site);
  assert.match(attributes, /HttpOnly/);
  assert.match(attributes, /SameSite=Strict/);
  const run = (fields: Record<string, string>, headers: Record<string, string>) =>
    site.post('/actions/run', fields, headers);
  const { origin } = { origin: site.url };
  assert.equal((await run({}, { cookie })).status, 403, 'the cookie alone');
  assert.equal((await run({}, { origin })).status, 403, 'the form alone');
  assert.equal((await run({}, { cookie, origin: 'http://evil.example' })).status, 403, 'from another site');
  assert.equal((await run({}, { cookie, origin: 'null' })).status, 403, 'from nowhere');
  assert.equal(
    (await run({}, { cookie, 'sec-fetch-site': 'same-site' })).status,
    403,
    'from another port of this host',
  );
  assert.equal((await run({ more: 'x'.repeat(5_000) }, { cookie, origin })).status, 413, 'too long');
  assert.deepEqual(site.done, []);
  const done = await run({}, { cookie, origin });
  assert.equal(done.status, 200);
  assert.match(done.text, /role="status" aria-label="Message">\s*<p>done 1</);
  const fromProxy = await run({}, { cookie, origin: site.url.replace('http:', 'https:') });
  assert.equal(fromProxy.status, 200, 'a proxy speaks TLS with the browser');
});

Deno.test('a body without a length is cut off as well', async () => {
  await using site = await serve('healthy', TOKEN);
  const { promise, resolve } = Promise.withResolvers<number>();
  const body = new ReadableStream({
    async pull(stream) {
      stream.enqueue(new TextEncoder().encode('token='.padEnd(3_000, 'x')));
      await new Promise((proceed) => setTimeout(proceed));
    },
  });
  fetch(`${site.url}/session`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: site.url },
  }).then(async (answer) => {
    resolve(answer.status);
    await answer.body?.cancel();
  }).catch(() => {});
  assert.equal(await promise, 413);
});

Deno.test('slow clients and very many of them hold nobody up, and are sent away', async () => {
  await using site = await serve('healthy');
  const port = Number(new URL(site.url).port);
  const slow: Deno.TcpConn[] = [];
  try {
    for (let client = 0; client < 200; client++) {
      const connection = await Deno.connect({ hostname: '127.0.0.1', port });
      await connection.write(new TextEncoder().encode('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '));
      slow.push(connection);
    }
    const answers = await Promise.all(Array.from({ length: 200 }, () => site.get('/healthz')));
    assert.ok(answers.every(({ status }) => status === 200));
    for (let client = 200; client < 520; client++) slow.push(await Deno.connect({ hostname: '127.0.0.1', port }));
    const last = slow.at(-1);
    assert.ok(last);
    const end = await last.read(new Uint8Array(1)).catch(() => null);
    assert.equal(end, null, 'more than five hundred at once are refused');
  } finally {
    for (const connection of slow) connection.close();
  }
});

Deno.test('a page that is open hears of changes', async () => {
  await using site = await serve('healthy');
  const answer = await fetch(`${site.url}/events`);
  assert.equal(answer.headers.get('content-type')?.split(';', 1)[0], 'text/event-stream');
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader);
  site.state.enter('working');
  let text = '';
  while (!text.includes('event: change')) text += (await reader.read()).value ?? '';
  await reader.cancel();
});

Deno.test('an address that cannot be used is said with the remedy', async () => {
  const nothing = () => Promise.resolve('');
  await using site = await serve('healthy');
  const port = Number(new URL(site.url).port);
  const { state, config } = serviceLike('healthy');
  const app = httpApp({
    snapshot: () => snapshotOf(state, config, '1'),
    onChange: (listener) => state.onChange(listener),
    actions: {
      run: nothing,
      dryRun: nothing,
      write: nothing,
      pause: nothing,
      resume: nothing,
      lastWrite: nothing,
      undoWrite: nothing,
      pair: nothing,
      notify: nothing,
      confirm: nothing,
      confirmCorrections: nothing,
      decisions: nothing,
      resolve: nothing,
      review: nothing,
    },
  }, { token: undefined, allowedHosts: [] });
  await assert.rejects(listen(app, { hostname: '127.0.0.1', port }), /another program uses it/);
});
