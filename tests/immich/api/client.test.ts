import assert from 'node:assert/strict';
import { z } from 'zod';
import { Secret } from '../../../src/config/secret.ts';
import { ImmichApi } from '../../../src/immich/api/client.ts';
import { failureOfConnection, ImmichApiError, retryAfterMs } from '../../../src/immich/api/failure.ts';
import { UserError } from '../../../src/errors.ts';
import { identify } from '../../../src/immich/api/server.ts';
import { capture, DIALECTS } from '../../harness/fake_immich/captures.ts';
import { FAKE_USER_ID, fakeLibrary } from '../../harness/fake_immich/library.ts';
import { FakeImmich, type FakeImmichOptions, type Fault } from '../../harness/fake_immich/server.ts';
import { apiOf } from '../../writeback/records/helper.ts';

const NEEDED = () => ['user.read', 'asset.read'];

function fakeWith(options: Partial<FakeImmichOptions> = {}): FakeImmich {
  return new FakeImmich({ dialect: '3.1.0', library: fakeLibrary(), ...options });
}

/** What goes wrong, as the user would see it: without the changing port. */
async function troubleOf(fake: FakeImmich, work: Promise<unknown>): Promise<UserError> {
  const error = await work.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof UserError, String(error));
  const everything = `${error.message} ${error.remedy} ${Deno.inspect(error)} ${JSON.stringify(error)}`;
  assert.ok(!everything.includes(fake.apiKey.reveal()), 'the key is shown');
  return error;
}

