import { type SourceFile } from '../../src/files/identity.ts';
import { Linker } from '../../src/files/linker.ts';
import { FileProblem } from '../../src/files/problem.ts';
import type { FileReason } from '../../src/problems/codes.ts';
import { listFiles } from '../share/snapshot.ts';

/** A configured directory may be a symbolic link, as `/photos` is on many a NAS: what is found and what is configured have different paths then. */
export const ROOTS = ['as they are', 'behind links'] as const;
export type Roots = typeof ROOTS[number];

/** A test with configured directories of both kinds. */
export function testOnBothRoots<Place extends Scratch>(
  name: string,
  place: new (roots: Roots) => Place,
  fn: (scratch: Place) => void | Promise<void>,
): void {
  for (const roots of ROOTS) {
    Deno.test(roots === 'as they are' ? name : `${name} (roots ${roots})`, async () => {
      using scratch = new place(roots);
      await fn(scratch);
    });
  }
}

/**
 * A temporary directory with two roots, `source` and `target`, and beside them `outside`, which nothing may touch:
 *
 *     source/photo.jpg  source/folder/deep.jpg  source/in -> folder  source/in.jpg -> photo.jpg
 *     source/out -> outside  source/out.jpg -> outside/secret.jpg  source/loop -> loop  source/dangling -> nowhere
 *     target/folder/  target/out -> outside  target/in -> folder  target/taken.jpg
 *     outside/secret.jpg  outside/folder/secret.jpg  outside/empty/
 */
export class Scratch implements Disposable {
  readonly directory: string;
  readonly source: string;
  readonly target: string;
  readonly outside: string;
  readonly linker: Linker;

  /** @param roots whether `source` and `target` are symbolic links to where they are */
  constructor(roots: Roots = 'as they are') {
    this.directory = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'immich-sidecar-files-' }));
    if (roots === 'behind links') {
      for (const name of ['source', 'target']) {
        Deno.mkdirSync(`${this.directory}/disk/${name}`, { recursive: true });
        Deno.symlinkSync(`disk/${name}`, `${this.directory}/${name}`);
      }
    }
    this.source = `${this.directory}/source`;
    this.target = `${this.directory}/target`;
    this.outside = `${this.directory}/outside`;
    for (const path of ['source/folder', 'target/folder', 'outside/folder', 'outside/empty']) {
      Deno.mkdirSync(`${this.directory}/${path}`, { recursive: true });
    }
    this.write('source/photo.jpg', 'photo');
    this.write('source/folder/deep.jpg', 'deep');
    this.write('target/taken.jpg', 'somebody else');
    this.write('outside/secret.jpg', 'secret');
    this.write('outside/folder/secret.jpg', 'another secret');
    Deno.symlinkSync('folder', `${this.source}/in`);
    Deno.symlinkSync('photo.jpg', `${this.source}/in.jpg`);
    Deno.symlinkSync(this.outside, `${this.source}/out`);
    Deno.symlinkSync('../outside/secret.jpg', `${this.source}/out.jpg`);
    Deno.symlinkSync('loop', `${this.source}/loop`);
    Deno.symlinkSync('nowhere', `${this.source}/dangling`);
    Deno.symlinkSync(this.outside, `${this.target}/out`);
    Deno.symlinkSync('folder', `${this.target}/in`);
    this.linker = new Linker([this.source, this.target]);
  }

  write(path: string, text: string): string {
    Deno.writeTextFileSync(`${this.directory}/${path}`, text);
    return `${this.directory}/${path}`;
  }

  /** The source that most tests link. */
  photo(): SourceFile {
    return this.linker.inspect(`${this.source}/photo.jpg`);
  }

  /** Everything that must stay as it is: names, inodes, link counts, times and bytes of all that is in no root. */
  untouchable(): Record<string, string> {
    const listing = listFiles(this.directory);
    const kept = Object.entries(listing).filter(([path]) => !/^(disk\/)?(source|target)\//.test(path));
    return Object.fromEntries(kept.map(([path, entry]) => {
      const isFile = entry.startsWith('f');
      return [path, isFile ? `${entry} ${Deno.readTextFileSync(`${this.directory}/${path}`)}` : entry];
    }));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.directory, { recursive: true });
  }
}

/** The reason that `work` fails for, or undefined when it succeeds. Throws what is no FileProblem. */
export function reasonOf(work: () => unknown): FileReason | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof FileProblem) return error.reason;
    throw error;
  }
}

export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A test that cannot run everywhere: skipped, with the reason in its name, where `obstacle` is a sentence. */
export function testUnless(
  obstacle: string | undefined,
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  Deno.test({
    name: obstacle === undefined ? name : `${name} (skipped: ${obstacle})`,
    ignore: obstacle !== undefined,
    fn,
  });
}
