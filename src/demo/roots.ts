import type { Config } from '../config/config.ts';
import { PathMap } from '../files/path_map.ts';

/** Where the demo's Immich believes its media and its external libraries to be; on this machine they lie elsewhere. */
export const MEDIA_LOCATION = '/data';
export const EXTERNAL_ROOT = '/external_library';

/** The path map of a generated library's configuration. */
export function demoPaths(config: Config): PathMap {
  return new PathMap([
    { immich: MEDIA_LOCATION, local: config.uploadLocation ?? MEDIA_LOCATION },
    { immich: EXTERNAL_ROOT, local: config.externalLibraryDir ?? EXTERNAL_ROOT },
  ]);
}