for (const dialect of DIALECTS) {
  Deno.test(`${dialect}: a right key and address are recognised with three requests`, async () => {
    await using fake = fakeWith({ dialect });
    const account = await identify(apiOf(fake), NEEDED);
    assert.equal(`${account.version.major}.${account.version.minor}.${account.version.patch}`, dialect);
    assert.deepEqual([account.userId, account.userName, account.permissions], [FAKE_USER_ID, 'Alice', ['all']]);
    assert.deepEqual(fake.paths(), ['GET /server/version', 'GET /api-keys/me', 'GET /users/me']);
  });

  Deno.test(`${dialect}: a wrong key is told as such, and not tried again`, async () => {
    await using fake = fakeWith({ dialect });
    const error = await troubleOf(fake, identify(apiOf(fake, { apiKey: new Secret('other') }), NEEDED));
    assert.equal(error.message, `Immich at ${fake.url} does not accept the API key (Invalid API key).`);
    assert.match(error.remedy, /Account Settings > API Keys.*IMMICH_API_KEY/);
    assert.equal(fake.requests.length, 2);
    assert.doesNotMatch(Deno.inspect(error), /other/);
  });

  Deno.test(`${dialect}: permissions that a key lacks are named all at once`, async () => {
    await using fake = fakeWith({ dialect, permissions: ['user.read'] });
    const error = await troubleOf(fake, identify(apiOf(fake), () => ['user.read', 'asset.read', 'album.read']));
    assert.equal(error.message, `The API key for Immich at ${fake.url} lacks the permissions asset.read, album.read.`);
    assert.match(error.remedy, /edit the key and allow asset\.read, album\.read\./);
  });

  Deno.test(`${dialect}: a permission that Immich itself misses is named`, async () => {
    await using fake = fakeWith({ dialect, permissions: ['asset.read'] });
    const error = await troubleOf(fake, apiOf(fake).get('/albums', z.unknown()));
    assert.equal(
      error.message,
      `Immich at ${fake.url} says that the API key lacks the permission album.read, which GET /api/albums needs.`,
    );
    assert.match(error.remedy, /allow album\.read\./);
  });

  Deno.test(`${dialect}: what Immich does not know or does not accept is told in its words`, async () => {
    await using fake = fakeWith({ dialect });
    const unknown = await troubleOf(fake, apiOf(fake).get('/nothing', z.unknown()));
    assert.equal(unknown.message, `Immich at ${fake.url} does not know GET /api/nothing (Cannot GET /api/nothing).`);
    const invalid = await troubleOf(fake, apiOf(fake).post('/search/metadata', { size: 5000 }, z.unknown()));
    assert.match(invalid.message, /did not accept a request to POST \/api\/search\/metadata \(400: .*1000/);
  });
}

Deno.test('a forbidden route without a named permission is told', async () => {
  const body = JSON.stringify({ message: 'Forbidden' });
  await using fake = fakeWith({ fault: () => ({ status: 403, body }) });
  const error = await troubleOf(fake, apiOf(fake).get('/users/me', z.unknown()));
  assert.equal(error.message, `Immich at ${fake.url} does not let this API key use GET /api/users/me (Forbidden).`);
});

Deno.test('an Immich that is too old is refused by its version', async () => {
  await using fake = fakeWith({ version: { major: 1, minor: 144, patch: 1 } });
  const error = await troubleOf(fake, identify(apiOf(fake), NEEDED));
  assert.equal(error.message, `Immich at ${fake.url} is version 1.144.1, and 2.0 is the oldest that is supported.`);
  assert.equal(error.remedy, 'Update Immich.');
});

const WRONG_ADDRESSES: readonly (readonly [string, Fault, RegExp])[] = [
  ['a web page', 'html', /does not answer like Immich: GET \/api\/server\/version gave no JSON/],
  [
    'a page that does not exist',
    { status: 404, body: '<html>' },
    /does not answer like Immich: .* status 404 and no JSON/,
  ],
  [
    'a login in front of Immich',
    { status: 401, body: 'Login' },
    /does not answer like Immich: .* status 401 and no JSON/,
  ],
  [
    'a redirection',
    { redirectTo: 'https://photos.example.org/login?x=1' },
    /redirection to https:\/\/photos\.example\.org,/,
  ],
  ['a redirection to nowhere', { redirectTo: '/login' }, /answers with a redirection, which/],
];
for (const [name, fault, message] of WRONG_ADDRESSES) {
  Deno.test(`a wrong address is told as such: ${name}`, async () => {
    await using fake = fakeWith({ fault: () => fault });
    const error = await troubleOf(fake, identify(apiOf(fake), NEEDED));
    assert.match(error.message, message);
    assert.match(error.remedy, /IMMICH_API_URL/);
    assert.equal(fake.requests.length, 1, 'not tried again, and the key went nowhere else');
  });
}

Deno.test('a JSON answer that is not understood names the field', async () => {
  await using fake = fakeWith({ fault: () => ({ status: 200, body: '{"major": "three"}' }) });
  const error = await troubleOf(fake, identify(apiOf(fake), NEEDED));
  assert.match(error.message, /answered GET \/api\/server\/version in a way that this program does not know \(major: /);
});

Deno.test('a key that comes back in an error is not shown', async () => {
  await using fake = fakeWith({
    fault: () => ({ status: 400, body: JSON.stringify({ message: 'no fake-key-Zq81 here' }) }),
  });
  const error = await troubleOf(fake, apiOf(fake).get('/users/me', z.unknown()));
  assert.match(error.message, /no \*\*\* here/);
});

Deno.test('a server that is not there is told as such', async () => {
  const fake = fakeWith();
  const { url } = fake;
  await fake[Symbol.asyncDispose]();
  const error = await troubleOf(
    fake,
    identify(new ImmichApi({ url, apiKey: fake.apiKey, concurrency: 1, firstDelayMs: 1 }), NEEDED),
  );
  assert.equal(error.message, `Immich at ${url} cannot be reached (connection refused).`);
  assert.match(error.remedy, /IMMICH_API_URL.*Immich is running/);
});

Deno.test('a host that nobody knows is told as such', async () => {
  const api = new ImmichApi({ url: 'http://immich.invalid:2283', apiKey: new Secret('k'), concurrency: 1, retries: 0 });
  await using fake = fakeWith();
  const error = await troubleOf(fake, identify(api, NEEDED));
  assert.match(error.message, /^Immich at http:\/\/immich\.invalid:2283 cannot be reached \(/);
});

Deno.test('a certificate that is not trusted is told as such', () => {
  const cause = new Error(
    'error sending request for url (https://nas/): client error (Connect): invalid peer certificate: UnknownIssuer',
  );
  const failure = failureOfConnection(new TypeError('fetch failed', { cause }), 1_000);
  assert.deepEqual([failure.kind, failure.what], ['certificate', 'has a certificate that this program does not trust']);
});

const PASSING: readonly (readonly [string, Fault])[] = [
  ['500', { status: 500 }],
  ['502 with a page', { status: 502, body: '<html>Bad gateway</html>' }],
  ['503', { status: 503, body: '' }],
  ['429', { status: 429 }],
  ['a broken connection', 'cut'],
  ['silence', 'silence'],
];

/** Silence costs the test this time; an answer must come before, on a machine that is busy with other things too. */
function timeoutMsFor(fault: Fault): number {
  return fault === 'silence' ? 1_000 : 60_000;
}

for (const [name, fault] of PASSING) {
  Deno.test(`what passes is tried again: ${name}`, async () => {
    await using fake = fakeWith({ fault: (_, number) => number <= 2 ? fault : undefined });
    const api = apiOf(fake, { timeoutMs: timeoutMsFor(fault) });
    assert.deepEqual(await api.get('/server/version', z.unknown()), capture('3.1.0', 'server-version'));
    assert.equal(fake.requests.length, 3);
  });

  Deno.test(`what does not pass is told: ${name}`, async () => {
    await using fake = fakeWith({ fault: () => fault });
    const api = apiOf(fake, { timeoutMs: timeoutMsFor(fault), retries: 2 });
    const error = await troubleOf(fake, api.get('/server/version', z.unknown()));
    assert.ok(error instanceof ImmichApiError);
    assert.match(
      error.message,
      /is not ready: it answered GET \/api\/server\/version with \d{3}|cannot be reached|gave no answer for 1 second/,
    );
    assert.match(error.remedy, /Check that Immich is running and has finished starting/);
    assert.equal(fake.requests.length, 3);
  });
}

Deno.test('a server that asks for a pause gets it', async () => {
  await using fake = fakeWith({ fault: (_, number) => number === 1 ? { status: 429, retryAfter: '1' } : undefined });
  const start = performance.now();
  await apiOf(fake).get('/server/version', z.unknown());
  const waitedMs = performance.now() - start;
  assert.ok(waitedMs >= 1_000, `${waitedMs} ms`);
});

Deno.test('Retry-After is a number of seconds or a date', () => {
  const now = Date.parse('2024-11-10T10:00:00Z');
  assert.equal(retryAfterMs('3', now), 3_000);
  assert.equal(retryAfterMs('Sun, 10 Nov 2024 10:00:05 GMT', now), 5_000);
  for (const useless of [null, '', '0', '-1', 'soon', 'Sun, 10 Nov 2024 09:00:00 GMT']) {
    assert.equal(retryAfterMs(useless, now), undefined, String(useless));
  }
});

Deno.test('no more requests than allowed are on their way at once', async () => {
  let [running, most] = [0, 0];
  const { promise: three, resolve } = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, async () => {
    most = Math.max(most, ++running);
    if (running === 3) resolve();
    await three;
    running--;
    return Response.json({});
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const api = new ImmichApi({ url, apiKey: new Secret('k'), concurrency: 3 });
  await Promise.all(Array.from({ length: 30 }, () => api.get('/x', z.object({}))));
  await server.shutdown();
  assert.equal(most, 3);
});

Deno.test('an abort ends a request, a pause, and everything that waits', async () => {
  for (const fault of ['silence', { status: 429, retryAfter: '60' }] as const) {
    await using fake = fakeWith({ fault: () => fault });
    const controller = new AbortController();
    const api = apiOf(fake, { signal: controller.signal, concurrency: 1 });
    const requests = [1, 2, 3].map(() => api.get('/server/version', z.unknown()));
    setTimeout(() => controller.abort(new Error('enough')), 100);
    const results = await Promise.allSettled(requests);
    assert.deepEqual(results.map((result) => result.status === 'rejected' && result.reason.message), [
      'enough',
      'enough',
      'enough',
    ]);
    assert.equal(fake.requests.length, 1);
  }
});
