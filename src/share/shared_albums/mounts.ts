import type { SharedMount } from '../../config/config.ts';
import type { PathMap } from '../../files/path_map.ts';

/**
 * Which of several directories takes the originals below which roots: each directory those of the root that it lies in itself, as hard links do
 * not lead from one mount to another; the first also all that have none. Undefined for a single directory, which takes everything. Pure.
 */
export function mountsOf(directories: readonly string[], paths: PathMap): readonly (SharedMount | undefined)[] {
  if (directories.length < 2) return directories.map(() => undefined);
  const taken = new Set<string>();
  const rootOf = directories.map((directory) => {
    const root = paths.rootOf(directory.slice(0, -1))?.immich;
    const path = root === undefined ? undefined : root === '/' ? root : `${root}/`;
    if (path === undefined || taken.has(path)) return [];
    taken.add(path);
    return [path];
  });
  return rootOf.map((roots, index) => ({
    roots,
    others: rootOf.filter((_, other) => other !== index).flat(),
    isRest: index === 0,
  }));
}
