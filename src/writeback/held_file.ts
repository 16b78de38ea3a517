import { closeSync, constants, fchmodSync, fchownSync, fstatSync, lstatSync, openSync } from 'node:fs';
import { codeOf } from '../files/problem.ts';
import { assertInPlace } from './in_place.ts';
import { WriteProblem } from './write_problem.ts';

/** What says that two looks saw the same file. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Without O_NONBLOCK a pipe that somebody puts there would be waited for. */
const TO_LOOK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A file of ours in the making, held open: what is done to it is done to this very file, whatever somebody puts in place of its name.
 *
 * O_NOFOLLOW alone would not do: where permissions name directories, Deno resolves symbolic links before it opens (2.9), and
 * then opens what lies outside of them, too. So what was opened is compared with what the name stands for.
 */
export class HeldFile implements Disposable {
  readonly path: string;
  readonly #fd: number;
  /** The same file once more: Node's futimes loses a millisecond here and there, and refuses most times before 1970 (Deno 2.9). */
  readonly #file: Deno.FsFile;
  readonly #identity: Identity;

  private constructor(path: string, fd: number, file: Deno.FsFile, identity: Identity) {
    this.path = path;
    this.#fd = fd;
    this.#file = file;
    this.#identity = identity;
  }

  /** Throws WriteProblem unless it is a regular file with this one name. */
  static open(path: string): HeldFile {
    assertInPlace(path);
    const fd = openItself(path);
    let file: Deno.FsFile | undefined;
    try {
      const { dev, ino } = fstatSync(fd, { bigint: true });
      // To write as well, as a pipe that somebody has put there by now would be waited for otherwise.
      file = Deno.openSync(path, { read: true, write: true });
      const held = new HeldFile(path, fd, file, { dev, ino });
      const again = file.statSync();
      if (again.ino !== Number(ino) || again.dev !== Number(dev)) throw replaced(path);
      held.assertStillThere();
      return held;
    } catch (error) {
      file?.close();
      closeSync(fd);
      throw error;
    }
  }

  /** Throws WriteProblem unless its name still stands for it, and no other name does. */
  assertStillThere(): void {
    assertInPlace(this.path);
    if (!this.#isAt(this.path) || fstatSync(this.#fd).nlink !== 1) throw replaced(this.path);
  }

  /** Throws WriteProblem unless this name stands for it now. */
  assertAt(path: string): void {
    if (!this.#isAt(path)) throw replaced(path);
  }

  /**
   * Gives it the owner, the mode and, if wanted, the times of another file. The owner only as far as this process may; a file whose
   * owner had to stay is no less right. Never what lets a program run as somebody else.
   *
   * Synchronous, as is all that follows an ExifTool that has just had the file in its hands: 15 µs a call instead of 60.
   */
  takeAttributes(from: Deno.FileInfo, { withTime }: { readonly withTime: boolean }): void {
    this.assertStillThere();
    const now = fstatSync(this.#fd);
    if (from.uid !== null && from.gid !== null && (from.uid !== now.uid || from.gid !== now.gid)) {
      if (!this.#chown(from.uid, from.gid)) this.#chown(now.uid, from.gid);
    }
    if (from.mode !== null && (now.mode & 0o7777) !== (from.mode & 0o777)) fchmodSync(this.#fd, from.mode & 0o777);
    if (withTime && from.mtime !== null) this.#file.utimeSync(from.atime ?? from.mtime, from.mtime);
  }

  /** As it is now. */
  info(): Deno.FileInfo {
    return this.#file.statSync();
  }

  /** Waits until its content is on the disk. */
  async flush(): Promise<void> {
    await this.#file.sync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
    closeSync(this.#fd);
  }

  /** Returns whether that is permitted. */
  #chown(uid: number, gid: number): boolean {
    try {
      fchownSync(this.#fd, uid, gid);
      return true;
    } catch {
      return false;
    }
  }

  #isAt(path: string): boolean {
    const info = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return info !== undefined && info.isFile() && info.ino === this.#identity.ino && info.dev === this.#identity.dev;
  }
}

function openItself(path: string): number {
  try {
    return openSync(path, TO_LOOK);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') throw replaced(path);
    throw error;
  }
}

function replaced(path: string): WriteProblem {
  return new WriteProblem('changed-meanwhile', path, 'somebody else has put something in place of the new file');
}
