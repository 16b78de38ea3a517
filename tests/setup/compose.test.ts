import assert from 'node:assert/strict';
import { interpolate } from '../../src/config/interpolate.ts';
import { findCompose, readCompose } from '../../src/setup/compose/read.ts';

/** A directory with these files. */
function directory(files: Readonly<Record<string, string>>): Disposable & { readonly path: string } {
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'immich-compose-' }));
  for (const [name, text] of Object.entries(files)) {
    Deno.mkdirSync(`${path}/${name}`.replace(/\/[^/]*$/, ''), { recursive: true });
    Deno.writeTextFileSync(`${path}/${name}`, text);
  }
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test('variables are put in as Compose does', () => {
  const variables = { A: 'a', EMPTY: '', B: 'b' };
  for (
    const [text, expected] of [
      ['$A/${B}', 'a/b'],
      ['${UNSET}', ''],
      ['${UNSET:-x}${EMPTY:-y}${A:-z}', 'xya'],
      ['${UNSET-x}${EMPTY-y}${A-z}', 'xa'],
      ['${UNSET:-${A}}', 'a'],
      ['${A:+set}${UNSET:+set}${EMPTY+set}', 'setset'],
      ['${A:?must be set}', 'a'],
      ['$$A costs 5$', '$A costs 5$'],
      ['${UNSET:-./library}:/data', './library:/data'],
    ] as const
  ) assert.equal(interpolate(text, variables), expected, text);
});

Deno.test("Immich's own files: mounts, media location and database, as its documentation has them", () => {
  using immich = directory({
    'docker-compose.yml': `
services:
  immich-server:
    container_name: immich_server
    image: ghcr.io/immich-app/immich-server:\${IMMICH_VERSION:-release}
    volumes:
      - \${UPLOAD_LOCATION}:/data
      - /etc/localtime:/etc/localtime:ro
      - /mnt/photos:/external_library/photos:ro
      - cache:/cache
      - type: bind
        source: ~/pictures
        target: /pictures/
      - type: volume
        source: other
        target: /other
    env_file: [.env]
    ports: ['127.0.0.1:8080:2283']
  database:
    container_name: immich_postgres
    image: ghcr.io/immich-app/postgres:14
    environment:
      POSTGRES_PASSWORD: \${DB_PASSWORD}
    ports:
      - target: 5432
        published: 5433
volumes: {cache: , other: }
`,
    '.env': "UPLOAD_LOCATION=./library\nDB_PASSWORD='pa$$ word'\nDB_USERNAME=immich\nTZ=Europe/Paris\n",
  });
  const facts = readCompose(immich.path, '/', '/home/me');
  assert.deepEqual(facts.mounts, [
    { immich: '/data', local: `${immich.path}/library` },
    { immich: '/external_library/photos', local: '/mnt/photos' },
    { immich: '/pictures', local: '/home/me/pictures' },
  ]);
  const { password, ...database } = facts.database;
  assert.deepEqual(database, {
    hostname: 'database',
    port: 5432,
    username: 'immich',
    name: 'immich',
    publishedPort: 5433,
    tlsMode: 'disable',
  });
  assert.equal(password?.reveal(), 'pa$$ word');
  assert.deepEqual([facts.mediaLocation, facts.immichPort, facts.timeZone], ['/data', 8080, 'Europe/Paris']);
});

Deno.test('what a container beside Immich needs: its address, its network, and whom it runs as', () => {
  using immich = directory({
    'official/docker-compose.yml':
      'name: immich\nservices: {immich-server: {image: x/immich-server, container_name: immich_server}}\n',
    'My Photos/compose.yml': `services:
  app: {image: x/immich-server, user: "\${UID}:100", environment: {IMMICH_PORT: 3001}, networks: [front, back]}
networks: {front: {name: web}}
`,
    'My Photos/.env': 'UID=1026\n',
    'nas/compose.yml': `services:
  app: {image: x/immich-server, environment: {PUID: 99, PGID: 100}, networks: {shared: {}}}
networks: {shared: {external: true}}
`,
    'stack/compose.yml': 'services: {app: {image: x/immich-server, network_mode: host}}\n',
    'named/compose.yml': 'services: {app: {image: x/immich-server}}\n',
    'named/.env': 'COMPOSE_PROJECT_NAME=photos\n',
  });
  const read = (path: string) => {
    const { server, network, user } = readCompose(path, immich.path, '/root');
    return [`${server.hostname}:${server.port}`, network, user];
  };
  assert.deepEqual(read('official'), ['immich_server:2283', 'immich_default', undefined]);
  assert.deepEqual(read('My Photos'), ['app:3001', 'web', { uid: 1026, gid: 100 }]);
  assert.deepEqual(read('nas'), ['app:2283', 'shared', { uid: 99, gid: 100 }]);
  assert.deepEqual(read('stack'), ['app:2283', undefined, undefined]);
  assert.deepEqual(read('named'), ['app:2283', 'photos_default', undefined]);
});

Deno.test('other ways to write it: environment as a list, a URL, an override, old directories, anchors', () => {
  using immich = directory({
    'stack/compose.yaml': `
x-common: &common
  restart: always
services:
  app:
    <<: *common
    image: altran1502/immich-server
    container_name: immich_server
    volumes: ['\${BASE}/lib:/usr/src/app/upload']
    environment:
      - DB_URL=postgres://me:p%40ss@db.lan:6543/photos?sslmode=no-verify
      - TZ
`,
    'stack/compose.override.yaml': "services: {app: {volumes: ['/mnt/more:/more']}}\n",
    'stack/.env': 'ROOT=/srv\nBASE=${ROOT}/immich\nTZ=UTC\n',
  });
  const { mounts, mediaLocation, database, timeZone } = readCompose('stack', immich.path, '/root');
  assert.deepEqual(mounts, [
    { immich: '/usr/src/app/upload', local: '/srv/immich/lib' },
    { immich: '/more', local: '/mnt/more' },
  ]);
  assert.equal(mediaLocation, '/usr/src/app/upload');
  assert.deepEqual([database.hostname, database.port, database.username, database.name], [
    'db.lan',
    6543,
    'me',
    'photos',
  ]);
  assert.equal(database.password?.reveal(), 'p@ss');
  assert.equal(database.tlsMode, 'require');
  assert.equal(timeZone, 'UTC');
});

Deno.test('what is no installation of Immich is said to be none, and never quoted', () => {
  using places = directory({
    'empty/readme': '',
    'other/compose.yml': 'services: {web: {image: nginx}}',
    'broken/docker-compose.yml': 'services:\n  x: {password: "hunter2\n',
    'list/docker-compose.yml': '- a\n- b\n',
  });
  for (
    const [path, says] of [
      ['empty', /contains no docker-compose\.yml/],
      ['none', /There is no file/],
      ['other', /has no service of Immich's server/],
      ['broken', /cannot be understood, see line \d/],
      ['list', /it has no services/],
    ] as const
  ) {
    assert.throws(() => readCompose(path, places.path, '/root'), (error: Error) => {
      assert.match(error.message, says);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
  assert.equal(findCompose(`${places.path}/empty`, places.path), undefined);
});
