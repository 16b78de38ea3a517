import assert from 'node:assert/strict';
import type { DatabaseConfig } from '../../src/config/config.ts';
import { load, problemOf } from './helper.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n';
const FILES = { 'ca.pem': PEM, 'client.pem': PEM, 'client.key': KEY, 'other.txt': 'x' };

function database(env: Readonly<Record<string, string>>): DatabaseConfig {
  return load({ env, files: FILES }).database;
}

/** `user:password@host:port/name mode`, so that a table can be read. */
function summary({ username, password, hostname, port, name, tls }: DatabaseConfig): string {
  return `${username}:${password.reveal()}@${hostname}:${port}/${name} ${tls?.mode ?? 'disable'}`;
}

/** As Immich reads them, with pg-connection-string. */
const URLS: readonly (readonly [url: string, summary: string])[] = [
  ['postgresql://me:pw@db:6543/photos', 'me:pw@db:6543/photos disable'],
  ['postgres://me:pw@db/photos', 'me:pw@db:5432/photos disable'],
  [' postgres://me:pw@db/photos ', 'me:pw@db:5432/photos disable'],
  ['POSTGRES://me:pw@DB/photos', 'me:pw@db:5432/photos disable'],
  ['postgres://me:pw@db', 'me:pw@db:5432/me disable'],
  ['postgres://me@db/photos', 'me:@db:5432/photos disable'],
  ['postgres://me:p%40s%23s%3A%2F%25@db/photos', 'me:p@s#s:/%@db:5432/photos disable'],
  ['postgres://me:100%@db/photos', 'me:100%@db:5432/photos disable'],
  ['postgres://m%C3%A9:pw@db/phot%20os', 'mé:pw@db:5432/phot os disable'],
  ['postgres://me:pw@[::1]:6543/photos', 'me:pw@::1:6543/photos disable'],
  ['postgres://me:pw@müller.example/photos', 'me:pw@xn--mller-kva.example:5432/photos disable'],
  ['postgres://me:pw@/photos?host=/run/postgresql', 'me:pw@/run/postgresql:5432/photos disable'],
  ['postgres:///photos?host=/run/postgresql&user=me&port=6543', 'me:@/run/postgresql:6543/photos disable'],
  ['postgres://me:pw@%2Frun%2Fpostgresql/photos', 'me:pw@/run/postgresql:5432/photos disable'],
  ['postgres://me:pw@db/photos?sslmode=disable', 'me:pw@db:5432/photos disable'],
  ['postgres://me:pw@db/photos?sslmode=no-verify', 'me:pw@db:5432/photos require'],
  ['postgres://me:pw@db/photos?sslmode=require&sslmode=no-verify', 'me:pw@db:5432/photos require'],
  ['postgres://me:pw@db/photos?sslmode=prefer', 'me:pw@db:5432/photos verify-full'],
  ['postgres://me:pw@db/photos?sslmode=require', 'me:pw@db:5432/photos verify-full'],
  ['postgres://me:pw@db/photos?sslmode=verify-full', 'me:pw@db:5432/photos verify-full'],
  ['postgres://me:pw@db/photos?ssl=true', 'me:pw@db:5432/photos verify-full'],
  ['postgres://me:pw@db/photos?ssl=0', 'me:pw@db:5432/photos disable'],
  ['postgres://me:pw@db/photos?sslrootcert=ca.pem', 'me:pw@db:5432/photos verify-full'],
  ['postgres://me:pw@db/photos?application_name=x&connect_timeout=5', 'me:pw@db:5432/photos disable'],
];

Deno.test('DB_URL says all that Immich reads from it', () => {
  for (const [url, expected] of URLS) assert.equal(summary(database({ DB_URL: url })), expected, url);
});

