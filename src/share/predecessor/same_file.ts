import { sameFile } from '../../files/identity.ts';
import type { PathMap } from '../../files/path_map.ts';

/** Whether two paths of Immich's are two names of one file. */
export function isSameFile(path: string, other: string, paths: PathMap): boolean {
  const [local, otherLocal] = [paths.toLocal(path), paths.toLocal(other)];
  return local !== undefined && otherLocal !== undefined && local !== otherLocal && sameFile(local, otherLocal);
}
