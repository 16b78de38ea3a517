import assert from 'node:assert/strict';
import { EXTERNAL_ENV, load, problemOf } from './helper.ts';

/** Each name with values that must be refused, and what the message must say. */
const REFUSED: Readonly<Record<string, readonly (readonly [value: string, message: RegExp])[]>> = {
  DB_HOSTNAME: [['http://db', /more than the name/], ['a b', /more than the name/]],
  DB_PORT: [['0', /between/], ['65536', /between/], ['5432.0', /whole number/], [
    'tcp://10.0.0.1:5432',
    /whole number/,
  ]],
  DB_USERNAME: [['a\nb', /line break/]],
  IMMICH_API_URL: [
    ['immich:2283', /"immich:2283" is not an address/],
    ['ftp://immich', /not an address/],
    ['http://', /not an address/],
    ['http://user:pa55@immich', /^the value contains a user name or a password$/],
    ['http://immich/?key=pa55', /^the value contains "\?"/],
  ],
  IMMICH_API_KEY: [['two words', /^the value contains a space/]],
  UPLOAD_LOCATION: [['~/photos', /"~"/], ['${HOME}/photos', /not expanded/], ['/', /root/], [
    'a\0b',
    /control character/,
  ]],
  UPLOAD_LOCATION_MOUNT: [['data', /does not begin/], ['/', /root/]],
  EXTERNAL_LIBRARY_MOUNT: [['/a/../b', /step/]],
  PATH_MAP: [
    ['/data', /"\/data", which is not a pair/],
    ['/a=/b=/c', /not a pair/],
    ['/a=b', /"b", which does not begin/],
    ['/a=/b/../c', /step/],
    ['/a=/b,/a/=/c', /maps "\/a" twice/],
  ],
  SYNC_INTERVAL_SECONDS: [['4', /between 5/], ['60s', /whole number/], ['2147484', /between/], ['-60', /whole number/]],
  LOG_LEVEL: [['TRACE', /"TRACE" is not one of/]],
  LOG_FORMAT: [['xml', /not one of/]],
  IMMICH_STRUCTURED_LOGS: [['1', /neither true nor false/]],
  PLACEMENT: [['link', /not one of/]],
  INCLUDE_ARCHIVED: [['yes', /neither/]],
  REQUIRE_FACES: [['true', /not one of/]],
  SOURCE_USER_ID: [
    ['alice', /"alice" is not a UUID/],
    ['aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa', /not a UUID/],
    ['gggggggg-aaaa-4aaa-8aaa-aaaaaaaaaaaa', /not a UUID/],
  ],
  SHARED_PATH_PREFIX: [
    ['photos/', /does not begin/],
    ['/', /root directory/],
    ['/a//b/', /"\/\/"/],
    ['/a/./b', /step/],
    ['/a/..', /step/],
    ['/a\nb/', /"\/a\\nb\/" contains a line break/],
    ['/a\0/', /control character/],
  ],
};

for (const [name, cases] of Object.entries(REFUSED)) {
  for (const [value, message] of cases) {
    Deno.test(`${name}=${JSON.stringify(value)} is refused`, () => {
      const problem = problemOf({ env: { ...EXTERNAL_ENV, [name]: value } });
      assert.deepEqual([problem.key, problem.place], [name, 'environment']);
      assert.match(problem.message, message);
      assert.doesNotMatch(problem.message, /pa55|two words/);
      assert.match(problem.remedy, /^[A-Z].*\.$/);
    });
  }
}

Deno.test('a prefix gets the slash at its end, and may have names with dots, spaces and quotes', () => {
  const prefixes = ['/library/.alice', '/a/...', '/a b/it\'s "Zoë"', '/-rf', '/a\\b', '/x/Photos /'];
  for (const prefix of prefixes) {
    const [job] = load({ env: { ...EXTERNAL_ENV, SHARED_PATH_PREFIX: prefix } }).jobs;
    assert.equal(job?.sourcePathPrefix, prefix.replace(/\/?$/, '/'));
  }
});

Deno.test('nothing in a message can control a terminal', () => {
  const problem = problemOf({ env: { LOG_LEVEL: '\u001b[31m\u009b\u007f\u202e\u2028' } });
  assert.doesNotMatch(problem.message, /[\p{Cc}\p{Bidi_Control}\p{Zl}]/u);
  assert.ok(problemOf({ env: { LOG_LEVEL: 'x'.repeat(100_000) } }).message.length < 300);
});
