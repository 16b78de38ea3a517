import { dirname, normalize } from 'node:path/posix';
import { isBelow, type PathMap } from '../../files/path_map.ts';
import { crawlRoot, isMedia } from './crawler.ts';
import type { ExposedPlace } from './exposure.ts';

/** A file that a crawl comes to: its path as the crawl has it, and where it really is. Both as Immich sees them. */
export interface CrawledFile {
  readonly path: string;
  readonly realPath: string;
}

export interface DiskLook {
  /** See ScanFacts. */
  readonly places: readonly ExposedPlace[];
  readonly files: readonly CrawledFile[];
  readonly unseen: readonly string[];
  readonly isCaseBlind: boolean;
}

export interface DiskOptions {
  /** Directories, as Immich sees them, that are somebody's: the crawl is not followed into one, as it is known whose it is. */
  readonly known: readonly string[];
  /** How many entries of directories are looked at. */
  readonly maxEntries: number;
}

/** As many symbolic links as the kernel follows in one path. */
const MAX_LINKS = 40;

/**
 * Goes where a crawl of these import paths goes, on this program's disk: follows symbolic links (which were written for Immich's
 * container), leaves out what is hidden, and notices a directory that is mounted in two places. Changes nothing.
 */
export function lookAtDisk(importPaths: readonly string[], paths: PathMap, options: DiskOptions): DiskLook {
  const walk = new Walk(paths, options);
  for (const importPath of importPaths) {
    const root = crawlRoot(importPath);
    if (root === undefined) walk.unseen.add(importPath);
    else walk.begin(root);
  }
  return {
    places: walk.places,
    files: walk.files,
    unseen: [...walk.unseen],
    isCaseBlind: importPaths.some((path) => isCaseBlind(crawlRoot(path) ?? '', paths)),
  };
}

/** A directory or file under the path by which the crawl comes to it, and where it is. */
interface Spot extends ExposedPlace {
  readonly local: string;
}

class Walk {
  readonly places: ExposedPlace[] = [];
  readonly files: CrawledFile[] = [];
  readonly unseen = new Set<string>();
  readonly #paths: PathMap;
  readonly #known: ReadonlySet<string>;
  /** Known directories and roots, by device and inode. */
  readonly #landmarks = new Map<string, string[]>();
  readonly #visited = new Set<string>();
  #entriesLeft: number;

  constructor(paths: PathMap, { known, maxEntries }: DiskOptions) {
    this.#paths = paths;
    this.#known = new Set(known);
    this.#entriesLeft = maxEntries;
    for (const path of [...known, ...paths.roots.map(({ immich }) => immich)]) {
      const key = inodeOf(paths.toLocal(path));
      if (key !== undefined) this.#landmarks.set(key, [...this.#landmarks.get(key) ?? [], path]);
    }
  }

  begin(root: string): void {
    this.places.push({ root, path: root, realPath: root });
    const realPath = this.#realPathOf(root);
    if (realPath === undefined) return;
    const spot = { root, path: root, realPath, local: this.#paths.toLocal(realPath) ?? realPath };
    if (realPath !== root) this.#addPlace(spot, realPath);
    const [alias = realPath] = this.#otherMounts(spot);
    this.#enter({ ...spot, realPath: alias });
  }

  #addPlace({ root, path }: ExposedPlace, realPath: string): void {
    this.places.push({ root, path, realPath });
  }

