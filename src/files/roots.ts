import { dirname } from 'node:path/posix';
import type { FileReason } from '../problems/codes.ts';
import { isBelow } from './path_map.ts';
import { asFileProblem, codeOf, FileProblem } from './problem.ts';

/** No kernel takes a longer path (Linux 4,096 bytes, macOS 1,024), and a directory is made one component at a time. */
export const LONGEST_PATH = 4_096;

/** A file of which this is said is not there, whatever it would be called. */
export const ABSENT: ReadonlySet<FileReason> = new Set(['missing', 'name-too-long']);

export interface RealRoot {
  /** As it is configured. */
  readonly path: string;
  /** Where it really was when the linker was made. */
  readonly real: string;
}

/** Throws FileProblem if what is there of an absent directory's path leads elsewhere. */
export function assertNotBehindLink(directory: string, root: RealRoot): void {
  for (let above = dirname(directory); isBelow(above, root.path); above = dirname(above)) {
    const real = ifThere(above, () => Deno.realPathSync(above));
    if (real === undefined) continue;
    if (real !== meantBy(above, root)) throw new FileProblem('outside-roots', directory);
    return;
  }
}

/** Where a directory below `root` must really be. */
export function meantBy(directory: string, root: RealRoot): string {
  return root.real === '/' ? directory : root.real + directory.slice(root.path.length);
}

/** Whether an error says only that something is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof FileProblem ? ABSENT.has(error.reason) : codeOf(error) === 'ENOENT';
}

/**
 * What a look at `path` says; undefined only if it is certain that nothing is there. A disk that gives an error has not said so, and who
 * takes that for an answer forgets a file that exists. Throws FileProblem.
 */
export function ifThere<T>(path: string, look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const problem = asFileProblem(error, path);
    if (ABSENT.has(problem.reason)) return undefined;
    throw problem;
  }
}

/** Throws FileProblem for a path that can be nowhere. */
export function assertPossible(path: string): void {
  if (path.length > LONGEST_PATH) throw new FileProblem('name-too-long', path);
}
