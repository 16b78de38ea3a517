import assert from 'node:assert/strict';
import { loadConfig, readDatabaseAnyway } from '../../src/config/load.ts';
import { configFileOf, isSandboxed, purposeOf } from '../../src/sandbox/commands.ts';
import { type Permissions, permissionsFor, permissionsWithoutConfig } from '../../src/sandbox/permissions.ts';
import { EXTERNAL_ENV, withDirectory } from '../config/helper.ts';

const MACHINE = {
  configFiles: ['/config/.env', '/config/config.yaml'],
  temporary: '/tmp/own',
  exifTool: { run: ['perl'], read: ['/cache'], write: ['/cache'], env: ['HOME'] },
  source: '/program/src/',
  realPathOf: (path: string) => path,
};

/** What a command may do whose configuration is nothing but these variables. */
function permitted(command: string, env: Readonly<Record<string, string>> = {}, machine = MACHINE): Permissions {
  const config = withDirectory({}, (cwd) => {
    const absolute = { WRITE_STATE_DIR: '/state', IMMICH_LOG_FILE: '/state/write.log', ...env };
    return loadConfig({ env: absolute, cwd, needJobs: false });
  });
  const [name, ...args] = command.split(' ');
  return permissionsFor(config, purposeOf(name, config, args, '/work'), machine);
}

Deno.test('sync: the defaults, all of them', () => {
  const directories = ['/data', '/external_library', '/state', '/usr/src/app/upload'];
  assert.deepEqual(permitted('sync', EXTERNAL_ENV), {
    net: ['localhost:5432', 'immich_server:2283'],
    read: [
      '/config/.env',
      '/config/config.yaml',
      '/data',
      '/external_library',
      '/program/src/',
      '/state',
      '/usr/src/app/upload',
    ],
    write: directories,
    env: [],
    run: [],
    sys: ['osUptime'],
    ffi: false,
    import: false,
  });
});

Deno.test('write: ExifTool, ledger, log and a directory of its own besides', () => {
  const { read, write, run, env, net } = permitted('write', { UPLOAD_LOCATION: '/mnt/library' });
  assert.deepEqual(run, ['perl']);
  assert.deepEqual(env, ['HOME']);
  assert.deepEqual(net, ['localhost:5432', 'immich_server:2283']);
  const logs = ['/state/write.log', '/state/write.log.1', '/state/write.log.2'];
  const touched = ['/cache', '/external_library', '/library', '/mnt/library', '/state', ...logs, '/tmp/own'];
  assert.deepEqual(write, touched);
  assert.deepEqual(read, [...MACHINE.configFiles, ...touched].sort());
});

Deno.test('only what writes back starts a program, only serve answers HTTP, status changes nothing', () => {
  for (const command of ['sync', 'serve', 'status', 'forget', 'unshare', 'dedup', 'takeover', 'nonsense']) {
    assert.deepEqual(permitted(command, { EXIFTOOL_PATH: '/opt/exiftool' }).run, [], command);
  }
  for (const command of ['write', 'undo', 'tags', 'doctor']) {
    assert.deepEqual(permitted(command).run, ['perl'], command);
  }
  assert.deepEqual(permitted('serve', { WRITE_SCHEDULE: '0 3 * * *' }).run, ['perl']);
  assert.deepEqual(permitted('status').write, ['/tmp/own']);
  assert.deepEqual(permitted('resolve rating.jpg --take source').write, []);
  assert.deepEqual(permitted('undo-merge --since 12h').write, ['/state'], 'no photo');
  assert.ok(!permitted('tags list').write.some((path) => /external_library|library/.test(path)), 'no photo');
  assert.deepEqual(permitted('doctor').sys, ['uid', 'gid', 'statfs']);
  const service = { HTTP_HOST: '0.0.0.0', HTTP_PORT: '8081', NOTIFY_URL: 'https://ntfy.example.org/our-photos' };
  const inside = ['localhost:5432', 'immich_server:2283'];
  assert.deepEqual(permitted('serve', service).net, [...inside, '0.0.0.0:8081', 'ntfy.example.org:443']);
  assert.deepEqual(permitted('serve', { HTTP_PORT: '0' }).net, inside);
  assert.deepEqual(permitted('sync', service).net, inside);
});

Deno.test('addresses: ports that a URL does not spell out, IPv6, and the same address once', () => {
  const net = (immich: string, host: string) => permitted('sync', { IMMICH_API_URL: immich, DB_HOSTNAME: host }).net;
  assert.deepEqual(net('http://photos.example.org', '10.0.0.2'), ['10.0.0.2:5432', 'photos.example.org:80']);
  assert.deepEqual(net('https://photos.example.org/immich', 'db'), ['db:5432', 'photos.example.org:443']);
  assert.deepEqual(net('http://[fd00::1]:2283', 'fd00::2'), ['[fd00::2]:5432', '[fd00::1]:2283']);
  assert.deepEqual(net('http://db:5432', 'db'), ['db:5432']);
});

