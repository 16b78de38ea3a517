import assert from 'node:assert/strict';
import { Secret } from '../../src/config/secret.ts';
import { httpApp } from '../../src/service/http/app.ts';
import { listen } from '../../src/service/http/listen.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { serviceLike, STATES } from '../browser/states.ts';

const TOKEN = 'a-long-random-word';

/** The real server on a free port; what it sets going is only noted. */
async function serve(name: string, token?: string) {
  const { state, config } = serviceLike(name, token);
  const done: string[] = [];
  const note = (what: string) => Promise.resolve(`done ${done.push(what)}`);
  const app = httpApp({
    snapshot: () => snapshotOf(state, config, '1.2.3'),
    onChange: (listener) => state.onChange(listener),
    actions: { run: () => note('run'), dryRun: () => note('dry run'), confirm: (job) => note(`confirm ${job}`) },
  }, token === undefined ? undefined : new Secret(token));
  const listening = await listen(app, { hostname: '127.0.0.1', port: 0 });
  const url = listening.url.slice(0, -1);
  const get = async (path: string) => {
    const answer = await fetch(url + path, { redirect: 'manual' });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  const post = async (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
      redirect: 'manual',
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { url, state, done, get, post, [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose]() };
}

Deno.test('/healthz is about the process, /readyz about sharing', async () => {
  const expected = { healthy: 200, starting: 200, writing: 200, standby: 200, degraded: 503, brake: 503 };
  for (const name of Object.keys(STATES)) {
    await using site = await serve(name);
    assert.equal((await site.get('/healthz')).status, 200);
    const { status, text } = await site.get('/readyz');
    assert.equal(status, expected[name as keyof typeof expected], `${name}: ${text}`);
  }
  await using site = await serve('degraded');
  const { checks } = JSON.parse((await site.get('/readyz')).text);
  assert.match(JSON.stringify(checks), /No PostgreSQL answers at immich_postgres/);
});

Deno.test('a service whose last cycle was long ago is not ready', async () => {
  await using site = await serve('healthy');
  const { cycles } = site.state;
  (cycles as unknown[]).splice(0, cycles.length - 1, { ...cycles[0], startedAt: '2020-01-01T00:00:00Z' });
  (cycles as unknown[]).pop();
  const { status, text } = await site.get('/readyz');
  assert.equal(status, 503);
  assert.match(text, /the last cycle ended \d+ s ago/);
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
  assert.equal((await site.post('/session', { token: 'a-wrong-random-word' })).status, 403);
  assert.equal((await site.post('/session', { token: TOKEN }, { 'sec-fetch-site': 'cross-site' })).status, 403);
  const signedIn = await site.post('/session', { token: TOKEN }, { origin: site.url });
  assert.equal(signedIn.status, 303);
  const set = signedIn.headers.get('set-cookie') ?? '';
  assert.match(set, /HttpOnly/);
  assert.match(set, /SameSite=Strict/);
  const cookie = set.split(';', 1)[0] ?? '';
  const page = await (await fetch(site.url, { headers: { cookie } })).text();
  const form = /name="form" value="([^"]+)"/.exec(page)?.[1] ?? '';
  assert.notEqual(form, '');
  const run = (fields: Record<string, string>, headers: Record<string, string>) =>
    site.post('/actions/run', fields, headers);
  assert.equal((await run({}, { cookie })).status, 403, 'the cookie alone');
  assert.equal((await run({ form: 'x'.repeat(form.length) }, { cookie })).status, 403, 'another value');
  assert.equal((await run({ form }, {})).status, 403, 'the form alone');
  assert.equal((await run({ form }, { cookie, origin: 'http://evil.example' })).status, 403, 'from another site');
  assert.equal((await run({ form, more: 'x'.repeat(5_000) }, { cookie })).status, 403, 'too long');
  assert.deepEqual(site.done, []);
  const done = await run({ form }, { cookie, origin: site.url });
  assert.equal(done.status, 200);
  assert.match(done.text, /role="status">done 1</);
});

Deno.test('nobody can guess the token', async () => {
  await using site = await serve('healthy', TOKEN);
  for (let guess = 0; guess < 20; guess++) await site.post('/session', { token: `guess number ${guess}` });
  assert.equal((await site.post('/session', { token: TOKEN })).status, 403, 'for a minute not even the right one');
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
  await using site = await serve('healthy');
  const port = Number(new URL(site.url).port);
  const { state, config } = serviceLike('healthy');
  const app = httpApp({
    snapshot: () => snapshotOf(state, config, '1'),
    onChange: (listener) => state.onChange(listener),
    actions: { run: () => Promise.resolve(''), dryRun: () => Promise.resolve(''), confirm: () => Promise.resolve('') },
  }, undefined);
  await assert.rejects(listen(app, { hostname: '127.0.0.1', port }), /another program uses it/);
});
