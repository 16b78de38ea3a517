import { dirname } from 'node:path/posix';
import { RefusedError } from '../errors.ts';
import { codeOf } from '../files/problem.ts';
import { isBelow } from '../files/path_map.ts';
import { type Destination, treeOf } from '../config/destination.ts';
import { assertInPlace } from './in_place.ts';

/**
 * Sidecars in directories of their own, for originals beside which nothing may be written. Each lies where Immich's path of its original
 * leads below the root, so that no two originals share one, however their disks are mounted here: `/data/library/alice/a.jpg` has
 * `<root>/data/library/alice/a.jpg.xmp`.
 */
export class SidecarTree {
  /** Without symbolic links in it. */
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /**
   * The tree of a destination; undefined when that has none. Throws RefusedError when its root is not there, as a disk that is away would
   * else be written beside, or lies among the originals.
   *
   * @param libraries directories with originals, as far as they exist, without symbolic links
   */
  static open(destination: Destination, libraries: readonly string[]): SidecarTree | undefined {
    const configured = treeOf(destination);
    if (configured === undefined) return undefined;
    const root = realDirectory(configured);
    if (root === undefined) {
      throw new RefusedError(`There is no directory ${JSON.stringify(configured)} for the tree of sidecars.`, {
        problemCode: 'tree-away',
        remedy: 'Mount its disk, or make the directory; WRITE_TO=tree:DIRECTORY names it.',
      });
    }
    const library = libraries.find((directory) => root === directory || isBelow(root, directory));
    if (library !== undefined) {
      throw new RefusedError(
        `The tree of sidecars at ${JSON.stringify(root)} lies among the originals in ${JSON.stringify(library)}.`,
        { problemCode: 'tree-away', remedy: 'Choose a directory that is outside the library, or WRITE_TO=sidecar.' },
      );
    }
    return new SidecarTree(root);
  }

  /** Where the sidecar of an original is, or would be. Takes a path of Immich's that `isPlainPath` calls plain. */
  placeOf(immichPath: string): string {
    return `${this.root}${immichPath}.xmp`;
  }

  /** Makes the directories of a sidecar. Throws WriteProblem where a symbolic link stands in their place, else what the system says. */
  makeRoom(path: string): void {
    if (!isBelow(path, this.root)) return;
    for (const directory of this.#directoriesOf(path)) {
      assertInPlace(directory);
      try {
        Deno.mkdirSync(directory);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
  }

  /** Removes the directories of a sidecar that is gone, as far as nothing is in them; one elsewhere is none of the tree's. */
  tidy(path: string): void {
    if (!isBelow(path, this.root)) return;
    for (const directory of this.#directoriesOf(path).reverse()) {
      try {
        assertInPlace(directory);
        Deno.removeSync(directory);
      } catch {
        return; // something lies in it, or it is not ours to remove
      }
    }
  }

  /** Those below the root, the outer ones first. */
  #directoriesOf(path: string): string[] {
    const names = dirname(path).slice(this.root.length + 1).split('/');
    return names.map((_, index) => [this.root, ...names.slice(0, index + 1)].join('/'));
  }
}

function realDirectory(path: string): string | undefined {
  try {
    const real = Deno.realPathSync(path);
    return Deno.statSync(real).isDirectory ? real : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}
