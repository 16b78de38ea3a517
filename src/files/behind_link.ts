import { dirname } from 'node:path/posix';
import { type PathMap } from './path_map.ts';

/**
 * Whether a directory, as Immich sees it, is or lies behind a symbolic link below its root: then nobody can have meant hard links
 * in it, and immich-shared-library never said what it made. Looks at the disk; what is not there is no link.
 */
export function isBehindLink(directory: string, paths: PathMap): boolean {
  const path = directory.replace(/\/$/, '');
  const [root, local] = [paths.rootOf(path), paths.toLocal(path)];
  if (root === undefined || local === undefined) return false;
  for (let step = local; step !== root.local && step !== '/'; step = dirname(step)) {
    if (isLink(step)) return true;
  }
  return false;
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}
