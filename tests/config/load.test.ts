import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { UserError } from '../../src/errors.ts';
import { EXTERNAL_ENV, load, placesOf, problemOf, refused, withDirectory, yamlJob } from './helper.ts';

Deno.test('without any setting every default applies', () => {
  const config = load({});
  const cores = Math.min(navigator.hardwareConcurrency, 8);
  const { write: _, service: __, ...others } = JSON.parse(JSON.stringify(config));
  assert.deepEqual(others, {
    database: {
      hostname: 'localhost',
      port: 5432,
      maxConnections: Math.max(4, cores + 2),
      username: 'postgres',
      password: '***',
      name: 'immich',
    },
    databaseWaitSeconds: 60,
    immich: { url: 'http://immich_server:2283' },
    externalLibraryMount: '/external_library',
    pathMap: [],
    jobs: [],
    vectorWorkers: cores,
    syncIntervalSeconds: 60,
    reconcileHours: 6,
    offlineGraceHours: 24,
    brake: { percent: 20, minimum: 50 },
    log: { level: 'info', format: 'text' },
    notes: [],
  });
  assert.equal(config.database.password.reveal(), 'postgres');
  assert.equal(config.immich.apiKey, undefined);
});

Deno.test('the environment wins over .env, and .env over the YAML file', () => {
  const files = {
    '.env': 'DB_PORT=2\nDB_USERNAME=two\n',
    'config.yaml': 'db_port: 3\ndb_username: three\ndb_database_name: three\n',
  };
  const { database } = load({ files, env: { DB_PORT: '1' } });
  assert.deepEqual([database.port, database.username, database.name], [1, 'two', 'three']);
});

Deno.test('a variable that is set but blank counts as not set', () => {
  const files = { '.env': 'DB_PORT=\nLOG_LEVEL=""\n', 'config.yaml': 'db_port: 3\ndb_username:\ndb_hostname: ~\n' };
  const config = load({ files, env: { DB_PORT: '', LOG_FORMAT: '  ' } });
  assert.equal(config.database.port, 3);
  assert.equal(config.database.username, 'postgres');
  assert.equal(config.database.hostname, 'localhost');
  assert.deepEqual(config.log, { level: 'info', format: 'text' });
});

Deno.test('relative directories start at the working directory and lose their trailing slash', () => {
  withDirectory({}, (cwd) => {
    const env = { UPLOAD_LOCATION: 'library/', EXTERNAL_LIBRARY_DIR: '../photos//', UPLOAD_LOCATION_MOUNT: '/data/' };
    const config = loadConfig({ env, cwd, needJobs: false });
    assert.equal(config.uploadLocation, join(cwd, 'library'));
    assert.equal(config.externalLibraryDir, join(cwd, '..', 'photos'));
    assert.equal(config.uploadLocationMount, '/data');
  });
});

Deno.test('numbers, words and addresses are normalised', () => {
  const config = load({
    env: {
      LOG_LEVEL: 'Warning',
      LOG_FORMAT: 'JSON',
      IMMICH_API_URL: 'https://photos.example.org/immich/api/',
      DB_PORT: ' 99 ',
    },
  });
  assert.deepEqual(config.log, { level: 'warning', format: 'json' });
  assert.equal(config.immich.url, 'https://photos.example.org/immich');
  assert.equal(config.database.port, 99);
});

Deno.test('PATH_MAP is a list of pairs, in YAML also a mapping', () => {
  const pairs = [{ immich: '/data', local: '/mnt/photos' }, { immich: '/other', local: '/mnt/other' }];
  assert.deepEqual(load({ env: { PATH_MAP: '/data/=/mnt/photos,/other=/mnt/other/,' } }).pathMap, pairs);
  const yaml = 'path_map:\n  /data: /mnt/photos\n  /other: /mnt/other\n';
  assert.deepEqual(load({ files: { 'config.yaml': yaml } }).pathMap, pairs);
  const odd = load({ files: { 'config.yaml': 'path_map:\n  "/a,b": /mnt/c=d\n' } });
  assert.deepEqual(odd.pathMap, [{ immich: '/a,b', local: '/mnt/c=d' }]);
});

