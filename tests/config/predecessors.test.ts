import assert from 'node:assert/strict';
import { ALBUM, ALICE, BOB, LIBRARY, load } from './helper.ts';

const CAROL = 'cccccccc-cccc-4ccc-8ccc-cccccccccccc';
const SECOND_LIBRARY = '22222222-2222-4222-8222-222222222222';

/** As the env.example of immich-shared-library, with every line of it that can be filled in. */
const SHARED_LIBRARY_ENV = `# Database (same credentials as your Immich .env)
DB_PASSWORD=postgres
DB_USERNAME=postgres
DB_DATABASE_NAME=immich
DB_HOSTNAME=immich_postgres

# Host paths
UPLOAD_LOCATION=../immich-app/library
EXTERNAL_LIBRARY_DIR=../immich-app/external_library

# Container mount points
UPLOAD_LOCATION_MOUNT=/usr/src/app/upload
EXTERNAL_LIBRARY_MOUNT=/external_library

IMMICH_API_KEY=key
SYNC_INTERVAL_SECONDS=60
LOG_LEVEL=INFO
PUID=1000
PGID=1000

SOURCE_USER_ID=${ALICE}
TARGET_USER_ID=${BOB}
TARGET_LIBRARY_ID=${LIBRARY}
SHARED_PATH_PREFIX=/external_library/user_a/photos/
TARGET_PATH_PREFIX=/external_library/user_b_shared/photos/

UPLOAD_SOURCE_USER_ID=${CAROL}
UPLOAD_TARGET_USER_ID=
UPLOAD_TARGET_LIBRARY_ID=${SECOND_LIBRARY}
TARGET_UPLOAD_PATH_PREFIX=/external_library/user_b_uploads/user_c/

TARGET_ALBUM_ID=${ALBUM}
`;

Deno.test('the .env of immich-shared-library is read as it is', () => {
  const config = load({ files: { '.env': SHARED_LIBRARY_ENV }, needJobs: true });
  assert.deepEqual(config.notes, []);
  assert.deepEqual([config.database.hostname, config.database.password.reveal()], ['immich_postgres', 'postgres']);
  assert.equal(config.uploadLocationMount, '/usr/src/app/upload');
  assert.match(config.uploadLocation ?? '', /\/immich-app\/library$/);
  assert.equal(config.immich.apiKey?.reveal(), 'key');
  assert.deepEqual(
    config.jobs.map(({ kind, sourceUserId, targetUserId, targetLibraryId, targetPathPrefix, albumId, placement }) => [
      kind,
      sourceUserId,
      targetUserId,
      targetLibraryId,
      targetPathPrefix,
      albumId,
      placement,
    ]),
    [
      ['external', ALICE, BOB, LIBRARY, '/external_library/user_b_shared/photos/', ALBUM, 'auto'],
      ['upload', CAROL, BOB, SECOND_LIBRARY, '/external_library/user_b_uploads/user_c/', ALBUM, 'auto'],
    ],
  );
});

Deno.test('so are the .env and the config.yaml that its setup writes', () => {
  const files = {
    '.env': SHARED_LIBRARY_ENV.split('\n').filter((line) =>
      !/^(SOURCE|TARGET|SHARED|UPLOAD_(SOURCE|TARGET))/.test(line)
    )
      .join('\n'),
    'config.yaml': `# Sync job configuration for immich-shared-library
sync_jobs:
  - name: "alice-external-to-bob"
    source_user_id: "${ALICE}"
    target_user_id: "${BOB}"
    target_library_id: "${LIBRARY}"
    source_path_prefix: "/external_library/alice/photos/"
    target_path_prefix: "/external_library/bob_shared/photos/"
    album_id: "${ALBUM}"

  - name: "charlie-uploads-to-alice"
    source_user_id: "${CAROL}"
    target_user_id: "${ALICE}"
    target_library_id: "${SECOND_LIBRARY}"
    source_path_prefix: "/usr/src/app/upload/library/${CAROL}/"
    target_path_prefix: "/external_library/alice_uploads/charlie/"
`,
  };
  const { jobs, notes } = load({ files, needJobs: true });
  assert.deepEqual(notes, []);
  assert.deepEqual(jobs.map(({ name, sourcePathPrefix, albumId }) => [name, sourcePathPrefix, albumId]), [
    ['alice-external-to-bob', '/external_library/alice/photos/', ALBUM],
    ['charlie-uploads-to-alice', `/usr/src/app/upload/library/${CAROL}/`, undefined],
  ]);
});

