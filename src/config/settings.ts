import { databaseUrl, sslMode } from './database_values.ts';
import { databaseHost, httpUrl } from './hosts.ts';
import type { Setting } from './setting.ts';
import {
  albumId,
  apiKey,
  choice,
  directory,
  filePath,
  flag,
  libraryId,
  localDirectory,
  password,
  pathMap,
  pathPrefix,
  placement,
  requirement,
  shareEdited,
  userId,
  wholeNumber,
  word,
} from './values.ts';
import { SERVICE_SETTINGS } from './service_settings.ts';
import { WRITE_SETTINGS } from './write_settings.ts';

export { type Setting, SETTING_GROUPS } from './setting.ts';

/** Longer timers than 2^31 - 1 ms fire at once in JavaScript, which would make the longest interval the shortest. */
const LONGEST_INTERVAL_SECONDS = 2_147_483;

const ALICE = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const BOB = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
const LIBRARY = '11111111-1111-4111-8111-111111111111';
const UPLOAD_LIBRARY = '22222222-2222-4222-8222-222222222222';
const ALBUM = '33333333-3333-4333-8333-333333333333';

/**
 * Every setting by its name in the environment; the YAML key is the same in lower case. Parsing, the list of known
 * names, `.env.example` and `docs/configuration.md` all come from here.
 */
