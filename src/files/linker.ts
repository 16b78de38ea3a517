import { existsSync } from 'node:fs';
import { isBelow, nameOf, parentOf } from './path_map.ts';
import type { FileReason } from '../problems/codes.ts';
import { asFileProblem, codeOf, FileProblem } from './problem.ts';

/** What is known of a source file after it was checked. */
export interface SourceFile {
  /** Where the file really is, all symbolic links resolved. */
  readonly realPath: string;
  /** Whole milliseconds since the epoch; the fraction is cut off (Deno gives no finer time). */
  readonly mtimeMs: number;
  readonly size: number;
  readonly inode: number;
}

/** How many directories are remembered at a time: thumbnails spread over 65,536 of them, and memory must stay flat. */
const REMEMBERED_DIRECTORIES = 10_000;

/** No kernel takes a longer path (Linux 4,096 bytes, macOS 1,024), and a directory is checked one component at a time. */
const LONGEST_PATH = 4_096;

/** A file of which this is said is not there, whatever it would be called. */
const ABSENT: ReadonlySet<FileReason> = new Set(['missing', 'name-too-long']);

/**
 * Makes and removes hard links and copies, only ever below its roots: a source is used when its real path (symbolic links
 * resolved) lies below a root, a target directory when no component below its root is a symbolic link.
 *
 * All calls are synchronous: on a warm cache one link takes 15 µs where the asynchronous call takes 60, and a batch
 * runs while PostgreSQL copies the one before. What is known of directories is remembered for the life of the
 * object, so make a new one for each cycle.
 */
export class Linker {
  readonly #roots: readonly string[];
  readonly #realRoots: readonly string[];
  readonly #ownDirectories = new Set<string>();
  readonly #sourceDirectories = new Map<string, string>();

  /** `roots`: local directories; those that do not exist are left out (they cannot contain anything). */
  constructor(roots: readonly string[]) {
    // The innermost root first: one root inside another may itself be a symbolic link.
    this.#roots = roots.toSorted((a, b) => b.length - a.length);
    this.#realRoots = roots.flatMap((root) => {
      try {
        return [Deno.realPathSync(root)];
      } catch {
        return [];
      }
    });
  }

  /** Checks that `path` is a regular file inside the roots, following symbolic links. Throws FileProblem. */
  inspect(path: string): SourceFile {
    try {
      const name = nameOf(path);
      let realPath = `${this.#realDirectory(parentOf(path))}/${name}`;
      let info = Deno.lstatSync(realPath);
      if (info.isSymlink) {
        realPath = Deno.realPathSync(realPath);
        info = Deno.lstatSync(realPath);
      }
      if (!this.#realRoots.some((root) => isBelow(realPath, root))) throw new FileProblem('outside-roots', path);
      if (!info.isFile) throw new FileProblem('not-a-file', path);
      return { realPath, mtimeMs: info.mtime?.getTime() ?? 0, size: info.size, inode: info.ino ?? 0 };
    } catch (error) {
      throw asFileProblem(error, path);
    }
  }

  /** Whether `target` can become a name of `source`: nothing is there yet, or it already is this very file. */
  isFree(target: string, source: SourceFile): boolean {
    // existsSync takes 1.5 µs for what is not there, where lstatSync throws and takes 14. A dangling symbolic link looks
    // absent; link() then reports it.
    return !existsSync(target) || sameFile(source.realPath, target);
  }

  /**
   * Gives an inspected source a second name. A target that already is this very file counts as done; any other file
   * there is left alone and reported as `occupied`. Throws FileProblem.
   */
  link(source: SourceFile, target: string): void {
    this.#prepareDirectory(parentOf(target));
    try {
      Deno.linkSync(source.realPath, target);
    } catch (error) {
      if (codeOf(error) === 'EEXIST' && sameFile(source.realPath, target)) return;
      throw asFileProblem(error, target);
    }
  }

  /**
   * Lets `target` be a name of `source`, replacing what is there in one step, as a watcher that sees an unlink
   * would delete the asset (see docs/placements.md). Throws FileProblem. Returns whether anything was done.
   */
  replace(source: SourceFile, target: string): boolean {
    this.#prepareDirectory(parentOf(target));
    if (sameFile(source.realPath, target)) return false;
    putInPlace(target, (temporary) => Deno.linkSync(source.realPath, temporary));
    return true;
  }

  /**
   * Puts a copy of `source`, with its modification time, at `target`, replacing what is there in one step. One that is there
   * already is recognised by size and time. Throws FileProblem. Returns whether anything was done.
   */
  copy(source: SourceFile, target: string): boolean {
    this.#prepareDirectory(parentOf(target));
    if (this.isCopy(source, target)) return false;
    putInPlace(target, (temporary) => {
      Deno.copyFileSync(source.realPath, temporary);
      Deno.utimeSync(temporary, new Date(source.mtimeMs), new Date(source.mtimeMs));
    });
    return true;
  }

  /** Whether `target` is a file of its own with the size and time of `source`. */
  isCopy(source: SourceFile, target: string): boolean {
    try {
      const info = Deno.lstatSync(target);
      return info.isFile && info.ino !== source.inode && info.size === source.size &&
        info.mtime?.getTime() === source.mtimeMs;
    } catch {
      return false;
    }
  }

  /**
   * Removes one name of a file, and the directories that this leaves empty up to, not including, `keep` and the roots.
   * A path that runs through a symbolic link is somebody else's and throws FileProblem; an absent one is fine.
   *
   * `sparesLast`: a file that has no other name stays. What link() made has two names, so such a file is somebody
   * else's, or all that is left of a source that was deleted.
   */
  remove(target: string, keep: string, { sparesLast = false }: { readonly sparesLast?: boolean } = {}): void {
    const directory = parentOf(target);
    try {
      this.#assertOwn(directory);
      const info = Deno.lstatSync(target);
      if (info.isDirectory) throw new FileProblem('not-a-file', target);
      if (sparesLast && info.nlink === 1) return;
      Deno.removeSync(target);
    } catch (error) {
      const problem = asFileProblem(error, target);
      if (!ABSENT.has(problem.reason)) throw problem;
    }
    removeTemporary(directory);
    this.#removeEmptyDirectories(directory, keep);
  }

  /** Removes the directories around `target` that are empty, as after a link that could not be made; `keep` as in remove. */
  prune(target: string, keep: string): void {
    this.#removeEmptyDirectories(parentOf(target), keep);
  }

  /** Whether this path, seen through any symbolic links, is the very same file as `source`. */
  leadsTo(path: string, source: SourceFile): boolean {
    try {
      return Deno.realPathSync(path) === source.realPath;
    } catch {
      return false;
    }
  }

  /** Whether a directory is one of the roots or lies below one, going by its path alone. */
  contains(directory: string): boolean {
    return this.#roots.some((root) => directory === root || isBelow(directory, root));
  }

  #realDirectory(directory: string): string {
    let real = this.#sourceDirectories.get(directory);
    if (real === undefined) {
      real = Deno.realPathSync(directory);
      if (this.#sourceDirectories.size >= REMEMBERED_DIRECTORIES) this.#sourceDirectories.clear();
      this.#sourceDirectories.set(directory, real);
    }
    return real;
  }

  #rootOf(directory: string): string {
    const root = this.#roots.find((candidate) => directory === candidate || isBelow(directory, candidate));
    if (root === undefined || directory.includes('/../') || directory.endsWith('/..')) {
      throw new FileProblem('outside-roots', directory);
    }
    return root;
  }

  /** Creates `directory` below its root, one component at a time, refusing to walk through a symbolic link. */
  #prepareDirectory(directory: string): void {
    if (this.#ownDirectories.has(directory)) return;
    assertPossible(directory);
    const root = this.#rootOf(directory);
    if (directory !== root) {
      this.#prepareDirectory(parentOf(directory));
      try {
        Deno.mkdirSync(directory);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw asFileProblem(error, directory);
        assertRealDirectory(directory, 'occupied');
      }
    }
    this.#rememberOwn(directory);
  }

  #rememberOwn(directory: string): void {
    if (this.#ownDirectories.size >= REMEMBERED_DIRECTORIES) this.#ownDirectories.clear();
    this.#ownDirectories.add(directory);
  }

  /** Throws FileProblem unless `directory` exists and no component of it below its root is a symbolic link. */
  #assertOwn(directory: string): void {
    if (this.#ownDirectories.has(directory)) return;
    assertPossible(directory);
    const root = this.#rootOf(directory);
    if (directory !== root) {
      this.#assertOwn(parentOf(directory));
      assertRealDirectory(directory, 'missing');
    }
    this.#rememberOwn(directory);
  }

  #removeEmptyDirectories(directory: string, keep: string): void {
    const root = this.#rootOf(directory);
    while (isBelow(directory, keep) && isBelow(directory, root)) {
      try {
        Deno.removeSync(directory);
      } catch (error) {
        // One that is gone already may have been the last one in its parent: a run was killed between the two.
        if (codeOf(error) !== 'ENOENT') return;
      }
      this.#ownDirectories.delete(directory);
      directory = parentOf(directory);
    }
  }
}

