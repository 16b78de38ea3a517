import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Secret } from '../../src/config/secret.ts';
import { isAllowedHost } from '../../src/service/http/allowed_hosts.ts';
import { Sessions } from '../../src/service/http/sessions.ts';
import { TokenCheck } from '../../src/service/http/token_check.ts';
import { workingDirectory } from '../cli/program.ts';
import { EXTERNAL_ENV } from '../config/helper.ts';
import { RunningProgram, until } from '../crash/process.ts';
import { serve, signIn, TOKEN } from './site.ts';

const NO_DATABASE = { DB_HOSTNAME: '127.0.0.1', DB_PORT: '1' };

/** What is answered to a request that says it is for `host`; fetch does not let anybody say that. */
function getAs(host: string, url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => text += part);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    }).on('error', reject).end();
  });
}

Deno.test('names that another site can give our address are refused, whatever is asked for, and the refusal names the setting', async () => {
  await using site = await serve('healthy', TOKEN, ['photos.example.org']);
  const { port } = new URL(site.url);
  for (const path of ['/', '/api/status', '/metrics', '/readyz', '/events', '/nothing']) {
    const { status, text } = await getAs(`rebound.example:${port}`, site.url + path);
    assert.equal(status, 403, path);
    assert.match(text, /not answered under the name rebound\.example\b.*HTTP_ALLOWED_HOSTS=rebound\.example /, path);
  }
  for (
    const host of [
      `127.0.0.1:${port}`,
      'localhost',
      `[::1]:${port}`,
      'nas',
      'photos.example.org',
      'PHOTOS.example.org.:80',
    ]
  ) {
    assert.equal((await getAs(host, `${site.url}/healthz`)).status, 200, host);
  }
});

Deno.test('hosts: addresses, localhost and names without a dot pass; everything else has to be listed', () => {
  const allowed = ['photos.example.org'];
  const passing = [
    '10.0.0.5',
    '[fd00::1]',
    '[::ffff:10.0.0.5]:80',
    'localhost.',
    'immich_sidecar:8080',
    'photos.example.org',
  ];
  for (const host of passing) assert.ok(isAllowedHost(host, allowed), host);
  const refused = [
    '',
    ':80',
    'evil.example',
    'photos.example.org.evil.example',
    'xphotos.example.org',
    '10.0.0.5.evil.example',
    '[evil.example]',
    '[x]',
    'a b.c',
    'evil.example:80:80',
  ];
  for (const host of refused) assert.ok(!isAllowedHost(host, allowed), host);
});

/** In every path, id and message of the state `troubled`. */
const PRIVATE = /private|cccccccc|ExifTool refuses/;
const SHOWING = ['/', '/api/status', '/readyz', '/metrics', '/healthz'];

Deno.test('without a session only counts by reason: no path, no id, no message of an error, on any page', async () => {
  for (const token of [undefined, TOKEN]) {
    await using site = await serve('troubled', token);
    for (const path of SHOWING) {
      for (const headers of [{}, { cookie: 'immich_sidecar_session=made-up' }]) {
        assert.doesNotMatch((await site.get(path, headers)).text, PRIVATE, path);
      }
    }
    assert.match((await site.get('/')).text, />2<\/data> × the file is not there/);
    const { jobs, problems, write } = JSON.parse((await site.get('/api/status')).text);
    assert.deepEqual(jobs[0].problemCounts, { missing: 2, io: 1 });
    assert.deepEqual(jobs[0].problems, []);
    assert.ok(problems.some(({ code }: { code: string }) => code === 'not-named'));
    assert.equal(write.last.outcomes.failed, 1);
    assert.match(
      (await site.get('/metrics')).text,
      /^immich_sidecar_problems\{job="family to bob",code="missing"\} 2$/m,
    );
  }
});

Deno.test('with a session, or the token, everything that failed is named', async () => {
  await using site = await serve('troubled', TOKEN);
  const { cookie } = await signIn(site);
  const authorization = `Bearer ${TOKEN}`;
  for (const headers of [{ cookie }, { authorization }]) {
    assert.match((await site.get('/', headers)).text, /\/photos\/private\/beach\.jpg/);
    const { jobs, problems } = JSON.parse((await site.get('/api/status', headers)).text);
    assert.equal(jobs[0].problems[0].where.photo, '/photos/private/beach.jpg');
    assert.ok(problems.some(({ what }: { what: string }) => what.includes('/private/media')));
    assert.match((await site.get('/readyz', headers)).text, /private\/media/);
  }
  assert.equal((await site.get('/api/status', { authorization: 'Bearer a-wrong-random-word' })).status, 403);
  await site.post('/session/end', {}, { cookie, origin: site.url });
  assert.doesNotMatch((await site.get('/api/status', { cookie })).text, PRIVATE);
});

Deno.test('many wrong tokens lock nobody out: the right one is accepted at once, from the same address', async () => {
  await using site = await serve('healthy', TOKEN);
  const origin = site.url;
  const wrong = await Promise.all(
    Array.from({ length: 30 }, (_, guess) => site.post('/session', { token: `guess number ${guess}` }, { origin })),
  );
  assert.ok(wrong.every(({ status }) => status === 403));
  await signIn(site);
  const authorization = `Bearer ${TOKEN}`;
  assert.equal((await site.post('/actions/run', {}, { authorization })).status, 200);
});

