import { dirname } from 'node:path/posix';
import { isBelow, isPlainPath } from '../../files/path_map.ts';
import { ownerDirectoryOf } from '../../immich/layout.ts';

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
function homeOf(path: string, links: readonly Link[]): Link | undefined {
  if (!isPlainPath(path)) return undefined;
  return links.find((link) => dirname(path) === dirname(link.path) || isBelow(path, hiddenDirectory(link) ?? path));
}

/**
 * Up to where directories above a file are removed with it that a row of this mirror names: where the mirror is at home, or where Immich puts what it makes of this very asset, such as a
 * video that it has transcoded of the mirror alone. undefined anywhere else.
 */
export function keepOfNamed(
  path: string,
  mirror: { readonly id: string; readonly ownerId: string },
  links: readonly Link[],
): string | undefined {
  return homeOf(path, links)?.keep ?? (isPlainPath(path) ? ownerDirectoryOf(path, mirror) : undefined);
}

/** The directory just above which pruning ends, if Immich's crawler passes over it: everything in there is ours. */
export function hiddenDirectory({ path, keep }: Link): string | undefined {
  const name = path.slice(keep.length + 1).split('/', 1)[0] ?? '';
  return name.startsWith('.') ? `${keep}/${name}` : undefined;
}
