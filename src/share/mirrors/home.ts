import { dirname } from 'node:path/posix';
import { isBelow, isPlainPath } from '../../files/path_map.ts';

/** A file of ours, as the journal knows it. */
interface Link {
  readonly path: string;
  readonly keep: string;
}

/**
 * Where a mirror with these links is at home: the link that says so of a path which only the database names, or undefined. Such a
 * path is believed in a directory where this very mirror has files of ours, and below a hidden directory of ours in which it has
 * some (its original may have moved on since); anywhere else the file may be the source's.
 */
export function homeOf(path: string, links: readonly Link[]): Link | undefined {
  if (!isPlainPath(path)) return undefined;
  return links.find((link) => dirname(path) === dirname(link.path) || isBelow(path, hiddenDirectory(link) ?? path));
}

/** The directory just above which pruning ends, if Immich's crawler passes over it: everything in there is ours. */
export function hiddenDirectory({ path, keep }: Link): string | undefined {
  const name = path.slice(keep.length + 1).split('/', 1)[0] ?? '';
  return name.startsWith('.') ? `${keep}/${name}` : undefined;
}