function assertPossible(path: string): void {
  if (path.length > LONGEST_PATH) throw new FileProblem('name-too-long', path);
}

/** Throws FileProblem unless this is a directory itself; `otherwise` is the reason when it is a file. */
function assertRealDirectory(path: string, otherwise: FileReason): void {
  try {
    const info = Deno.lstatSync(path);
    if (info.isSymlink) throw new FileProblem('outside-roots', path);
    if (!info.isDirectory) throw new FileProblem(otherwise, path);
  } catch (error) {
    throw asFileProblem(error, path);
  }
}

/** Whether two paths are names of one inode. False when either is absent. */
export function sameFile(a: string, b: string): boolean {
  try {
    const [first, second] = [Deno.lstatSync(a), Deno.lstatSync(b)];
    return first.ino !== null && first.ino === second.ino && first.dev === second.dev;
  } catch {
    return false;
  }
}

/** There is at most one in a directory, so that what a killed run has left is found by the next that works there. */
const TEMPORARY_NAME = '.immich-sidecar-temporary';

/** Makes a file under a name of its own and lets it take the place of `target` in one step. Throws FileProblem. */
function putInPlace(target: string, make: (temporary: string) => void): void {
  const directory = parentOf(target);
  removeTemporary(directory);
  try {
    make(`${directory}/${TEMPORARY_NAME}`);
    Deno.renameSync(`${directory}/${TEMPORARY_NAME}`, target);
  } catch (error) {
    throw asFileProblem(error, target);
  } finally {
    removeTemporary(directory); // also when all went well: renaming one name of a file to another does nothing
  }
}

function removeTemporary(directory: string): void {
  const temporary = `${directory}/${TEMPORARY_NAME}`;
  if (!existsSync(temporary)) return;
  try {
    Deno.removeSync(temporary);
  } catch {
    // who wants to make one here next is told why that cannot be
  }
}
