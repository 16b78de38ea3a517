import { SIDECAR_NAMES } from './destination.ts';
import type { Setting } from './setting.ts';
import {
  choice,
  destination,
  filePath,
  flag,
  localDirectory,
  regionKinds,
  timeZone,
  userIds,
  wholeNumber,
} from './values.ts';

/** Ten years: longer than anybody means, and far below what a number can hold. */
const LONGEST_CACHE_SECONDS = 315_360_000;

/** Somebody who means more has files that are never at rest. */
const LONGEST_SETTLE_SECONDS = 86_400;

/** The settings of write-back, as part of the registry in settings.ts. */
export const WRITE_SETTINGS = Object.freeze(
  {
    WRITE_TO: {
      label: 'Where tags are written',
      group: 'write',
      type: destination,
      default: 'embed',
      description:
        'Where tags go: embed (into the photo or video itself), sidecar (into photo.jpg.xmp beside it), or both; a sidecar that is ' +
        'there already is always kept in step. Or tree:DIRECTORY: into sidecars in a directory of their own, and the library is only read.',
    },
    WRITE_SIDECAR_NAME: {
      label: 'Name of sidecars',
      group: 'write',
      type: choice(...SIDECAR_NAMES),
      default: 'photo.jpg.xmp',
      description:
        'How a new sidecar beside photo.jpg is called: photo.jpg.xmp, as Immich itself calls its own, or photo.xmp, as Adobe programs do; it then says in ' +
        'photoshop:SidecarForExtension whose it is. Where photo.dng lies beside it, too, each gets a name of its own in any case. Sidecars that are there keep their names.',
    },
    WRITE_SOURCE: {
      label: 'Where the tags come from',
      group: 'write',
      type: choice('api', 'database'),
      default: 'api',
      description:
        "Where the knowledge comes from: api (Immich's REST API; the owner of IMMICH_API_KEY) or database (faster; every user).",
    },
    WRITE_USER_IDS: {
      label: 'Whose photos are written',
      group: 'write',
      type: userIds,
      example: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
      description: 'With WRITE_SOURCE=database: only these users, separated by commas. Unset means: every user.',
    },
    IMMICH_PHOTO_DIR: {
      label: 'Photo library here',
      group: 'write',
      type: localDirectory,
      default: '/library',
      description:
        'Where the photo library is mounted. Files that no PATH_MAP, UPLOAD_LOCATION or EXTERNAL_LIBRARY_DIR covers are ' +
        'looked for in it, by the end of their path.',
    },
    PHOTO_DIR: {
      label: 'Photo library here, another name',
      group: 'write',
      type: localDirectory,
      example: '/library',
      description: 'Another name for IMMICH_PHOTO_DIR, used when that is not set.',
    },
    IMMICH_PATH_SEGMENTS: {
      label: 'Names of a path that are compared',
      group: 'write',
      type: wholeNumber(1, 10),
      default: '3',
      description:
        "How many names at the end of Immich's path are looked for in IMMICH_PHOTO_DIR: with 3, /data/library/alice/2024/a.jpg " +
        'is alice/2024/a.jpg in it. A PATH_MAP says the same without counting.',
    },
    TZ: {
      label: 'Time zone',
      group: 'write',
      type: timeZone,
      example: 'Europe/Berlin',
      description:
        'The time zone of photos of which neither Immich nor their file knows one. Unset means: their dates are written without an offset. ' +
        'A configuration of immich-metadata-sync without it means Europe/Berlin. It is also the zone of WRITE_SCHEDULE, else that of this machine.',
    },
    CAPTION_MAX_LEN: {
      label: 'Longest description',
      group: 'write',
      type: wholeNumber(1, 1_000_000),
      default: '2000',
      description: 'Longer descriptions are cut off after so many characters.',
    },
    IMMICH_ALBUM_CACHE_TTL: {
      label: 'Seconds that albums are remembered',
      group: 'write',
      type: wholeNumber(0, LONGEST_CACHE_SECONDS),
      default: '86400',
      description: 'For how many seconds the albums are remembered before the API is asked again; 0 asks every time.',
    },
    IMMICH_ALBUM_CACHE_MAX_STALE: {
      label: 'Oldest remembered albums, in seconds',
      group: 'write',
      type: wholeNumber(0, LONGEST_CACHE_SECONDS),
      default: '604800',
      description: 'How old the remembered albums may be, in seconds, to be used when the API cannot tell them.',
    },
    IMMICH_ASSET_BATCH_SIZE: {
      label: 'Photos asked for at a time',
      group: 'write',
      type: wholeNumber(1, 1_000),
      default: '1000',
      description: 'How many assets are asked for at a time. Less takes longer and needs less memory.',
    },
    IMMICH_SEARCH_PAGE_SIZE: {
      label: 'Photos on a page (no effect)',
      group: 'write',
      type: wholeNumber(1, 1_000_000),
      example: '200',
      description:
        'For configurations of immich-metadata-sync. It has no effect: IMMICH_ASSET_BATCH_SIZE says it already.',
    },
    WRITE_API_CONCURRENCY: {
      label: 'Requests to Immich at once',
      group: 'write',
      type: wholeNumber(1, 32),
      default: '4',
      description: 'How many requests may be on their way to Immich at once.',
    },
    WRITE_WORKERS: {
      label: 'ExifTool processes',
      group: 'write',
      type: wholeNumber(1, 64),
      example: '2',
      description: 'How many ExifTool processes work at once. Unset means: one for each processor core.',
    },
    WRITE_INTO_SHARED: {
      label: 'Albums and tags into shared photos',
      group: 'write',
      type: flag,
      default: 'false',
      description:
        'Whether albums and tags are also written into the files of shared photos, which the receiving user has too: they see how the ' +
        'albums are called. Without it these two are left out there.',
    },
    WRITE_REGIONS: {
      label: 'Form of face regions',
      group: 'write',
      type: regionKinds,
      default: 'mwg',
      description:
        "In which ways faces are written (--face-coordinates), separated by commas: mwg (the Metadata Working Group's, which most programs read), mp (Microsoft's). " +
        'Where a file has regions in the way of Microsoft they are kept in step in any case.',
    },
    WRITE_SETTLE_SECONDS: {
      label: 'Seconds that a file must be at rest',
      group: 'write',
      type: wholeNumber(0, LONGEST_SETTLE_SECONDS),
      // Copies over a network pause for half a minute when a disk has to wake up.
      default: '60',
      description:
        'A file that was changed less than so many seconds ago may still be on its way to the library: it is left for the end of the run, ' +
        'and then for the next one. 0: every file is written at once.',
    },
    WRITE_UNDO_DAYS: {
      label: 'Days that writing can be undone',
      group: 'write',
      type: wholeNumber(1, 36_500),
      example: '90',
      description:
        'For so many days what was written can be undone; what is older goes at the end of each run that finishes. Unset means: it is kept, ' +
        'until `undo --discard` takes it away.',
    },
    WRITE_STATE_DIR: {
      label: 'Directory of the history',
      group: 'write',
      type: localDirectory,
      default: '.immich-sidecar',
      description:
        'Where the history is kept: what was written into which file, the means to undo it, and the album cache; and the number of the mark by ' +
        'which sync goes on where the last one has stopped. A relative path starts at the working directory.',
    },
    EXIFTOOL_PATH: {
      label: 'Another ExifTool',
      group: 'write',
      type: filePath,
      example: '/usr/bin/exiftool',
      description: 'Another ExifTool than the one that this program brings along.',
    },
    IMMICH_LOG_FILE: {
      label: 'Log file of write-back',
      group: 'write',
      type: filePath,
      default: 'immich_ultra_sync.txt',
      description: 'The file that a write-back run appends its log to.',
    },
    LOG_FILE: {
      label: 'Log file of write-back, another name',
      group: 'write',
      type: filePath,
      example: 'immich_ultra_sync.txt',
      description: 'Another name for IMMICH_LOG_FILE, used when that is not set.',
    },
  } as const satisfies Record<string, Setting>,
);