Deno.test('IMMICH_INSTANCE_URL is another name for IMMICH_API_URL', () => {
  assert.equal(load({ env: { IMMICH_INSTANCE_URL: 'http://nas:2283' } }).immich.url, 'http://nas:2283');
  const same = { IMMICH_INSTANCE_URL: 'http://nas:2283/', IMMICH_API_URL: 'http://nas:2283/api' };
  assert.equal(load({ env: same }).immich.url, 'http://nas:2283');
  const problem = problemOf({
    env: { IMMICH_API_URL: 'http://nas:2283' },
    files: { '.env': 'IMMICH_INSTANCE_URL=http://other:2283' },
  });
  assert.equal(problem.key, 'IMMICH_INSTANCE_URL');
  assert.equal(problem.place, '.env line 1');
  assert.match(problem.message, /IMMICH_API_URL \(environment\) is a different address/);
});

Deno.test('the log format has two other names, and LOG_FORMAT wins over them', () => {
  const format = (env: Record<string, string>) => load({ env }).log.format;
  assert.equal(format({ IMMICH_LOG_FORMAT: 'json' }), 'json');
  assert.equal(format({ IMMICH_LOG_FORMAT: 'console' }), 'text');
  assert.equal(format({ IMMICH_STRUCTURED_LOGS: 'true' }), 'json');
  assert.equal(format({ IMMICH_STRUCTURED_LOGS: 'false' }), 'text');
  assert.equal(format({ IMMICH_LOG_FORMAT: 'json', LOG_FORMAT: 'text' }), 'text');
});

Deno.test('the YAML file is --config, else CONFIG_FILE, else config.yaml', () => {
  const files = {
    'config.yaml': 'db_port: 1',
    'two.yaml': 'db_port: 2',
    'sub/three.yaml': 'db_port: 3',
    '.env': 'CONFIG_FILE=two.yaml',
  };
  assert.equal(load({ files: { 'config.yaml': 'db_port: 1' } }).database.port, 1);
  assert.equal(load({ files }).database.port, 2);
  assert.equal(load({ files, configFile: 'sub/three.yaml' }).database.port, 3);
});

Deno.test('a YAML file that was asked for must exist', () => {
  const option = problemOf({ configFile: 'missing.yaml' });
  assert.equal(option.key, '--config');
  assert.match(option.message, /missing\.yaml does not exist$/);
  const variable = problemOf({ files: { '.env': '\nCONFIG_FILE=missing.yaml' } });
  assert.deepEqual([variable.key, variable.place], ['CONFIG_FILE', '.env line 2']);
});

Deno.test('config.yaml that Docker made a directory is ignored with a note, unless it was asked for', () => {
  withDirectory({}, (cwd) => {
    mkdirSync(join(cwd, 'config.yaml'));
    assert.match(loadConfig({ env: {}, cwd, needJobs: false }).notes[0] ?? '', /is a directory/);
    assert.throws(() => loadConfig({ env: {}, cwd, configFile: 'config.yaml' }), /is a directory, not a file/);
  });
});

Deno.test('a directory named .env is a problem', () => {
  withDirectory({}, (cwd) => {
    mkdirSync(join(cwd, '.env'));
    assert.throws(() => loadConfig({ env: {}, cwd, needJobs: false }), /the file is a directory/);
  });
});

Deno.test('a secret can be read from a file, without its last line break', () => {
  const files = { '.env': 'DB_PASSWORD_FILE=secrets/db\n', 'secrets/db': ' p4ss word\n\n', 'secrets/key': 'k3y\r\n' };
  const config = load({ files, env: { IMMICH_API_KEY_FILE: 'secrets/key' } });
  assert.equal(config.database.password.reveal(), ' p4ss word\n');
  assert.equal(config.immich.apiKey?.reveal(), 'k3y');
  const fromYaml = load({ files: { 'config.yaml': 'immich_api_key_file: key', key: 'k3y' } });
  assert.equal(fromYaml.immich.apiKey?.reveal(), 'k3y');
});

