import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import type { World } from '../share/world.ts';

/** What is known of a file or directory that is not ours. */
interface Known {
  readonly ino: number | null;
  readonly kind: 'directory' | 'symlink' | 'file';
  readonly size: number;
  readonly mtimeMs: number;
  readonly nlink: number | null;
  readonly hash: string;
}

/**
 * Everything on disk before anything was shared. Whatever happens to the program, at the end of a cycle there are these files
 * as they were, those of the journal, and no others.
 */
export class Ground {
  readonly #before: Map<string, Known>;

  constructor(readonly world: World) {
    this.#before = new Map(pathsBelow(world.directory).map((path) => [path, look(path)]));
  }

  /** Says that the source's owner, or Immich, has made these files anew. */
  replaced(paths: readonly string[]): void {
    for (const path of paths) this.#before.set(path, { ...look(path), nlink: 1 });
  }

  /** Every mirror is right, every file of ours has its row and every row its file, and no other file was touched. */
  async assertRight(where: string): Promise<void> {
    const { world } = this;
    assert.deepEqual(await world.verify(verifyMirrors), [], `${where}: the mirrors`);
    const links = await world.sql<{ path: string; isUsed: boolean }[]>`
      SELECT path, mirror_id IN (
        SELECT mirror_asset_id FROM immich_sidecar.asset_map
        UNION ALL
        SELECT mirror_person_id FROM immich_sidecar.person_map
      ) AS "isUsed"
      FROM immich_sidecar.link`;
    assert.deepEqual(links.filter(({ isUsed }) => !isUsed), [], `${where}: journal rows without a mirror`);
    const journal = links.map(({ path }) => world.local(path)).sort();
    const isOurs = (path: string) => !this.#before.has(path) && !Deno.lstatSync(path).isDirectory;
    assert.deepEqual(pathsBelow(world.directory).filter(isOurs).sort(), journal, `${where}: files and their journal`);
    this.assertUntouched(where);
  }

  /** No file that was there before is gone or changed; how many names it has is another matter. */
  assertUntouched(where: string): void {
    for (const [path, before] of this.#before) {
      const { nlink: _, ...now } = look(path);
      const { nlink: __, ...then } = before;
      if (before.kind === 'directory') assert.equal(now.kind, 'directory', `${where}: ${path}`);
      else assert.deepEqual(now, then, `${where}: ${path}`);
    }
  }

  /**
   * The same tree as before, with the same number of names for each file. `sparesDirectories`: a disk that has refused to
   * remove an empty directory may keep it.
   */
  assertRestored(where: string, { sparesDirectories = false }: { readonly sparesDirectories?: boolean } = {}): void {
    this.assertUntouched(where);
    const isSpared = (path: string) => sparesDirectories && !this.#before.has(path) && Deno.lstatSync(path).isDirectory;
    const tree = pathsBelow(this.world.directory).filter((path) => !isSpared(path)).sort();
    assert.deepEqual(tree, [...this.#before.keys()].sort(), `${where}: the tree`);
    for (const [path, { kind, nlink }] of this.#before) {
      if (kind === 'file') assert.equal(look(path).nlink, nlink, `${where}: names of ${path}`);
    }
  }
}

function look(path: string): Known {
  const info = Deno.lstatSync(path);
  const kind = info.isDirectory ? 'directory' : info.isSymlink ? 'symlink' : 'file';
  return {
    ino: info.ino,
    kind,
    size: kind === 'directory' ? 0 : info.size,
    mtimeMs: kind === 'directory' ? 0 : info.mtime?.getTime() ?? 0,
    nlink: info.nlink,
    hash: kind === 'file' ? createHash('sha1').update(Deno.readFileSync(path)).digest('hex') : '',
  };
}

function pathsBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    return entry.isDirectory ? [path, ...pathsBelow(path)] : [path];
  });
}
