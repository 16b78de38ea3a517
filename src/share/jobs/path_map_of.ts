import { existsSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { PathMap, type Root } from '../../files/path_map.ts';
import type { ImmichInstance } from '../../immich/instance.ts';

/** PATH_MAP first, then the two directories every installation has. */
export function pathMapOf(config: Config, instance: ImmichInstance, hasExternalLinks: boolean): PathMap {
  const roots: Root[] = [...config.pathMap];
  roots.push({ immich: instance.mediaLocation, local: config.uploadLocation ?? instance.mediaLocation });
  const local = config.externalLibraryDir ?? config.externalLibraryMount;
  const needsExternal = config.externalLibraryDir !== undefined || hasExternalLinks ||
    config.jobs.some((job) =>
      [job.sourcePathPrefix, job.targetPathPrefix].some((path) =>
        path?.startsWith(`${config.externalLibraryMount}/`)
      ) ||
      // An album may hold photos of libraries as well, if there are any.
      (job.select !== undefined && existsSync(local))
    ) ||
    (config.sharedAlbums !== undefined &&
      (existsSync(local) ||
        config.sharedAlbums.directories.some((path) => path.startsWith(`${config.externalLibraryMount}/`))));
  if (needsExternal) {
    roots.push({ immich: config.externalLibraryMount, local });
  }
  return new PathMap(roots);
}