/** And what the message must say; never what the address was. */
const REFUSED: readonly (readonly [url: string, message: RegExp])[] = [
  ['immich', /does not begin with postgresql:\/\//],
  ['mysql://me:hunter2@db/photos', /does not begin with postgresql:\/\//],
  ['http://me:hunter2@db', /does not begin/],
  ['postgres://', /names no user/],
  ['postgres://db/hunter2', /names no user/],
  ['postgres://me:hunter2@db:0/photos', /port/],
  ['postgres://me:hunter2@db:70000/photos', /address of a database/],
  ['postgres://me:hunter2@db:port/photos', /address of a database/],
  ['postgres://me:hunter2@a b/photos', /address of a database|host/],
  ['postgres://me:hunter2@db/photos?host=a%20b', /has a host that is more than the name/],
  ['postgres://me:hunter2@db/photos?sslmode=often', /sslmode that Immich does not know/],
  ['postgres://me:hunter2@db/photos?sslrootcert=missing.pem', /missing\.pem does not exist/],
  ['postgres://me:hunter2@db/photos?sslrootcert=other.txt', /other\.txt holds no "-----BEGIN CERTIFICATE-----"/],
  ['postgres://me:hunter2@db/photos?sslcert=client.pem', /only one of sslcert and sslkey/],
  ['postgres://me:hunter2@db/photos?sslnegotiation=direct', /not supported/],
];

Deno.test('a DB_URL that cannot be read is refused with the reason, and not shown', () => {
  for (const [url, message] of REFUSED) {
    const problem = problemOf({ env: { DB_URL: url }, files: FILES });
    assert.equal(problem.key, 'DB_URL', url);
    assert.match(problem.message, message, url);
    assert.doesNotMatch(JSON.stringify(problem), /hunter/, url);
  }
});

Deno.test('DB_URL takes the place of the other settings of the database, and tells which are ignored', () => {
  const config = load({
    env: {
      DB_URL: 'postgres://me:pw@db/photos',
      DB_HOSTNAME: 'other',
      DB_SSL_MODE: 'require',
      DB_MAX_CONNECTIONS: '3',
    },
  });
  assert.equal(summary(config.database), 'me:pw@db:5432/photos disable');
  assert.equal(config.database.maxConnections, 3);
  assert.match(
    config.notes.join(),
    /DB_URL is used, so .* ignored: DB_HOSTNAME \(environment\), DB_SSL_MODE \(environment\)\./,
  );
  assert.doesNotMatch(JSON.stringify(config), /:pw@/);
});

Deno.test('DB_URL can be read from a file', () => {
  const files = { url: 'postgres://me:pw@db/photos\n' };
  assert.equal(summary(load({ env: { DB_URL_FILE: 'url' }, files }).database), 'me:pw@db:5432/photos disable');
});

Deno.test('DB_SSL_MODE: the words of libpq, with the certificates of an authority', () => {
  assert.equal(database({}).tls, undefined);
  assert.equal(database({ DB_SSL_MODE: 'disable', DB_SSL_ROOT_CERT: 'ca.pem' }).tls, undefined);
  for (
    const [word, mode] of [['prefer', 'prefer'], ['allow', 'prefer'], ['Require', 'require'], [
      'verify-ca',
      'verify-ca',
    ]]
  ) {
    assert.deepEqual(database({ DB_SSL_MODE: word ?? '' }).tls, { mode });
  }
  assert.deepEqual(database({ DB_SSL_MODE: 'verify-full', DB_SSL_ROOT_CERT: 'ca.pem' }).tls, {
    mode: 'verify-full',
    authorities: PEM,
  });
  assert.match(problemOf({ env: { DB_SSL_MODE: 'yes' } }).message, /"yes" is not one of the possible words/);
  const missing = problemOf({ env: { DB_SSL_MODE: 'verify-ca', DB_SSL_ROOT_CERT: 'no.pem' } });
  assert.deepEqual([missing.key, missing.place], ['DB_SSL_ROOT_CERT', 'environment']);
});

Deno.test('a client’s certificate comes with DB_URL, and its key is not shown', () => {
  const { tls } = database({ DB_URL: 'postgres://me@db/photos?sslcert=client.pem&sslkey=client.key' });
  assert.equal(tls?.client?.certificate, PEM);
  assert.equal(tls?.client?.key.reveal(), KEY);
  assert.doesNotMatch(JSON.stringify(tls), /PRIVATE KEY/);
});

Deno.test('DB_HOSTNAME: names, addresses with and without brackets, and directories of sockets', () => {
  const accepted: readonly (readonly [value: string, hostname: string])[] = [
    ['immich_postgres', 'immich_postgres'],
    ['DB.lan.', 'db.lan.'],
    ['10.0.0.2', '10.0.0.2'],
    ['[::1]', '::1'],
    ['fd00::2', 'fd00::2'],
    ['müller.local', 'xn--mller-kva.local'],
    ['/run/postgresql/', '/run/postgresql'],
    ['/run//x/../postgresql', '/run/postgresql'],
  ];
  for (const [value, hostname] of accepted) assert.equal(database({ DB_HOSTNAME: value }).hostname, hostname, value);
  const refused: readonly (readonly [value: string, message: RegExp])[] = [
    ['host:5432', /"host:5432" has a port at its end/],
    ['[::1]:5432', /has a port/],
    ['“immich_postgres”', /begins with a quotation mark/],
    ['"db"', /quotation mark/],
    ['fe80::1%eth0', /has a zone/],
    ['http://db', /more than the name/],
    ['me:hunter2@db', /^the value is more than the name/],
    ['db\\host', /more than the name/],
    ['a..b', /not the name/],
    ['-db', /not the name/],
    ['x'.repeat(64), /not the name/],
    ['/', /not the directory of a socket/],
    ['/run/postgresql/.s.PGSQL.5432', /not the directory of a socket/],
  ];
  for (const [value, message] of refused) {
    assert.match(problemOf({ env: { DB_HOSTNAME: value } }).message, message, value);
  }
});