Deno.test('a secret and its file from the same source contradict each other; from two sources the order decides', () => {
  const files = { secret: 'from-file' };
  const problem = problemOf({ files, env: { DB_PASSWORD: 'direct-value', DB_PASSWORD_FILE: 'secret' } });
  assert.equal(problem.key, 'DB_PASSWORD_FILE');
  assert.doesNotMatch(JSON.stringify(problem), /direct-value|from-file/);
  const password = (given: Parameters<typeof load>[0]) => load(given).database.password.reveal();
  const env = { DB_PASSWORD_FILE: 'secret' };
  assert.equal(password({ files: { ...files, '.env': 'DB_PASSWORD=direct' }, env }), 'from-file');
  assert.equal(
    password({ files: { ...files, '.env': 'DB_PASSWORD_FILE=secret' }, env: { DB_PASSWORD: 'direct' } }),
    'direct',
  );
});

Deno.test('a secrets file that is missing, empty or unreadable is a problem that names its path', () => {
  const missing = problemOf({ env: { DB_PASSWORD_FILE: '/nowhere/db' } });
  assert.deepEqual([missing.key, missing.place], ['DB_PASSWORD_FILE', '/nowhere/db']);
  assert.match(missing.message, /does not exist/);
  assert.match(problemOf({ env: { DB_PASSWORD_FILE: 'empty' }, files: { empty: '\n' } }).message, /is empty/);
  const bad = problemOf({ env: { IMMICH_API_KEY_FILE: 'key' }, files: { key: 'two\nlines\n' } });
  assert.match(bad.place, /\/key$/);
  assert.match(bad.message, /^the value contains a space, a line break/);
});

Deno.test({
  name: 'a secrets file without read permission is a problem',
  ignore: Deno.uid() === 0,
  fn: () =>
    withDirectory({ key: 'k3y' }, (cwd) => {
      chmodSync(join(cwd, 'key'), 0);
      const env = { IMMICH_API_KEY_FILE: 'key' };
      assert.throws(() => loadConfig({ env, cwd, needJobs: false }), /may not be read by this user/);
    }),
});

Deno.test('all problems are reported at once, each with its place', () => {
  const error = refused({
    env: { DB_PORT: '99999', LOG_LEVEL: 'LOUD' },
    files: {
      '.env':
        '# database\nexport DB_HOSTNAME="http://db"\nSYNC_INTERVAL_SECONDS=4\nNOTE="x\nSYNC_INTERVAL_SECONDS=1\n"\n',
      'config.yaml': `include_hidden: yes\nlog_levle: DEBUG\njobs:\n${yamlJob({ source_user_id: 'alice' })}`,
    },
  });
  assert.deepEqual(placesOf(error), [
    'log_levle @ config.yaml:2:1',
    'DB_HOSTNAME @ .env line 2',
    'DB_PORT @ environment',
    'include_hidden @ config.yaml:1:17',
    'jobs[0].source_user_id @ config.yaml:5:21',
    'SYNC_INTERVAL_SECONDS @ .env line 3',
    'LOG_LEVEL @ environment',
  ]);
  assert.ok(error instanceof UserError);
  assert.equal(error.exitCode, 2);
  assert.equal(error.message.split('\n').length, 8);
  assert.match(error.message, /DB_PORT \(environment\): "99999" is not between 1 and 65535\. Write a whole number/);
});

Deno.test('no job at all is a problem, but only when jobs are needed', () => {
  const problem = problemOf({ needJobs: true, env: { TARGET_USER_ID: EXTERNAL_ENV.TARGET_USER_ID } });
  assert.equal(problem.key, 'jobs');
  assert.equal(problemOf({ needJobs: true, files: { 'config.yaml': 'jobs: []' } }).key, 'jobs');
  assert.deepEqual(load({ needJobs: false }).jobs, []);
});

Deno.test('the configuration is frozen to the bottom', () => {
  const config = load({ env: { ...EXTERNAL_ENV, PATH_MAP: '/a=/b', IMMICH_API_KEY: 'k3y' } });
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    assert.ok(Object.isFrozen(value));
    Object.values(value).forEach(visit);
  };
  visit(config);
  assert.throws(() => Object.assign(config.jobs[0] ?? {}, { name: 'other' }), TypeError);
});
