import { databaseUrl, sslMode } from './database_values.ts';
import { databaseHost, httpUrl } from './hosts.ts';
import type { Setting } from './setting.ts';
import {
  apiKey,
  choice,
  directory,
  filePath,
  flag,
  localDirectory,
  password,
  pathMap,
  wholeNumber,
  word,
} from './values.ts';
import { SERVICE_SETTINGS } from './service_settings.ts';
import { SHARE_SETTINGS } from './share_settings.ts';
import { WRITE_SETTINGS } from './write_settings.ts';

export { type Setting, SETTING_GROUPS } from './setting.ts';

/** Longer timers than 2^31 - 1 ms fire at once in JavaScript, which would make the longest interval the shortest. */
const LONGEST_INTERVAL_SECONDS = 2_147_483;

/**
 * Every setting by its name in the environment; the YAML key is the same in lower case. Parsing, the list of known
 * names, `.env.example` and `docs/configuration.md` all come from here.
 */
export const SETTINGS = Object.freeze(
  {
    DB_HOSTNAME: {
      label: 'Host of the database',
      group: 'database',
      type: databaseHost,
      default: 'localhost',
      description: "The host of Immich's PostgreSQL server, or the directory of its socket, such as /run/postgresql.",
    },
    DB_PORT: {
      label: 'Port of the database',
      group: 'database',
      type: wholeNumber(1, 65_535),
      default: '5432',
      description: 'Its port.',
    },
    DB_USERNAME: {
      label: 'User of the database',
      group: 'database',
      type: word,
      default: 'postgres',
      description: 'The user to connect as. `doctor` prints the SQL for one with just the rights that are needed.',
    },
    DB_PASSWORD: {
      label: 'Password of the database',
      group: 'database',
      type: password,
      default: 'postgres',
      secret: true,
      description: "The password of that user, the same as in Immich's own .env.",
    },
    DB_DATABASE_NAME: {
      label: 'Name of the database',
      group: 'database',
      type: word,
      default: 'immich',
      description: "The name of Immich's database.",
    },
    DB_URL: {
      label: 'Address of the database',
      group: 'database',
      type: databaseUrl,
      example: 'postgresql://postgres:secret@immich_postgres:5432/immich',
      secret: true,
      description:
        'All of the above in one, as Immich reads it; the others are ignored then, and so is DB_SSL_MODE. As in Immich, sslmode=require and ' +
        'anything else but disable and no-verify verifies the certificate.',
    },
    DB_SSL_MODE: {
      label: 'Encryption of the connection',
      group: 'database',
      type: sslMode,
      default: 'disable',
      description:
        'Whether the connection is encrypted: disable, prefer (if the server can), require, verify-ca (and its certificate is signed by an ' +
        'authority that is trusted), verify-full (and it is for this host). allow is the same as prefer.',
    },
    DB_SSL_ROOT_CERT: {
      label: 'Trusted certificates',
      group: 'database',
      type: filePath,
      example: 'ca.pem',
      description:
        'The certificates of the authorities that verify-ca and verify-full trust. Unset means: the usual ones.',
    },
    DB_MAX_CONNECTIONS: {
      label: 'Most connections to the database',
      group: 'database',
      type: wholeNumber(1, 10),
      example: '4',
      description:
        'How many connections may be open at once: one that holds the lock, one that plans, the rest copy. 1 is enough, ' +
        'but a first copy then uses one core only. Unset means: 4, or two more than VECTOR_WORKERS if that is more.',
    },
    VECTOR_WORKERS: {
      label: 'Connections that copy embeddings',
      group: 'database',
      type: wholeNumber(1, 8),
      example: '2',
      description:
        'How many connections copy embeddings at once; with a vector index that takes longer than all the rest. Unset ' +
        'means: as many as there are cores, up to 8. DB_MAX_CONNECTIONS limits it.',
    },

    DB_WAIT_SECONDS: {
      label: 'Wait for the database, in seconds',
      group: 'database',
      type: wholeNumber(0, 3_600),
      default: '60',
      description:
        'How long a command waits for a database that is away, or that Immich is migrating. serve waits as long as it takes.',
    },

    IMMICH_API_URL: {
      label: 'Address of Immich',
      group: 'immich',
      type: httpUrl,
      default: 'http://immich_server:2283',
      description: 'The address of the Immich server. A trailing slash or /api is taken off.',
    },
    IMMICH_INSTANCE_URL: {
      label: 'Address of Immich, another name',
      group: 'immich',
      type: httpUrl,
      example: 'http://immich_server:2283',
      description: 'Another name for IMMICH_API_URL. If both are set, they must agree.',
    },
    IMMICH_PUBLIC_URL: {
      label: 'Address of Immich in a browser',
      group: 'immich',
      type: httpUrl,
      example: 'https://photos.example.com',
      description:
        'The address of Immich in a browser, for the links of the dashboard. Unset means: IMMICH_API_URL, if a browser can know it.',
    },
    IMMICH_API_KEY: {
      label: 'API key of Immich',
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
      label: 'Upload directory here',
      group: 'files',
      type: localDirectory,
      example: '../immich-app/library',
      description:
        "Immich's upload directory as this program sees it; a relative path starts at the working directory. " +
        'Unset means: at the same path as in Immich.',
    },
    UPLOAD_LOCATION_MOUNT: {
      label: 'Upload directory in Immich',
      group: 'files',
      type: directory,
      example: '/data',
      description: 'The same directory as Immich sees it. Unset means: ask the database.',
    },
    EXTERNAL_LIBRARY_DIR: {
      label: 'External libraries here',
      group: 'files',
      type: localDirectory,
      example: '../immich-app/external_library',
      description:
        'The directory of the external libraries as this program sees it. Unset means: at the same path as in Immich.',
    },
    EXTERNAL_LIBRARY_MOUNT: {
      label: 'External libraries in Immich',
      group: 'files',
      type: directory,
      default: '/external_library',
      description: 'The same directory as Immich sees it.',
    },
    PATH_MAP: {
      label: 'More directories with two names',
      group: 'files',
      type: pathMap,
      example: '/data=/mnt/photos,/other=/mnt/other',
      description:
        "More directories with two names, Immich's first: /data=/mnt/photos,/other=/mnt/other. In the YAML file " +
        'also a mapping. They are tried before the settings above.',
    },

    ...SHARE_SETTINGS,

    ...WRITE_SETTINGS,

    ...SERVICE_SETTINGS,

    SYNC_INTERVAL_SECONDS: {
      label: 'Seconds between syncs',
      group: 'program',
      type: wholeNumber(5, LONGEST_INTERVAL_SECONDS),
      default: '60',
      description: 'Seconds from the end of one sync to the beginning of the next.',
    },
    RECONCILE_HOURS: {
      label: 'Hours between full syncs',
      group: 'program',
      type: wholeNumber(1, 168),
      default: '6',
      description:
        'Hours between full syncs, which look at every shared photo and its files. The syncs between them look at what has changed.',
    },
    OFFLINE_GRACE_HOURS: {
      label: 'Hours that photos without a file stay',
      group: 'program',
      type: wholeNumber(0, 8_760),
      default: '24',
      description:
        'Hours for which a shared photo stays although Immich does not find its file any more, as when a disk is not mounted. ' +
        'Photos that were trashed, deleted or locked go at once.',
    },
    BRAKE_PERCENT: {
      label: 'Pause above this percentage of removals',
      group: 'program',
      type: wholeNumber(0, 100),
      default: '20',
      description:
        'A sync that would remove more than this percentage of what a share has, because the originals are gone, does not: ' +
        'a disk may not be mounted. It keeps everything until somebody confirms it (docs/invariants.md).',
    },
    BRAKE_MINIMUM: {
      label: 'Removals that are always allowed',
      group: 'program',
      type: wholeNumber(0, 1_000_000),
      default: '50',
      description:
        'So many may always go at once, whatever the percentage, unless they are all that a share has (and at least ten).',
    },
    LOG_LEVEL: {
      label: 'Least important messages',
      group: 'program',
      type: choice('DEBUG', 'INFO', 'WARNING', 'ERROR'),
      default: 'INFO',
      description: 'The least important messages to print: DEBUG, INFO, WARNING or ERROR.',
    },
    LOG_FORMAT: {
      label: 'Form of the log',
      group: 'program',
      type: choice('text', 'json'),
      default: 'text',
      description: 'text for people, json for one JSON object a line.',
    },
    IMMICH_LOG_FORMAT: {
      label: 'Form of the log, another name',
      group: 'program',
      // Immich has a variable of this name with its own word for plain text, and people share one .env.
      type: choice('text', 'console', 'json'),
      example: 'json',
      description: 'Another name for LOG_FORMAT, used when that is not set.',
    },
    IMMICH_STRUCTURED_LOGS: {
      label: 'Log as JSON',
      group: 'program',
      type: flag,
      example: 'true',
      description: 'true is the same as LOG_FORMAT=json, used when neither of the two above is set.',
    },
    CONFIG_FILE: {
      label: 'Configuration file',
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

/** Whether a setting may be written as a list. `name` is perhaps no setting, but the NAME_FILE of one. */
export function isListSetting(name: string): boolean {
  return (SETTINGS as Readonly<Record<string, Setting | undefined>>)[name]?.isList === true;
}

/** All names, in the order of the registry. */
export const SETTING_NAMES = Object.freeze(Object.keys(SETTINGS) as SettingName[]);

/** What the environment may hold: every setting, and `NAME_FILE` for every secret. */
export const ENVIRONMENT_NAMES: readonly string[] = Object.freeze(
  SETTING_NAMES.flatMap((name) => settingOf(name).secret === true ? [name, `${name}_FILE`] : [name]),
);