Deno.test('a wrong token costs a second, in the form and in the header', async () => {
  await using site = await serve('healthy', TOKEN);
  const seconds = async (work: Promise<{ status: number }>) => {
    const startedAt = performance.now();
    assert.equal((await work).status, 403);
    return (performance.now() - startedAt) / 1_000;
  };
  assert.ok(await seconds(site.post('/session', { token: 'a-wrong-random-word' }, { origin: site.url })) >= 0.99);
  assert.ok(await seconds(site.post('/actions/run', {}, { authorization: 'Bearer a-wrong-random-word' })) >= 0.99);
  assert.deepEqual(site.done, []);
});

Deno.test('guesses of one address are looked at one after the other, and hold up nobody else', async () => {
  const tokens = new TokenCheck(new Secret(TOKEN));
  const { signal } = new AbortController();
  const ends: string[] = [];
  const startedAt = performance.now();
  const guesses = Array.from({ length: 20 }, (_, guess) =>
    // One network gives its owner all these addresses.
    tokens.isRight(`guess ${guess}`, `2001:db8:1:2::${guess}`, signal).then(() => ends.push('guess')));
  const later = tokens.isRight(TOKEN, '2001:db8:1:2::ffff', signal).then((isRight) =>
    ends.push(`same network ${isRight}`)
  );
  const other = tokens.isRight(TOKEN, '2001:db8:1:3::1', signal).then((isRight) =>
    ends.push(`other network ${isRight}`)
  );
  await other;
  assert.deepEqual(ends, ['other network true']);
  await Promise.all([...guesses, later]);
  assert.ok(performance.now() - startedAt >= 20 * 99, 'ten a second at the most');
  assert.ok(ends.includes('same network true'), 'never refused');
});

Deno.test('a client that has gone does not hold up the next one', async () => {
  const tokens = new TokenCheck(new Secret(TOKEN));
  const gone = AbortSignal.abort();
  const startedAt = performance.now();
  const guesses = Array.from({ length: 1_000 }, (_, guess) => tokens.isRight(`guess ${guess}`, '10.0.0.1', gone));
  assert.ok(await tokens.isRight(TOKEN, '10.0.0.1', new AbortController().signal));
  assert.ok(performance.now() - startedAt < 10_000, 'instead of 100 s');
  await Promise.all(guesses);
});

Deno.test('signing out ends the session, not only the cookie', async () => {
  await using site = await serve('healthy', TOKEN);
  const origin = site.url;
  const [one, two] = [await signIn(site), await signIn(site)];
  const run = (cookie: string) => site.post('/actions/run', {}, { cookie, origin });
  assert.equal((await run(one.cookie)).status, 200);
  assert.equal((await site.post('/session/end', {}, { cookie: one.cookie })).status, 403, 'by a page of another site');
  assert.equal((await run(one.cookie)).status, 200);
  assert.equal((await site.post('/session/end', {}, { cookie: one.cookie, origin })).status, 303);
  assert.equal((await run(one.cookie)).status, 403);
  assert.equal((await run(two.cookie)).status, 200, 'another browser stays signed in');
});

Deno.test('a session ends by itself after twelve hours, and the oldest when there are too many', () => {
  const sessions = new Sessions();
  const { id, maxAge } = sessions.open(0);
  assert.equal(maxAge, 12 * 3_600);
  assert.ok(sessions.has(id, maxAge * 1_000 - 1));
  assert.ok(!sessions.has(id, maxAge * 1_000));
  assert.ok(!sessions.has(undefined, 0));
  assert.ok(!sessions.has('', 0));
  const later = Array.from({ length: 100 }, () => sessions.open(1).id);
  assert.ok(!sessions.has(id, 1));
  assert.ok(later.every((other) => sessions.has(other, 1)));
});

Deno.test('serve warns at the start when everybody may look, and only then', async () => {
  using cwd = workingDirectory('');
  const cases: readonly (readonly [host: string, token: string, warns: boolean])[] = [
    ['0.0.0.0', '', true],
    ['0.0.0.0', TOKEN, false],
    ['localhost', '', false],
  ];
  for (const [host, token, warns] of cases) {
    const port = freePort();
    const env = { ...EXTERNAL_ENV, ...NO_DATABASE, HTTP_HOST: host, HTTP_PORT: String(port), HTTP_TOKEN: token };
    const program = RunningProgram.start(['serve'], { cwd: cwd.path, env });
    await until(`HTTP is answered at ${host}`, async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok ?? false;
    });
    program.signal('SIGTERM');
    const { code, stderr } = await program.ended();
    assert.equal(code, 0, stderr);
    assert.equal(
      /answers everybody who can reach it.*Set HTTP_TOKEN/.test(stderr),
      warns,
      `${host} ${token}: ${stderr}`,
    );
  }
});

function freePort(): number {
  using listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  return listener.addr.port;
}
