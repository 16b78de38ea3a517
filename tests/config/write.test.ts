import assert from 'node:assert/strict';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { ALICE, BOB, load, problemOf, withDirectory } from './helper.ts';

Deno.test('write-back has the defaults of its requirements', () => {
  withDirectory({}, (cwd) => {
    assert.deepEqual(JSON.parse(JSON.stringify(loadConfig({ env: {}, cwd, needJobs: false }).write)), {
      isMentioned: false,
      source: 'api',
      destination: 'embed',
      sidecarName: 'photo.jpg.xmp',
      userIds: [],
      photoDir: '/library',
      pathSegments: 3,
      scheduleZone: Temporal.Now.timeZoneId(),
      captionMaxLength: 2000,
      albumCache: { ttlSeconds: 86_400, maxStaleSeconds: 604_800 },
      batchSize: 1000,
      apiConcurrency: 4,
      intoShared: false,
      regions: ['mwg'],
      settleSeconds: 60,
      stateDirectory: join(cwd, '.immich-sidecar'),
      logFile: join(cwd, 'immich_ultra_sync.txt'),
      modules: ['people', 'gps', 'caption', 'time', 'rating'],
    });
  });
});

Deno.test('a tree of sidecars has an absolute path, however it was written', () => {
  withDirectory({}, (cwd) => {
    const destinationOf = (text: string) =>
      loadConfig({ env: { WRITE_TO: text }, cwd, needJobs: false }).write.destination;
    assert.equal(destinationOf('tree:/mnt/xmp'), 'tree:/mnt/xmp');
    assert.equal(destinationOf('Tree: ./Side Cars'), `tree:${join(cwd, 'Side Cars')}`);
  });
});

Deno.test('every write-back setting can be set, and relative paths start at the working directory', () => {
  const env = {
    WRITE_TO: 'Both',
    WRITE_SIDECAR_NAME: 'Photo.xmp',
    WRITE_SOURCE: 'DATABASE',
    WRITE_USER_IDS: `${ALICE.toUpperCase()}, ${BOB},`,
    IMMICH_PHOTO_DIR: 'photos/',
    IMMICH_PATH_SEGMENTS: '4',
    TZ: 'America/Sao_Paulo',
    CAPTION_MAX_LEN: '10',
    IMMICH_ALBUM_CACHE_TTL: '0',
    IMMICH_ALBUM_CACHE_MAX_STALE: '1',
    IMMICH_ASSET_BATCH_SIZE: '25',
    WRITE_API_CONCURRENCY: '2',
    WRITE_WORKERS: '3',
    WRITE_INTO_SHARED: 'true',
    WRITE_REGIONS: 'mwg, MP',
    WRITE_SETTLE_SECONDS: '0',
    WRITE_UNDO_DAYS: '90',
    WRITE_STATE_DIR: '/var/lib/sidecar',
    EXIFTOOL_PATH: './tools/exiftool',
    IMMICH_LOG_FILE: 'logs/write.txt',
    WRITE_SCHEDULE: '30 2 * * 1-5',
    WRITE_WINDOW: '22:30-06:00',
    WRITE_MODULES: 'People, tags',
  };
  withDirectory({}, (cwd) => {
    assert.deepEqual(loadConfig({ env, cwd, needJobs: false }).write, {
      isMentioned: true,
      source: 'database',
      destination: 'both',
      sidecarName: 'photo.xmp',
      userIds: [ALICE, BOB],
      photoDir: join(cwd, 'photos'),
      pathSegments: 4,
      timeZone: 'America/Sao_Paulo',
      scheduleZone: 'America/Sao_Paulo',
      captionMaxLength: 10,
      albumCache: { ttlSeconds: 0, maxStaleSeconds: 1 },
      batchSize: 25,
      apiConcurrency: 2,
      workers: 3,
      intoShared: true,
      regions: ['mwg', 'mp'],
      settleSeconds: 0,
      undoDays: 90,
      stateDirectory: '/var/lib/sidecar',
      exiftoolPath: join(cwd, 'tools/exiftool'),
      logFile: join(cwd, 'logs/write.txt'),
      schedule: '30 2 * * 1-5',
      window: { from: 1_350, to: 360 },
      modules: ['people', 'tags'],
    });
  });
});

Deno.test('PHOTO_DIR and LOG_FILE are other names, and the long ones win', () => {
  const { photoDir, logFile } = load({ env: { PHOTO_DIR: '/one', LOG_FILE: '/one.txt' } }).write;
  assert.deepEqual([photoDir, logFile], ['/one', '/one.txt']);
  const both = { PHOTO_DIR: '/one', LOG_FILE: '/one.txt', IMMICH_PHOTO_DIR: '/library', IMMICH_LOG_FILE: '/two.txt' };
  const { write } = load({ env: both });
  assert.deepEqual([write.photoDir, write.logFile], ['/library', '/two.txt']);
});

Deno.test('an ExifTool without a slash is looked for in PATH', () => {
  assert.equal(load({ env: { EXIFTOOL_PATH: 'exiftool' } }).write.exiftoolPath, 'exiftool');
});

Deno.test('the time zone is one that exists, the system one included', () => {
  const zone = (TZ: string) => load({ env: { TZ } }).write.timeZone;
  assert.equal(zone(':Asia/Tokyo'), 'Asia/Tokyo');
  assert.equal(zone(':/etc/localtime'), Temporal.Now.timeZoneId());
  assert.equal(zone(''), undefined);
  const problem = problemOf({ env: { TZ: 'Europe/Berlinn' } });
  assert.equal(problem.message, '"Europe/Berlinn" is not the name of a time zone');
});

for (
  const [name, value] of [
    ['WRITE_TO', 'file'],
    ['WRITE_SOURCE', 'rest'],
    ['WRITE_USER_IDS', 'alice'],
    ['IMMICH_PATH_SEGMENTS', '0'],
    ['IMMICH_PATH_SEGMENTS', '11'],
    ['CAPTION_MAX_LEN', '0'],
    ['IMMICH_ASSET_BATCH_SIZE', '1001'],
    ['IMMICH_ALBUM_CACHE_TTL', '-1'],
    ['WRITE_WORKERS', 'many'],
    ['IMMICH_PHOTO_DIR', '/'],
  ] as const
) {
  Deno.test(`${name}=${value} is refused`, () => {
    const problem = problemOf({ env: { [name]: value } });
    assert.deepEqual([problem.key, problem.place], [name, 'environment']);
  });
}