export const SETTINGS = Object.freeze(
  {
    DB_HOSTNAME: {
      group: 'database',
      type: databaseHost,
      default: 'localhost',
      description: "The host of Immich's PostgreSQL server, or the directory of its socket, such as /run/postgresql.",
    },
    DB_PORT: { group: 'database', type: wholeNumber(1, 65_535), default: '5432', description: 'Its port.' },
    DB_USERNAME: {
      group: 'database',
      type: word,
      default: 'postgres',
      description: 'The user to connect as. `doctor` prints the SQL for one with just the rights that are needed.',
    },
    DB_PASSWORD: {
      group: 'database',
      type: password,
      default: 'postgres',
      secret: true,
      description: "The password of that user, the same as in Immich's own .env.",
    },
    DB_DATABASE_NAME: {
      group: 'database',
      type: word,
      default: 'immich',
      description: "The name of Immich's database.",
    },
    DB_URL: {
      group: 'database',
      type: databaseUrl,
      example: 'postgresql://postgres:secret@immich_postgres:5432/immich',
      secret: true,
      description:
        'All of the above in one, as Immich reads it; the others are ignored then, and so is DB_SSL_MODE. As in Immich, sslmode=require and ' +
        'anything else but disable and no-verify verifies the certificate.',
    },
    DB_SSL_MODE: {
      group: 'database',
      type: sslMode,
      default: 'disable',
      description:
        'Whether the connection is encrypted: disable, prefer (if the server can), require, verify-ca (and its certificate is signed by an ' +
        'authority that is trusted), verify-full (and it is for this host). allow is the same as prefer.',
    },
    DB_SSL_ROOT_CERT: {
      group: 'database',
      type: filePath,
      example: 'ca.pem',
      description:
        'The certificates of the authorities that verify-ca and verify-full trust. Unset means: the usual ones.',
    },
    DB_MAX_CONNECTIONS: {
      group: 'database',
      type: wholeNumber(1, 10),
      example: '4',
      description:
        'How many connections may be open at once: one that holds the lock, one that plans, the rest copy. 1 is enough, ' +
        'but a first copy then uses one core only. Unset means: 4, or two more than VECTOR_WORKERS if that is more.',
    },
    VECTOR_WORKERS: {
      group: 'database',
      type: wholeNumber(1, 8),
      example: '2',
      description:
        'How many connections copy embeddings at once; with a vector index that takes longer than all the rest. Unset ' +
        'means: as many as there are cores, up to 8. DB_MAX_CONNECTIONS limits it.',
    },

    DB_WAIT_SECONDS: {
      group: 'database',
      type: wholeNumber(0, 3_600),
      default: '60',
      description:
        'How long a command waits for a database that is away, or that Immich is migrating. serve waits as long as it takes.',
    },

    IMMICH_API_URL: {
      group: 'immich',
      type: httpUrl,
      default: 'http://immich_server:2283',
      description: 'The address of the Immich server. A trailing slash or /api is taken off.',
    },
    IMMICH_INSTANCE_URL: {
      group: 'immich',
      type: httpUrl,
      example: 'http://immich_server:2283',
      description: 'Another name for IMMICH_API_URL. If both are set, they must agree.',
    },
    IMMICH_PUBLIC_URL: {
      group: 'immich',
      type: httpUrl,
      example: 'https://photos.example.com',
      description:
        'The address of Immich in a browser, for the links of the dashboard. Unset means: IMMICH_API_URL, if a browser can know it.',
    },
    IMMICH_API_KEY: {
      group: 'immich',
      type: apiKey,
      example: 'paste-your-key-here',
      secret: true,
      description:
        'An API key from Account Settings > API Keys in Immich. Writing back needs one with the permissions user.read and ' +
        'asset.read, and for --albums album.read, for --tags tag.read, for --face-coordinates face.read and ' +
        'asset.edit.get. Sharing works without one; one of an administrator with job.create lets Immich make thumbnails of ' +
        'people at once that cannot be made here.',
    },

    UPLOAD_LOCATION: {
      group: 'files',
      type: localDirectory,
      example: '../immich-app/library',
      description:
        "Immich's upload directory as this program sees it; a relative path starts at the working directory. " +
        'Unset means: at the same path as in Immich.',
    },
    UPLOAD_LOCATION_MOUNT: {
      group: 'files',
      type: directory,
      example: '/data',
      description: 'The same directory as Immich sees it. Unset means: ask the database.',
    },
    EXTERNAL_LIBRARY_DIR: {
      group: 'files',
      type: localDirectory,
      example: '../immich-app/external_library',
      description:
        'The directory of the external libraries as this program sees it. Unset means: at the same path as in Immich.',
    },
    EXTERNAL_LIBRARY_MOUNT: {
      group: 'files',
      type: directory,
      default: '/external_library',
      description: 'The same directory as Immich sees it.',
    },
    PATH_MAP: {
      group: 'files',
      type: pathMap,
      example: '/data=/mnt/photos,/other=/mnt/other',
      description:
        "More directories with two names, Immich's first: /data=/mnt/photos,/other=/mnt/other. In the YAML file " +
        'also a mapping. They are tried before the settings above.',
    },

    SOURCE_USER_ID: {
      group: 'external',
      type: userId,
      example: ALICE,
      description: 'The user whose external library is shared.',
    },
    TARGET_USER_ID: { group: 'external', type: userId, example: BOB, description: 'The user who receives the share.' },
    TARGET_LIBRARY_ID: {
      group: 'external',
      type: libraryId,
      example: LIBRARY,
      description:
        'An external library of the receiving user, made for this share: its import path contains nothing else.',
    },
    SHARED_PATH_PREFIX: {
      group: 'external',
      type: pathPrefix,
      example: '/external_library/alice/photos/',
      description: "Only what lies below this path is shared (Immich's view). Setting it turns the share on.",
    },
    TARGET_PATH_PREFIX: {
      group: 'external',
      type: pathPrefix,
      example: '/external_library/bob_shared/.alice/',
      description: "Where the shared files appear for the receiving user (Immich's view); best a hidden directory.",
    },

    UPLOAD_SOURCE_USER_ID: {
      group: 'upload',
      type: userId,
      example: ALICE,
      description: 'The user whose uploads are shared. Setting it turns the share on.',
    },
    UPLOAD_TARGET_USER_ID: {
      group: 'upload',
      type: userId,
      example: BOB,
      description: 'The user who receives them. Unset means: TARGET_USER_ID.',
    },
    UPLOAD_TARGET_LIBRARY_ID: {
      group: 'upload',
      type: libraryId,
      example: UPLOAD_LIBRARY,
      description: 'Another external library of the receiving user, whose import path holds the shared uploads.',
    },
    TARGET_UPLOAD_PATH_PREFIX: {
      group: 'upload',
      type: pathPrefix,
      example: '/data/shared/bob/.alice/',
      description: "Where the uploads appear for the receiving user (Immich's view); best a hidden directory.",
    },

    TARGET_ALBUM_ID: {
      group: 'both',
      type: albumId,
      example: ALBUM,
      description: 'An album of the receiving user into which everything shared by the two shares above is put.',
    },
    PLACEMENT: {
      group: 'both',
      type: placement,
      default: 'auto',
      description:
        'hardlink: each shared photo is a hard link of its own. symlink: it is seen through a symbolic link to the ' +
        "source's directory. copy: each is a file of its own, for disks that have no hard links, and takes its space a second time. " +
        'auto: symlink where the target path is, or lies behind, a symbolic link, else hardlink.',
    },
    INCLUDE_ARCHIVED: {
      group: 'both',
      type: flag,
      default: 'false',
      description: 'Whether archived photos are shared too.',
    },
    INCLUDE_HIDDEN: {
      group: 'both',
      type: flag,
      default: 'false',
      description: 'Whether hidden assets, such as the video of a live photo on its own, are shared too.',
    },
    SHARE_EDITED: {
      group: 'both',
      type: shareEdited,
      default: 'original',
      description:
        'What becomes of photos that were cropped, turned or mirrored in Immich. original: they are shared, and what is shared ' +
        'carries the whole original too, from which the receiver can undo the crop. skip: they are not shared.',
    },
    REQUIRE_CLIP: {
      group: 'both',
      type: requirement,
      default: 'auto',
      description:
        'Whether a photo waits for its smart-search data: required, ignored, or auto, which follows what Immich has turned on.',
    },
    REQUIRE_FACES: { group: 'both', type: requirement, default: 'auto', description: 'The same for face detection.' },
    REQUIRE_OCR: { group: 'both', type: requirement, default: 'auto', description: 'The same for text recognition.' },

    ...WRITE_SETTINGS,

    ...SERVICE_SETTINGS,

    SYNC_INTERVAL_SECONDS: {
      group: 'program',
      type: wholeNumber(5, LONGEST_INTERVAL_SECONDS),
      default: '60',
      description: 'Seconds from the end of one cycle to the beginning of the next.',
    },
    RECONCILE_HOURS: {
      group: 'program',
      type: wholeNumber(1, 168),
      default: '6',
      description:
        'Hours between full cycles, which look at every mirror and its files. The cycles between them look at what has changed.',
    },
    OFFLINE_GRACE_HOURS: {
      group: 'program',
      type: wholeNumber(0, 8_760),
      default: '24',
      description:
        'Hours for which a shared photo stays although Immich does not find its file any more, as when a disk is not mounted. ' +
        'Photos that were trashed, deleted or locked go at once.',
    },
    BRAKE_PERCENT: {
      group: 'program',
      type: wholeNumber(0, 100),
      default: '20',
      description:
        'A cycle that would remove more than this percentage of what a job shares, because the originals are gone, does not: ' +
        'a disk may not be mounted. It keeps everything until somebody confirms it (docs/invariants.md).',
    },
    BRAKE_MINIMUM: {
      group: 'program',
      type: wholeNumber(0, 1_000_000),
      default: '50',
      description:
        'So many may always go at once, whatever the percentage, unless they are all that a job shares (and at least ten).',
    },
    LOG_LEVEL: {
      group: 'program',
      type: choice('DEBUG', 'INFO', 'WARNING', 'ERROR'),
      default: 'INFO',
      description: 'The least important messages to print: DEBUG, INFO, WARNING or ERROR.',
    },
    LOG_FORMAT: {
      group: 'program',
      type: choice('text', 'json'),
      default: 'text',
      description: 'text for people, json for one JSON object a line.',
    },
    IMMICH_LOG_FORMAT: {
      group: 'program',
      // Immich has a variable of this name with its own word for plain text, and people share one .env.
      type: choice('text', 'console', 'json'),
      example: 'json',
      description: 'Another name for LOG_FORMAT, used when that is not set.',
    },
    IMMICH_STRUCTURED_LOGS: {
      group: 'program',
      type: flag,
      example: 'true',
      description: 'true is the same as LOG_FORMAT=json, used when neither of the two above is set.',
    },
    CONFIG_FILE: {
      group: 'program',
      type: filePath,
      example: 'config.yaml',
      yaml: false,
      description:
        'The configuration file to read (YAML, JSON, INI or .env). Unset means: config.yaml in the working directory, ' +
        'if there is one, else immich-sync.conf.',
    },
  } as const satisfies Record<string, Setting>,
);

export type SettingName = keyof typeof SETTINGS;

/** The setting with the type that all of them share, for code that does not care which one it is. */
export function settingOf(name: SettingName): Setting {
  return SETTINGS[name];
}

/** All names, in the order of the registry. */
export const SETTING_NAMES = Object.freeze(Object.keys(SETTINGS) as SettingName[]);

/** What the environment may hold: every setting, and `NAME_FILE` for every secret. */
export const ENVIRONMENT_NAMES: readonly string[] = Object.freeze(
  SETTING_NAMES.flatMap((name) => settingOf(name).secret === true ? [name, `${name}_FILE`] : [name]),
);
