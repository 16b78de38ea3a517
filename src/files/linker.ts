import { basename, dirname } from 'node:path/posix';
import { existsSync, rmdirSync, unlinkSync } from 'node:fs';
import { inFirst, lookAside } from './aside.ts';
import {
  assertMeant,
  assertSpace,
  changeMode,
  closeToOthers,
  copyExactly,
  copyLargeExactly,
  type GoingFile,
  linkExactly,
  makeRoom,
  writeExactly,
} from './exactly.ts';
import {
  type FileIdentity,
  type FoundFile,
  identityOf,
  isFile,
  lstatOr,
  realPathOr,
  type SourceFile,
} from './identity.ts';
import { isBelow } from './path_map.ts';
import { asFileProblem, codeOf, FileProblem } from './problem.ts';
import {
  ABSENT,
  assertNotBehindLink,
  assertPossible,
  ifThere,
  isAbsent,
  LONGEST_PATH,
  meantBy,
  type RealRoot,
} from './roots.ts';

/**
 * Makes and removes hard links and copies, only ever below its roots: a source is used when its real path (symbolic links
 * resolved) lies below a root, a target directory when no component below its root is a symbolic link.
 *
 * **Nothing is remembered of directories.** Each call resolves the directory that it acts in and compares that with the one it
 * means (8 µs), as anybody who may rename something there can put a symbolic link in its place at any moment; what was linked is
 * compared with what was inspected. Between that look and the act lie some microseconds (docs/invariants.md).
 *
 * All calls are synchronous: on a warm cache one link takes 15 µs where the asynchronous call takes 60, and a batch
 * runs while PostgreSQL copies the one before.
 */
export class Linker {
  readonly #roots: readonly RealRoot[];

  /** `roots`: local directories; those that do not exist cannot contain anything. */
  constructor(roots: readonly string[]) {
    // The innermost root first: one root inside another may itself be a symbolic link.
    this.#roots = roots.toSorted((a, b) => b.length - a.length).map((path) => ({ path, real: realPathOr(path, path) }));
  }

  /** Checks that `path` is a regular file inside the roots, following symbolic links. Throws FileProblem. */
  inspect(path: string): SourceFile {
    try {
      const realPath = Deno.realPathSync(path);
      if (!this.#roots.some(({ real }) => realPath === real || isBelow(realPath, real))) {
        throw new FileProblem('outside-roots', path);
      }
      const info = Deno.lstatSync(realPath);
      if (!info.isFile) throw new FileProblem(info.isSymlink ? 'changed' : 'not-a-file', path);
      return { realPath, mtimeMs: info.mtime?.getTime() ?? 0, size: info.size, ...identityOf(info) };
    } catch (error) {
      throw asFileProblem(error, path);
    }
  }

  /** Whether `target` can become a name of `source`: nothing is there yet, or it already is this very file. */
  isFree(target: string, source: SourceFile): boolean {
    // existsSync takes 1.5 µs for what is not there, where lstatSync throws and takes 14. A dangling symbolic link looks
    // absent; link() then reports it.
    return !existsSync(target) || isFile(target, source);
  }

  /**
   * Gives an inspected source a second name. A target that already is this very file counts as done; any other file
   * there is left alone and reported as `occupied`. Throws FileProblem.
   */
  link(source: SourceFile, target: string): void {
    const name = this.#prepare(target);
    try {
      linkExactly(source, name);
    } catch (error) {
      if (codeOf(error) === 'EEXIST' && isFile(name, source)) return;
      throw asFileProblem(error, target);
    }
  }

