import assert from 'node:assert/strict';
import { load, portable, problemOf } from './helper.ts';

const TYPOS: readonly (readonly [written: string, meant: string])[] = [
  ['DB_PASWORD', 'DB_PASSWORD'],
  ['DB_PASSWORDFILE', 'DB_PASSWORD_FILE'],
  ['DB_PROT', 'DB_PORT'],
  ['db_port', 'DB_PORT'],
  ['IMMICH_API_KEYS', 'IMMICH_API_KEY'],
  ['SHARED_PATH_PREFFIX', 'SHARED_PATH_PREFIX'],
  ['TARGET_LIBARY_ID', 'TARGET_LIBRARY_ID'],
  ['PATHMAP', 'PATH_MAP'],
];
for (const [written, meant] of TYPOS) {
  Deno.test(`${written} is refused in .env and in the environment: did you mean ${meant}?`, () => {
    const inFile = problemOf({ files: { '.env': `TZ=UTC\n${written}=hunter2\n` } });
    assert.deepEqual([inFile.key, inFile.place, inFile.remedy], [written, '.env line 2', `Did you mean ${meant}?`]);
    const inEnvironment = problemOf({ env: { [written]: 'hunter2' } });
    assert.equal(inEnvironment.place, 'environment');
    assert.doesNotMatch(JSON.stringify([inFile, inEnvironment]), /hunter2/);
  });
}

const NEIGHBOURS = [
  // Immich and Compose
  ...[
    'IMMICH_VERSION',
    'IMMICH_HOST',
    'IMMICH_PORT',
    'IMMICH_LOG_LEVEL',
    'IMMICH_CONFIG_FILE',
    'IMMICH_MEDIA_LOCATION',
  ],
  ...['PUID', 'PGID', 'DB_DATA_LOCATION', 'DB_STORAGE_TYPE', 'DB_USERNAME_FILE', 'DB_HOSTNAME_FILE'],
  ...['REDIS_HOSTNAME', 'REDIS_PASSWORD', 'MACHINE_LEARNING_MODEL_TTL', 'COMPOSE_PROJECT_NAME', 'POSTGRES_PASSWORD'],
  // the system and other programs
  ...[
    'PATH',
    'HOME',
    'HOSTNAME',
    'HTTP_PROXY',
    'NO_COLOR',
    'WEB_PORT',
    'DB_HOST',
    'LOG_DIR',
    'npm_config_cache',
  ],
];

Deno.test("other programs' variables are nobody's business", () => {
  const env = Object.fromEntries(NEIGHBOURS.map((name) => [name, 'x']));
  const dotEnv = NEIGHBOURS.map((name) => `${name}=x\n`).join('');
  assert.deepEqual(portable(load({ env, files: { '.env': dotEnv } })), portable(load({})));
});