/** Every name of the example and of the table of immich-metadata-sync. */
const METADATA_SYNC = Object.entries({
  IMMICH_INSTANCE_URL: 'http://192.168.1.50:2283',
  IMMICH_API_KEY: 'your-secret-key-here',
  IMMICH_PHOTO_DIR: '/library',
  TZ: 'Europe/Berlin',
  IMMICH_LOG_FILE: 'immich_ultra_sync.txt',
  IMMICH_PATH_SEGMENTS: '3',
  IMMICH_ASSET_BATCH_SIZE: '25',
  IMMICH_SEARCH_PAGE_SIZE: '200',
  CAPTION_MAX_LEN: '2000',
  IMMICH_ALBUM_CACHE_TTL: '86400',
  IMMICH_ALBUM_CACHE_MAX_STALE: '604800',
  IMMICH_LOG_FORMAT: 'json',
});

for (
  const [name, text] of Object.entries({
    'immich-sync.conf': `[immich]\n${METADATA_SYNC.map(([key, value]) => `${key} = ${value}`).join('\n')}\n`,
    'sync.json': JSON.stringify(Object.fromEntries(METADATA_SYNC), undefined, 2),
    'sync.env': METADATA_SYNC.map(([key, value]) => `${key}=${value}`).join('\n'),
  })
) {
  Deno.test(`the ${name} of immich-metadata-sync is read as it is`, () => {
    const config = load({ files: { [name]: text }, ...name === 'immich-sync.conf' ? {} : { configFile: name } });
    assert.deepEqual(config.notes, []);
    assert.equal(config.immich.url, 'http://192.168.1.50:2283');
    assert.equal(config.immich.apiKey?.reveal(), 'your-secret-key-here');
    const { photoDir, timeZone, pathSegments, batchSize, captionMaxLength, albumCache } = config.write;
    assert.deepEqual({ photoDir, timeZone, pathSegments, batchSize, captionMaxLength, albumCache }, {
      photoDir: '/library',
      timeZone: 'Europe/Berlin',
      pathSegments: 3,
      batchSize: 25,
      captionMaxLength: 2000,
      albumCache: { ttlSeconds: 86_400, maxStaleSeconds: 604_800 },
    });
    assert.equal(config.log.format, 'json');
  });
}

for (
  const [name, text] of Object.entries({
    'immich-sync.conf': '[immich]\nIMMICH_PHOTO_DIR = /library\n',
    '.env': 'IMMICH_INSTANCE_URL=http://192.168.1.50:2283\n',
    'sync.json': '{"IMMICH_INSTANCE_URL": "http://192.168.1.50:2283"}',
  })
) {
  Deno.test(`without TZ the ${name} of immich-metadata-sync means Europe/Berlin, and says that it does`, () => {
    const read = (env: Record<string, string>) =>
      load({ files: { [name]: text }, env, ...name === 'sync.json' ? { configFile: name } : {} });
    const silent = read({});
    assert.equal(silent.write.timeZone, 'Europe/Berlin');
    assert.match(silent.notes.join(), /^TZ is not set, .*Europe\/Berlin, as immich-metadata-sync does/);
    const chosen = read({ TZ: 'Asia/Tokyo' });
    assert.deepEqual([chosen.write.timeZone, chosen.notes], ['Asia/Tokyo', []]);
  });
}

Deno.test("without TZ nobody else's photos are said to be from anywhere", () => {
  for (
    const env of [{}, { IMMICH_PHOTO_DIR: '/library' }, { IMMICH_API_URL: 'http://localhost:2283', WRITE_TO: 'both' }]
  ) {
    assert.equal(load({ env }).write.timeZone, undefined);
  }
});
