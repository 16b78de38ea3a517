import assert from 'node:assert/strict';
import { load, problemOf } from './helper.ts';

Deno.test('HTTP is answered on this machine only, and nobody is told, unless somebody says so', () => {
  assert.deepEqual(load({}).service, {
    http: { hostname: '127.0.0.1', port: 8080 },
    token: undefined,
    allowedHosts: [],
    notify: [],
  });
});

Deno.test('every setting of the service can be set, and the secret ones do not show', () => {
  const env = {
    HTTP_HOST: '0.0.0.0',
    HTTP_PORT: '0',
    HTTP_ALLOWED_HOSTS: ' Photos.Example.org., müller.example,10.0.0.1 ',
    HTTP_TOKEN: 'some-long-random-word',
    NOTIFY_URL: 'https://ntfy.example.org/my-key',
    NOTIFY_FORMAT: 'NTFY',
  };
  const { service } = load({ env });
  assert.deepEqual(service.http, { hostname: '0.0.0.0', port: 0 });
  assert.deepEqual(service.allowedHosts, ['photos.example.org', 'xn--mller-kva.example', '10.0.0.1']);
  assert.equal(service.token?.reveal(), 'some-long-random-word');
  assert.deepEqual(service.notify.map(({ service: kind, label, path }) => [kind, label, path.reveal()]), [
    ['ntfy', 'ntfy at ntfy.example.org', 'my-key'],
  ]);
  assert.doesNotMatch(JSON.stringify(service), /random|my-key/);
});

Deno.test('who is told is a list in the YAML file, or one text, as docs/service.md has it', () => {
  const [one, other] = ['ntfy://ntfy.example.org/photos?events=failure', 'json://hook.example.org/my-key'];
  const list = load({ files: { 'config.yaml': `notify_urls:\n  - ${one} # phone\n  - ${other}\n` } }).service.notify;
  const text = load({ files: { 'config.yaml': `notify_urls: ${one} ${other}\n` } }).service.notify;
  assert.deepEqual(
    list.map(({ label, events }) => [label, events.length]),
    text.map((target) => [
      target.label,
      target.events.length,
    ]),
  );
  assert.deepEqual(list.map(({ path }) => path.reveal()), ['photos', 'my-key']);
  const { message } = problemOf({ files: { 'config.yaml': 'notify_urls: [nowhere/my-key]\n' } });
  assert.match(message, /has a mistake in address 1/);
  assert.doesNotMatch(message, /my-key/);
  assert.match(problemOf({ files: { 'config.yaml': 'notify_urls: {a: b}\n' } }).message, /not a single value/);
});

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  ['HTTP_TOKEN', 'short', /fewer than 12 characters/],
  ['HTTP_TOKEN', 'a-long-random-word', /example of \.env\.example/],
  ['IMMICH_API_KEY', 'paste-your-key-here', /example of \.env\.example/],
  ['NOTIFY_URL', 'https://ntfy.example.org/photos', /example of \.env\.example/],
  ['HTTP_ALLOWED_HOSTS', 'photos.example.org:8080', /has a port/],
  ['HTTP_ALLOWED_HOSTS', 'https://photos.example.org', /more than the name/],
  ['HTTP_HOST', '0.0.0.0:8080', /has a port/],
  ['HTTP_HOST', 'nas', /not an IP address/],
  ['HTTP_PORT', '70000', /not between 0 and 65535/],
  ['NOTIFY_URL', 'ntfy.example.org/my-key', /http:\/\/ or https:\/\//],
  ['WRITE_SCHEDULE', 'every night', /five fields/],
  ['WRITE_SCHEDULE', '61 3 * * *', /cron understands/],
  ['WRITE_SCHEDULE', '* * * * * *', /five fields/],
  ['WRITE_SCHEDULE', 'on-change nightly', /five fields/],
  ['WRITE_SCHEDULE', 'on-change 61 3 * * *', /cron understands/],
  ['WRITE_WINDOW', '25:00-06:00', /not a span/],
  ['WRITE_WINDOW', '06:00-06:00', /no length/],
  ['WRITE_MODULES', 'people,everything', /none of them/],
  ['WRITE_MODULES', ' , ', /is empty/],
];

for (const [name, value, message] of WRONG) {
  Deno.test(`${name}=${value} is refused with a reason`, () => {
    const problem = problemOf({ env: { [name]: value } }).message;
    assert.match(problem, message);
    assert.doesNotMatch(problem, /my-key|short/);
  });
}
