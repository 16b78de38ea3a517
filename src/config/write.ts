import { resolve } from 'node:path';
import { type Destination, inTree, treeOf } from './destination.ts';
import type { WriteConfig } from './config.ts';
import { SettingsReader } from './reader.ts';
import type { SettingName } from './settings.ts';

/** Nobody sets these who only shares; the others may come with an image or a unit. */
const OF_WRITE_BACK: readonly SettingName[] = [
  'WRITE_TO',
  'WRITE_SOURCE',
  'WRITE_USER_IDS',
  'WRITE_SCHEDULE',
  'WRITE_MODULES',
  'IMMICH_PHOTO_DIR',
  'PHOTO_DIR',
];

/** What immich-metadata-sync takes for the zone of photos when nobody says one. */
export const METADATA_SYNC_ZONE = 'Europe/Berlin';

/**
 * The settings of write-back; relative paths start at `cwd`.
 *
 * @param isOfMetadataSync whether the configuration is one of immich-metadata-sync, which has a default zone
 */
export function readWriteConfig(settings: SettingsReader, cwd: string, isOfMetadataSync = false): WriteConfig {
  const timeZone = settings.read('TZ') ?? (isOfMetadataSync ? METADATA_SYNC_ZONE : undefined);
  const exiftoolPath = settings.read('EXIFTOOL_PATH');
  return {
    isMentioned: OF_WRITE_BACK.some((name) => settings.find(name) !== undefined),
    source: settings.read('WRITE_SOURCE'),
    destination: resolved(settings.read('WRITE_TO'), cwd),
    sidecarName: settings.read('WRITE_SIDECAR_NAME'),
    userIds: settings.read('WRITE_USER_IDS') ?? [],
    photoDir: resolve(cwd, eitherName(settings, 'IMMICH_PHOTO_DIR', 'PHOTO_DIR')),
    pathSegments: settings.read('IMMICH_PATH_SEGMENTS'),
    timeZone,
    scheduleZone: timeZone ?? Temporal.Now.timeZoneId(),
    captionMaxLength: settings.read('CAPTION_MAX_LEN'),
    albumCache: {
      ttlSeconds: settings.read('IMMICH_ALBUM_CACHE_TTL'),
      maxStaleSeconds: settings.read('IMMICH_ALBUM_CACHE_MAX_STALE'),
    },
    batchSize: settings.read('IMMICH_ASSET_BATCH_SIZE'),
    apiConcurrency: settings.read('WRITE_API_CONCURRENCY'),
    workers: settings.read('WRITE_WORKERS'),
    intoShared: settings.read('WRITE_INTO_SHARED'),
    regions: settings.read('WRITE_REGIONS'),
    settleSeconds: settings.read('WRITE_SETTLE_SECONDS'),
    undoDays: settings.read('WRITE_UNDO_DAYS'),
    stateDirectory: resolve(cwd, settings.read('WRITE_STATE_DIR')),
    // A bare name is looked for in PATH.
    exiftoolPath: exiftoolPath?.includes('/') ? resolve(cwd, exiftoolPath) : exiftoolPath,
    logFile: resolve(cwd, eitherName(settings, 'IMMICH_LOG_FILE', 'LOG_FILE')),
    schedule: settings.read('WRITE_SCHEDULE'),
    window: settings.read('WRITE_WINDOW'),
    modules: settings.read('WRITE_MODULES'),
  };
}

/** With an absolute path. */
function resolved(destination: Destination, cwd: string): Destination {
  const tree = treeOf(destination);
  return tree === undefined ? destination : inTree(resolve(cwd, tree));
}

/** What these settings are when nobody says anything. */
export function defaultWriteConfig(cwd: string): WriteConfig {
  return readWriteConfig(new SettingsReader([], cwd, []), cwd);
}

/** The value under the first name if that was set, else under the second, else the default of the first. */
function eitherName(
  settings: SettingsReader,
  name: 'IMMICH_PHOTO_DIR' | 'IMMICH_LOG_FILE',
  synonym: 'PHOTO_DIR' | 'LOG_FILE',
): string {
  const value = settings.read(name);
  const other = settings.read(synonym);
  return settings.find(name) === undefined ? other ?? value : value;
}
