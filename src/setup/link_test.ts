import { existsSync } from 'node:fs';
import { type LinkObstacle, linkObstacle } from '../files/link_obstacle.ts';
import { Linker } from '../files/linker.ts';
import { type PathMap } from '../files/path_map.ts';
import { asFileProblem } from '../files/problem.ts';
import type { FileReason } from '../problems/codes.ts';
import { nearestDirectory } from '../files/nearest.ts';

/** The same name as that of the test before each cycle, so that one that stayed is found by the next. */
const PROBE_NAME = '.immich-sidecar-probe';

/** How many files and directories are looked at to find one file to link. */
const LOOKED_AT = 2_000;

export type LinkTest =
  /** A link was made and removed; or, as there is no file yet, both directories are on one file system. */
  | { readonly isPossible: true }
  | {
    readonly isPossible: false;
    readonly reason: FileReason | LinkObstacle;
    readonly from: string;
    readonly to: string;
  };

/**
 * Whether a hard link can be made from a file in one real directory to another directory, or to the nearest one above it
 * that exists: makes one and removes it. Directories as this program sees them.
 */
export function testLink(source: string, target: string, paths: PathMap): LinkTest {
  const linker = new Linker(paths.roots.map(({ local }) => local));
  const to = nearestDirectory(target);
  const probe = `${to}/${PROBE_NAME}`;
  try {
    const file = firstFile(source);
    if (existsSync(probe)) linker.remove(probe, to);
    if (file === undefined) {
      const isSame = Deno.statSync(source).dev === Deno.statSync(to).dev;
      return isSame ? { isPossible: true } : { isPossible: false, reason: 'other-filesystem', from: source, to };
    }
    linker.link(linker.inspect(file), probe);
    linker.remove(probe, to);
    return { isPossible: true };
  } catch (error) {
    const problem = asFileProblem(error, probe);
    return { isPossible: false, reason: linkObstacle(problem, to) ?? problem.reason, from: source, to };
  }
}

/** Directories with files below one that are on other disks than it, as mounts inside it are: where links lead from it, none leads from these. */
export function otherDisksIn(directory: string): string[] {
  try {
    const others = [...look(directory)].filter(({ isOtherDisk }) => isOtherDisk);
    return others.map(({ path }) => path).filter((path) => firstFile(path) !== undefined);
  } catch {
    return []; // what cannot be read is told by others
  }
}

/** Some regular file in a directory or below it; undefined when none of the first few thousand entries is one. */
function firstFile(directory: string): string | undefined {
  for (const { path, isFile } of look(directory)) if (isFile) return path;
  return undefined;
}

/** What is in a directory and below it, on its own disk; of other disks, the directory that is their root there. */
function* look(
  directory: string,
): Generator<{ readonly path: string; readonly isFile: boolean; readonly isOtherDisk: boolean }> {
  const disk = Deno.statSync(directory).dev;
  const waiting = [directory];
  for (let looked = 0; waiting.length > 0 && looked < LOOKED_AT;) {
    const current = waiting.shift() ?? '';
    for (const { name, isFile, isDirectory } of Deno.readDirSync(current)) {
      const path = `${current}/${name}`;
      const isOtherDisk = isDirectory && Deno.lstatSync(path).dev !== disk;
      yield { path, isFile, isOtherDisk };
      if (isDirectory && !isOtherDisk) waiting.push(path);
      if (++looked >= LOOKED_AT) break;
    }
  }
}