  /** The other paths of a directory that lies in one which is mounted in two places. */
  #otherMounts(spot: Spot): readonly string[] {
    const { local, realPath } = spot;
    const others = new Set<string>();
    // Above the roots there is no landmark, and nothing that this program may look at.
    const isInRoot = (path: string) =>
      this.#paths.roots.some((root) => path === root.local || isBelow(path, root.local));
    for (let here = local; isInRoot(here); here = dirname(here)) {
      for (const landmark of this.#landmarks.get(inodeOf(here) ?? '') ?? []) {
        others.add(normalize(landmark + local.slice(here === '/' ? 0 : here.length)));
      }
      if (here === '/') break;
    }
    others.delete(realPath);
    for (const other of others) this.#addPlace(spot, other);
    return [...others];
  }

  #enter(spot: Spot): void {
    const key = inodeOf(spot.local);
    if (key === undefined || this.#visited.has(key)) return;
    this.#visited.add(key);
    const names = this.#landmarks.get(key) ?? [];
    const others = names.filter((other) => other !== spot.realPath);
    for (const other of others) this.#addPlace(spot, other);
    if (names.some((path) => this.#known.has(path))) return;
    try {
      for (const entry of Deno.readDirSync(spot.local)) {
        if (--this.#entriesLeft < 0) {
          this.unseen.add(`more than can be looked at in ${spot.path}`);
          return;
        }
        if (!entry.name.startsWith('.')) this.#look(spot, entry);
      }
    } catch {
      this.unseen.add(spot.path);
    }
  }

  #look(above: Spot, { name, isDirectory, isSymlink, isFile }: Deno.DirEntry): void {
    const { root } = above;
    const [path, realPath] = [below(above.path, name), below(above.realPath, name)];
    if (isDirectory) this.#enter({ root, path, realPath, local: below(above.local, name) });
    else if (isSymlink) this.#follow({ root, path, realPath });
    else if (isFile && isMedia(name)) this.files.push({ path, realPath });
  }

  #follow(link: ExposedPlace): void {
    const { root, path } = link;
    const realPath = this.#realPathOf(link.realPath);
    if (realPath === undefined) return;
    const local = this.#paths.toLocal(realPath) ?? realPath;
    try {
      if (Deno.lstatSync(local).isDirectory) {
        this.#addPlace(link, realPath);
        this.#enter({ root, path, realPath, local });
      } else if (isMedia(path)) {
        this.#addPlace(link, realPath);
        this.files.push({ path, realPath });
      }
    } catch {
      this.unseen.add(path);
    }
  }

  /** Where a path leads to, every symbolic link on the way followed as Immich does; undefined when nothing is there, or it is unseen. */
  #realPathOf(path: string): string | undefined {
    let links = 0;
    let real = '';
    const ahead = path.split('/').filter((part) => part !== '');
    while (ahead.length > 0) {
      const next = `${real}/${ahead.shift()}`;
      const local = this.#paths.toLocal(next);
      if (local === undefined) {
        // Above all roots nothing can be seen, nor need it be.
        real = next;
        continue;
      }
      try {
        if (!Deno.lstatSync(local).isSymlink || this.#isRoot(next)) {
          real = next;
          continue;
        }
        const target = this.#targetOf(real, local);
        if (target === undefined || ++links > MAX_LINKS) {
          this.unseen.add(path);
          return undefined;
        }
        ahead.unshift(...target.split('/').filter((part) => part !== ''));
        real = '';
      } catch (error) {
        const isAbsent = error instanceof Deno.errors.NotFound && !this.#isRoot(next);
        if (!isAbsent) this.unseen.add(path);
        return undefined;
      }
    }
    if (this.#paths.toLocal(real) === undefined) {
      this.unseen.add(path);
      return undefined;
    }
    return real;
  }

  /** Where a root lies is not Immich's business, so a root that is a symbolic link here is none there. */
  #isRoot(path: string): boolean {
    return this.#paths.roots.some(({ immich }) => immich === path);
  }

  /** What a symbolic link says, as a path of Immich's; one that was written with our own paths is understood, too. */
  #targetOf(directory: string, local: string): string | undefined {
    const text = Deno.readLinkSync(local);
    const target = crawlRoot(text.startsWith('/') ? text : `${directory}/${text}`);
    if (target === undefined) return undefined;
    if (exists(this.#paths.toLocal(target))) return target;
    const ours = this.#paths.toImmich(crawlRoot(text.startsWith('/') ? text : `${dirname(local)}/${text}`) ?? '');
    return exists(this.#paths.toLocal(ours ?? ''))
      ? ours
      : this.#paths.toLocal(target) === undefined
      ? undefined
      : target;
  }
}

function below(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

function exists(local: string | undefined): boolean {
  return inodeOf(local) !== undefined;
}

/** Device and inode of what is at a path, symbolic links followed; undefined when nothing is there. */
function inodeOf(local: string | undefined): string | undefined {
  if (local === undefined) return undefined;
  try {
    const { dev, ino } = Deno.statSync(local);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Whether the disk finds a directory of a root, or something in it, under a name in other letters, too. */
function isCaseBlind(path: string, paths: PathMap): boolean {
  const [root, local] = [paths.rootOf(path), paths.toLocal(path)];
  if (root === undefined || local === undefined) return false;
  if (local !== root.local) return isSameInOtherLetters(root.local, local.slice(root.local.length));
  try {
    for (const { name } of Deno.readDirSync(local)) return isSameInOtherLetters(local, `/${name}`);
  } catch {
    // said by the walk
  }
  return false;
}

function isSameInOtherLetters(directory: string, rest: string): boolean {
  const other = rest === rest.toUpperCase() ? rest.toLowerCase() : rest.toUpperCase();
  const key = inodeOf(directory + rest);
  return other !== rest && key !== undefined && inodeOf(directory + other) === key;
}
