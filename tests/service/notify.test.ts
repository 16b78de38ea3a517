import assert from 'node:assert/strict';
import { Secret } from '../../src/config/secret.ts';
import { NewsDesk, requestFor, tell } from '../../src/service/notify.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { serviceLike, STATES } from '../browser/states.ts';

/** What somebody hears who is told after each of these states. */
function eventsOf(...names: readonly string[]): string[] {
  const { state, config } = serviceLike(names[0] ?? '');
  const desk = new NewsDesk();
  let nowMs = 0;
  return names.flatMap((name, index) => {
    if (index > 0) STATES[name]?.(state);
    nowMs += 60_000;
    return desk.next(snapshotOf(state, config, '1'), nowMs).map(({ event }) => event);
  });
}

Deno.test('failure, recovery and the brake are told once each', () => {
  assert.deepEqual(eventsOf('healthy', 'degraded', 'degraded', 'healthy', 'brake', 'brake', 'healthy'), [
    'alive',
    'failure',
    'recovery',
    'alive',
    'brake',
    'alive',
  ]);
});

Deno.test('pings come at most once a minute', () => {
  const { state, config } = serviceLike('healthy');
  const desk = new NewsDesk();
  const at = (nowMs: number) => desk.next(snapshotOf(state, config, '1'), nowMs).length;
  assert.deepEqual([at(0), at(10_000), at(60_000)], [1, 0, 1]);
});

Deno.test('each service is told in its own way', async () => {
  const heard: { path: string; method: string; headers: Headers; body: string }[] = [];
  await using server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, async (request) => {
    const { pathname: path } = new URL(request.url);
    heard.push({ path, method: request.method, headers: request.headers, body: await request.text() });
    return new Response('ok');
  });
  const url = new Secret(`http://127.0.0.1:${server.addr.port}/my-key`);
  const news = { event: 'brake', title: 'Famílie: action needed', message: '412 of 12345' } as const;
  for (const format of ['json', 'ntfy', 'healthchecks'] as const) await tell(news, { url, format });
  await tell({ event: 'alive', title: 'All is well', message: '' }, { url, format: 'healthchecks' });
  assert.deepEqual(heard.map(({ path }) => path), ['/my-key', '/my-key', '/my-key/fail', '/my-key']);
  assert.deepEqual(JSON.parse(heard[0]?.body ?? ''), { source: 'immich-sidecar', ...news });
  assert.equal(heard[1]?.headers.get('priority'), 'high');
  assert.match(heard[1]?.headers.get('title') ?? '', /^=\?UTF-8\?B\?/);
  assert.equal(requestFor({ ...news, event: 'alive' }, 'json'), undefined);
});