  /**
   * Lets `target` be a name of `source`, replacing what is there in one step, as a watcher that sees an unlink
   * would delete the asset (see docs/placements.md). Throws FileProblem. Returns whether anything was done.
   */
  replace(source: SourceFile, target: string): boolean {
    if (isFile(this.#prepare(target), source)) return false;
    this.#putInPlace(target, (temporary) => linkExactly(source, temporary));
    return true;
  }

  /**
   * Puts a copy of `source`, with its modification time, at `target`, replacing what is there in one step. One that is there
   * already is recognised by size and time. Throws FileProblem. Returns whether anything was done.
   */
  copy(source: SourceFile, target: string): boolean {
    if (this.isCopy(source, this.#prepare(target))) return false;
    this.#putInPlace(target, (temporary) => copyExactly(source, temporary));
    return true;
  }

  /** Puts a file with these bytes at `target`, replacing what is there in one step. Throws FileProblem. */
  write(bytes: Uint8Array, target: string): void {
    this.#prepare(target);
    this.#putInPlace(target, (temporary) => writeExactly(bytes, temporary));
  }

  /**
   * The same for files of any size: looks first whether there is room, and lets others have their turn. With `isNew` any other file that
   * is there is left alone and reported as `occupied`. Throws FileProblem, and what `signal` is aborted with.
   */
  async copyLarge(
    source: SourceFile,
    target: string,
    { isNew = false, signal }: { readonly isNew?: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    const name = this.#prepare(target);
    if (this.isCopy(source, name)) return;
    const directory = dirname(target);
    const temporary = () => `${this.#own(directory)}/${TEMPORARY_NAME}`;
    this.#removeTemporary(directory);
    try {
      if (isNew && lstatOr(name, undefined) !== undefined) throw new FileProblem('occupied', target);
      assertSpace(this.#own(directory), source.size);
      await copyLargeExactly(source, temporary(), signal);
      if (!this.isCopy(source, temporary())) throw new FileProblem('changed', source.realPath); // it grew meanwhile
      if (isNew && lstatOr(name, undefined) !== undefined) throw new FileProblem('occupied', target);
      const real = this.#own(directory);
      Deno.renameSync(`${real}/${TEMPORARY_NAME}`, `${real}/${basename(target)}`);
    } catch (error) {
      if (signal.aborted) throw error;
      throw asFileProblem(error, target);
    } finally {
      this.#removeTemporary(directory);
    }
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
   * A path that runs through a symbolic link is somebody else's and throws FileProblem; an absent one is fine, or a directory in its place, which stays.
   *
   * `sparesLast`: a file that has no other name stays. What link() made has two names, so such a file is somebody
   * else's, or all that is left of a source that was deleted.
   */
  remove(target: string, keep: string, { sparesLast = false }: { readonly sparesLast?: boolean } = {}): void {
    const directory = dirname(target);
    try {
      const name = `${this.#own(directory)}/${basename(target)}`;
      const info = Deno.lstatSync(name);
      if (sparesLast && info.nlink === 1) return;
      if (!info.isDirectory) unlinkSync(name);
    } catch (error) {
      const problem = asFileProblem(error, target);
      if (!ABSENT.has(problem.reason)) throw problem;
    }
    this.prune(target, keep);
  }

  /** What lies at `target` itself; undefined when nothing is there. Throws FileProblem. */
  look(target: string): FoundFile | undefined {
    const info = this.#lstat(target);
    if (info === undefined) return undefined;
    const { size, mtime, nlink, isFile, isDirectory } = info;
    const mode = (info.mode ?? 0) & 0o777;
    return { ...identityOf(info), size, mtimeMs: mtime?.getTime() ?? 0, names: nlink ?? 1, mode, isFile, isDirectory };
  }

  /** What lies there, if it may be ours: a directory is somebody else's, who has taken the file away before. */
  #file(target: string): Deno.FileInfo | undefined {
    const info = this.#lstat(target);
    return info?.isDirectory ? undefined : info;
  }

  #lstat(target: string): Deno.FileInfo | undefined {
    return ifThere(target, () => Deno.lstatSync(`${this.#own(dirname(target))}/${basename(target)}`));
  }

  /**
   * Moves the file at `target` to `aside`; a directory for that is made for its owner only, and nobody else may read it there if it has no
   * other name. Directories that this leaves empty go as in remove(). An absent file is fine. Throws FileProblem.
   *
   * `asides`: where a removal that was cut off may have left one more name of it, which goes.
   */
  moveAside(target: string, aside: string, keep: string, asides: readonly string[] = []): void {
    try {
      const info = this.#lstat(target);
      if (info !== undefined) this.#makeRooms(asides.filter((left) => left !== target), identityOf(info));
      closeToOthers(this.#moveTo(aside, target));
    } catch (error) {
      this.#assertGone(target, [], asFileProblem(error, target));
    }
    this.prune(target, keep);
  }

  /**
   * Removes one name of a file in a directory that somebody else may exchange between two system calls: it is moved aside first, and
   * unlinked there only when it is certain that nothing else was moved. What was moved by mistake is not lost: a `source` is put back,
   * anything else stays beside where it was moved to; both are reported as `changed`. Otherwise as remove(). Throws FileProblem.
   *
   * `asides`: where to, the first one that can be used: its directory may be full, or not be one. What a run that was killed, or a step that
   * failed, has left in any of them is finished.
   * `going`: which file it is. Without it, it is the one that is found first, and the name must be gone.
   */
  removeAside(target: string, keep: string, asides: readonly string[], going?: GoingFile): void {
    const finish = (aside: string) => {
      const moved = this.#prepare(aside, 0o700);
      if (going !== undefined) assertMeant(moved, going, target);
      else if (this.#file(target) !== undefined) throw new FileProblem('changed', aside);
      unlinkSync(moved);
      this.#removeEmptyDirectories(dirname(aside), keep);
    };
    try {
      const info = this.#file(target);
      if (info === undefined) this.findAside(asides).forEach(finish);
      else {
        const file = identityOf(info);
        this.#makeRooms(asides, file);
        const { aside, moved } = inFirst(asides, (aside) => ({ aside, moved: this.#moveTo(aside, target, file) }));
        if (going === undefined) assertMeant(moved, { expected: file }, target);
        finish(aside);
      }
    } catch (error) {
      this.#assertGone(target, asides, asFileProblem(error, target));
    }
    this.prune(target, keep);
  }

  /** Where among these places a file lies. Throws FileProblem if none is found, but one may be: some place cannot be looked into. */
  findAside(asides: readonly string[]): readonly string[] {
    const { found, unknown } = lookAside(asides, (aside) => this.#lstat(aside));
    if (found.length === 0 && unknown !== undefined) throw unknown;
    return found;
  }

  #makeRooms(asides: readonly string[], file: FileIdentity): void {
    const { found } = lookAside(asides, (aside) => this.#lstat(aside));
    for (const left of found) makeRoom(this.#prepare(left), file);
  }

  #moveTo(aside: string, target: string, file?: FileIdentity): string {
    const moved = this.#prepare(aside, 0o700);
    if (file !== undefined) makeRoom(moved, file);
    Deno.renameSync(`${this.#own(dirname(target))}/${basename(target)}`, moved);
    return moved;
  }

  /** Throws `problem` unless it only says that something is not there, and the file is what is not, neither in its place nor aside. */
  #assertGone(target: string, asides: readonly string[], problem: FileProblem): void {
    if (!ABSENT.has(problem.reason) || this.#file(target) !== undefined) throw problem;
    if (this.findAside(asides).length > 0) throw problem;
  }

  /** Gives a file that has no other name these permissions, such as the ones it had before moveAside(). Throws FileProblem. */
  setMode(target: string, mode: number): void {
    try {
      changeMode(`${this.#own(dirname(target))}/${basename(target)}`, mode & 0o777);
    } catch (error) {
      throw asFileProblem(error, target);
    }
  }

  /** Removes the directories around `target` that are empty, as after a link that could not be made; `keep` as in remove. */
  prune(target: string, keep: string): void {
    this.#removeTemporary(dirname(target));
    this.#removeEmptyDirectories(dirname(target), keep);
  }

  /** Whether this path, seen through any symbolic links, is the very same file as `source`. */
  leadsTo(path: string, source: SourceFile): boolean {
    return realPathOr(path, undefined) === source.realPath;
  }

  /** Whether a directory is one of the roots or lies below one, going by its path alone. */
  contains(directory: string): boolean {
    return this.#roots.some(({ path }) => directory === path || isBelow(directory, path));
  }

  /**
   * Where a directory below a root really is at this moment, for the very next system call. Throws FileProblem when it is not there, or
   * when that is not where its path says: a component is, or has just become, a symbolic link.
   */
  #own(directory: string): string {
    assertPossible(directory);
    const root = this.#rootOf(directory);
    try {
      const real = Deno.realPathSync(`${directory}/.`); // fails for what is no directory
      if (real !== meantBy(directory, root)) throw new FileProblem('outside-roots', directory);
      return real === '/' ? '' : real;
    } catch (error) {
      if (isAbsent(error)) assertNotBehindLink(directory, root);
      throw asFileProblem(error, directory);
    }
  }

  #rootOf(directory: string): RealRoot {
    const root = this.#roots.find(({ path }) => directory === path || isBelow(directory, path));
    if (root === undefined || directory.includes('/../') || directory.endsWith('/..')) {
      throw new FileProblem('outside-roots', directory);
    }
    return root;
  }

  /** The name under which `target` is to be made, in a directory that is there and is the one it means. */
  #prepare(target: string, mode = 0o777): string {
    assertPossible(target);
    const directory = dirname(target);
    try {
      return `${this.#own(directory)}/${basename(target)}`;
    } catch (error) {
      if (!(error instanceof FileProblem) || error.reason !== 'missing') throw error;
    }
    this.#makeDirectory(directory, mode);
    return `${this.#own(directory)}/${basename(target)}`;
  }

  /** Makes `directory` below its root, one component at a time, refusing to walk through a symbolic link. `mode` is the last one's. */
  #makeDirectory(directory: string, mode: number): void {
    if (directory === this.#rootOf(directory).path) return;
    const parent = dirname(directory);
    this.#makeDirectory(parent, 0o777);
    try {
      Deno.mkdirSync(`${this.#own(parent)}/${basename(directory)}`, { mode });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw asFileProblem(error, directory);
      const info = lstatOr(directory, undefined);
      if (info?.isSymlink) throw new FileProblem('outside-roots', directory);
      if (info?.isDirectory === false) throw new FileProblem('occupied', directory);
    }
  }

  /** Makes a file under a name of its own and lets it take the place of `target` in one step. Throws FileProblem. */
  #putInPlace(target: string, make: (temporary: string) => void): void {
    const directory = dirname(target);
    this.#removeTemporary(directory);
    try {
      make(`${this.#own(directory)}/${TEMPORARY_NAME}`);
      const real = this.#own(directory);
      Deno.renameSync(`${real}/${TEMPORARY_NAME}`, `${real}/${basename(target)}`);
    } catch (error) {
      throw asFileProblem(error, target);
    } finally {
      this.#removeTemporary(directory); // also when all went well: renaming one name of a file to another does nothing
    }
  }

  #removeTemporary(directory: string): void {
    for (let tries = 0; tries < 2 && existsSync(`${directory}/${TEMPORARY_NAME}`); tries++) {
      try {
        unlinkSync(`${this.#own(directory)}/${TEMPORARY_NAME}`);
      } catch {
        // Tried twice, as nobody may ever come back to this directory. Who wants to make one here next is told why that cannot be.
      }
    }
  }

  #removeEmptyDirectories(directory: string, keep: string): void {
    const root = this.#rootOf(directory);
    // Nothing deeper can exist.
    if (directory.length > LONGEST_PATH) directory = dirname(directory.slice(0, LONGEST_PATH));
    while (isBelow(directory, keep) && isBelow(directory, root.path)) {
      const parent = dirname(directory);
      // One that is gone already may have been the last one in its parent: a run was killed between the two.
      if (existsSync(directory)) {
        try {
          rmdirSync(`${this.#own(parent)}/${basename(directory)}`);
        } catch (error) {
          if (!isAbsent(error)) return;
        }
      }
      directory = parent;
    }
  }
}

/** There is at most one in a directory, so that what a killed run has left is found by the next that works there. */
const TEMPORARY_NAME = '.immich-sidecar-temporary';