Deno.test('people: the file that is named, in no other command, and no photo', () => {
  const [none, save, restore] = ['people', 'people save --user u names.json', 'people restore /mnt/n.json --dry-run']
    .map((command) => permitted(command, { WRITE_STATE_DIR: '/state' }));
  assert.deepEqual(none?.write, ['/state']);
  assert.deepEqual(save?.write, ['/state', '/work/names.json', '/work/names.json.part']);
  assert.ok(save.read.includes('/work/names.json'));
  assert.deepEqual(restore?.write, ['/state']);
  assert.ok(restore.read.includes('/mnt/n.json'));
  assert.ok(!permitted('status save /mnt/n.json').read.includes('/mnt/n.json'));
  for (const args of ['--config c.yaml save n.json', '--config=c.yaml save -- n.json', 'save n.json --user u --yes']) {
    assert.deepEqual(permitted(`people ${args}`).write, ['/state', '/work/n.json', '/work/n.json.part'], args);
  }
});

Deno.test('a Unix socket can be read and written, by every command, and there is no network for the database', () => {
  const database = { DB_HOSTNAME: '/run/postgresql/', DB_PORT: '5433' };
  const socket = '/run/postgresql/.s.PGSQL.5433';
  for (const command of ['sync', 'status', 'serve']) {
    const { net, read, write } = permitted(command, { ...database, HTTP_PORT: '0' });
    assert.deepEqual(net, [`unix:${socket}`, 'immich_server:2283'], command);
    assert.ok(read.includes(socket) && write.includes(socket), command);
  }
  const url = 'postgresql://me@/photos?host=/run/postgresql&port=5433';
  assert.ok(permitted('sync', { DB_URL: url }).write.includes(socket));
  const byName = permitted('sync', { DB_URL: 'postgresql://me:swordfish-7@[fd00::2]:5433/photos?sslmode=require' });
  assert.deepEqual(byName.net, ['[fd00::2]:5433', 'immich_server:2283']);
  assert.doesNotMatch(JSON.stringify(byName), /swordfish/);
});

Deno.test('every directory that a setting names, and no other', () => {
  const { write } = permitted('sync', {
    PATH_MAP: '/data=/mnt/a,/other=/mnt/b',
    UPLOAD_LOCATION: '/mnt/upload',
    UPLOAD_LOCATION_MOUNT: '/photos',
    EXTERNAL_LIBRARY_DIR: '/mnt/external',
    EXTERNAL_LIBRARY_MOUNT: '/libraries',
  });
  assert.deepEqual(write, ['/mnt/a', '/mnt/b', '/mnt/external', '/mnt/upload', '/state']);
});

Deno.test('a tree of sidecars is written by the commands that write sidecars', () => {
  const tree = { WRITE_TO: 'tree:/mnt/xmp' };
  for (const command of ['write', 'undo', 'tags', 'doctor']) {
    assert.ok(permitted(command, tree).read.includes('/mnt/xmp'), command);
  }
  for (const isCopy of [false, true]) {
    const config = withDirectory(
      {},
      (cwd) => loadConfig({ env: { UPLOAD_LOCATION: '/mnt/upload' }, cwd, needJobs: false }),
    );
    const purpose = purposeOf('export', config, ['--config', 'x.yaml', '/mnt/out', ...(isCopy ? ['--copy'] : [])]);
    const { read, write } = permissionsFor(config, purpose, MACHINE);
    assert.ok(read.includes('/mnt/out') && write.includes('/mnt/out'));
    assert.equal(write.includes('/mnt/upload'), !isCopy, 'the library is only written to for hard links');
  }
  for (const command of ['write', 'undo']) assert.ok(permitted(command, tree).write.includes('/mnt/xmp'), command);
  assert.ok(permitted('serve', { ...tree, WRITE_SCHEDULE: '0 3 * * *' }).write.includes('/mnt/xmp'));
  for (const command of ['sync', 'status']) {
    assert.ok(!JSON.stringify(permitted(command, tree)).includes('/mnt/xmp'), command);
  }
});

Deno.test('where only Immich’s view is named, it is the same here', () => {
  const named = { UPLOAD_LOCATION_MOUNT: '/photos', EXTERNAL_LIBRARY_MOUNT: '/libraries' };
  assert.deepEqual(permitted('sync', named).write, ['/libraries', '/photos', '/state']);
});

