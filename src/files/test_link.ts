import type { SourceFile } from './identity.ts';
import { linkObstacle } from './link_obstacle.ts';
import type { Linker } from './linker.ts';
import { nearestDirectory } from './nearest.ts';
import { asFileProblem } from './problem.ts';

/** The name of a link that is made to be removed: always the same, so that one that stayed is found. */
export const TEST_LINK = '.immich-sidecar-probe';

/**
 * Whether this file can have another name in a directory. Makes one there, or in the nearest directory above it that is there, and removes it: only
 * the kernel knows, as two mounts of one disk refuse links as two disks do. Throws FileProblem for what keeps copies away, too.
 */
export function canLink(linker: Linker, source: SourceFile, directory: string): boolean {
  const existing = nearestDirectory(directory);
  const test = `${existing}/${TEST_LINK}`;
  try {
    linker.remove(test, existing);
    linker.link(source, test);
    linker.remove(test, existing);
    return true;
  } catch (error) {
    const problem = asFileProblem(error, test);
    if (problem.reason === 'other-filesystem' || linkObstacle(problem, existing) !== undefined) return false;
    throw problem;
  }
}