Deno.test('a directory that is a symbolic link is permitted together with its destination', () => {
  const realPathOf = (path: string) => path.replace('/mnt/upload', '/disks/1/upload');
  const { read, write } = permitted('sync', { UPLOAD_LOCATION: '/mnt/upload' }, { ...MACHINE, realPathOf });
  assert.deepEqual(write, ['/disks/1/upload', '/external_library', '/mnt/upload', '/state']);
  assert.ok(read.includes('/disks/1/upload'));
});

Deno.test('no secret is in what a command may do, as Deno’s messages would show it', () => {
  const secrets = { DB_PASSWORD: 'swordfish-1', IMMICH_API_KEY: 'swordfish-2', HTTP_TOKEN: 'swordfish-token-3' };
  const notify = { NOTIFY_URL: 'https://user:swordfish-4@ntfy.example.org/swordfish-5?auth=swordfish-6' };
  const permissions = permitted('serve', { ...secrets, ...notify, WRITE_SCHEDULE: '0 3 * * *' });
  assert.doesNotMatch(JSON.stringify(permissions), /swordfish/);
});

Deno.test('a wrong configuration permits to read it and nothing else, but that doctor looks at the rest', () => {
  const nothing = { net: [], write: [], env: [], run: [], sys: [], ffi: false, import: false };
  for (const command of ['sync', 'serve', 'write', 'status']) {
    const permissions = permissionsWithoutConfig(purposeOf(command, undefined), MACHINE);
    assert.deepEqual(permissions, { ...nothing, read: MACHINE.configFiles }, command);
  }
  assert.deepEqual(permissionsWithoutConfig(purposeOf('doctor', undefined), MACHINE), {
    ...nothing,
    read: [...MACHINE.configFiles, '/tmp/own', '/cache'],
    write: ['/tmp/own', '/cache'],
    env: ['HOME'],
    run: ['perl'],
    sys: ['uid', 'gid', 'statfs'],
  });
});

Deno.test('a configuration that is wrong elsewhere lets sync and serve reach the database, over a socket too', () => {
  const reach = (env: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) =>
    withDirectory(files, (cwd) => {
      const database = readDatabaseAnyway({ env: { SOURCE_USER_ID: 'nobody', ...env }, cwd });
      const { net, read, write } = permissionsWithoutConfig(purposeOf('sync', undefined), MACHINE, { database });
      return { net, read: read.filter((path) => !MACHINE.configFiles.includes(path)), write };
    });
  const nothing = { net: [], read: [], write: [] };
  assert.deepEqual(reach({ DB_HOSTNAME: 'db' }), { ...nothing, net: ['db:5432'] });
  // Of a key that nobody knows all keys are named.
  const odd = { 'config.yaml': 'jobs: 7\nodd: 1\n' };
  assert.deepEqual(reach({ DB_HOSTNAME: 'db' }, odd), { ...nothing, net: ['db:5432'] });
  assert.deepEqual(reach({ DB_HOSTNAME: 'db' }, { 'config.yaml': 'db_hostnam: other\n' }), nothing);
  const socket = '/run/postgresql/.s.PGSQL.5432';
  assert.deepEqual(reach({ DB_HOSTNAME: '/run/postgresql' }), {
    net: [`unix:${socket}`],
    read: [socket],
    write: [socket],
  });
  for (
    const env of [{}, { DB_HOSTNAME: 'db', DB_PORT: 'x' }, { DB_HOSTNAM: 'db', DB_PASSWORD: 'long enough' }, {
      DB_PASSWORD: 'long enough',
      CONFIG_FILE: 'nowhere.yaml',
    }]
  ) assert.deepEqual(reach(env), nothing, JSON.stringify(env));
});

Deno.test('every command that uses a configuration is sandboxed', () => {
  for (const line of ['setup', 'setup --yes', 'demo', 'completion bash', 'help sync', '--help', '-V', '']) {
    assert.equal(isSandboxed(line === '' ? [] : line.split(' ')), false, line);
  }
  for (const line of ['sync', 'serve', 'status', 'doctor', 'write --all', 'undo a', 'unshare', 'nonsense']) {
    assert.equal(isSandboxed(line.split(' ')), true, line);
  }
});

Deno.test('--config is found wherever it stands', () => {
  const cases: readonly (readonly [line: string, file: string | undefined])[] = [
    ['sync', undefined],
    ['sync --config a.yaml', 'a.yaml'],
    ['sync --config=a.yaml --job x', 'a.yaml'],
    ['sync --config a.yaml --config b.yaml', 'b.yaml'],
    ['undo --config=a=b.yaml photo.jpg', 'a=b.yaml'],
    ['undo -- --config a.yaml', undefined],
    ['sync --config', undefined],
  ];
  for (const [line, file] of cases) assert.equal(configFileOf(line.split(' ')), file, line);
});
