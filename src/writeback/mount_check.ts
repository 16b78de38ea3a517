import { count, plural } from '../config/words.ts';
import { plain } from '../config/quote.ts';
import { UserError } from '../errors.ts';
import type { Root } from '../files/path_map.ts';
import type { Located, Locator } from './locate.ts';

/** After so many assets it is known whether the library is mounted where it is looked for. */
const SAMPLE = 200;

/** A user may have lost some files, but hardly most of them. */
const MOST = 0.5;

/** So many of the missing files are looked for elsewhere. */
const LOOKED_FOR = 20;

/** How many subdirectories of each directory are tried too. */
const SUBDIRECTORIES = 200;

/** Notices that the library is mounted elsewhere: most of the first files are not where they are looked for. */
export class MountCheck {
  readonly #locator: Locator;
  readonly #missing: { readonly immichPath: string; readonly local: string | undefined }[] = [];
  #seen = 0;

  constructor(locator: Locator) {
    this.#locator = locator;
  }

  /** Tells of one asset. Returns the problem as soon as enough was seen, and once only. */
  add(immichPath: string, located: Located): UserError | undefined {
    if (this.#seen >= SAMPLE) return undefined;
    this.#seen++;
    if (!located.isFound) this.#missing.push({ immichPath, local: located.path });
    return this.#seen === SAMPLE ? this.#problem() : undefined;
  }

  /** To be asked at the end of a run that saw fewer assets than that. */
  end(): UserError | undefined {
    return this.#seen < SAMPLE ? this.#problem() : undefined;
  }

  #problem(): UserError | undefined {
    const [example] = this.#missing;
    if (example === undefined || this.#missing.length <= this.#seen * MOST) return undefined;
    const where = example.local === undefined
      ? 'of which nothing says where it is'
      : `looked for at ${shown(example.local)}`;
    const fit = fittingRoot(this.#missing.map(({ immichPath }) => immichPath), this.#locator.directories);
    return new UserError(
      `${this.#missing.length} of the first ${count(this.#seen, 'file')} ${
        plural(this.#missing.length, 'is', 'are')
      } not there, for example ` +
        `${shown(example.immichPath)}, ${where}.`,
      {
        problemCode: 'originals-away',
        remedy: fit === undefined ? this.#advice() : `This would fit: PATH_MAP=${fit.immich}=${fit.local}`,
      },
    );
  }

  #advice(): string {
    const { photoDir } = this.#locator.rules;
    const looked = this.#locator.directories.map(shown).join(', ') ||
      'no directory, as none of those configured exists';
    return `Mount the library at ${shown(photoDir)} (IMMICH_PHOTO_DIR), or say with PATH_MAP where it is mounted: ` +
      `PATH_MAP=/data=/mnt/photos. Looked in ${looked}.`;
  }
}

/**
 * The pair of directories that most of these missing files point to: the end of their path is found below one of the
 * directories here, or below a subdirectory of one. undefined when less than half of them agree.
 */
export function fittingRoot(immichPaths: readonly string[], directories: readonly string[]): Root | undefined {
  const sample = evenly(immichPaths, LOOKED_FOR);
  const places = directories.flatMap((directory) => [directory, ...subdirectories(directory)]);
  const votes = new Map<string, { root: Root; count: number }>();
  for (const path of sample) {
    const root = rootOf(path, places);
    if (root === undefined) continue;
    const key = JSON.stringify(root);
    const vote = votes.get(key) ?? { root, count: 0 };
    votes.set(key, { root, count: vote.count + 1 });
  }
  const [best] = [...votes.values()].sort((a, b) => b.count - a.count);
  return best !== undefined && best.count * 2 >= sample.length ? best.root : undefined;
}

/** The place with the longest end of this path in it. */
function rootOf(immichPath: string, places: readonly string[]): Root | undefined {
  const segments = immichPath.split('/');
  for (let start = 2; start < segments.length; start++) {
    const tail = segments.slice(start).join('/');
    const local = places.find((place) => isFile(`${place}/${tail}`));
    if (local !== undefined) return { immich: segments.slice(0, start).join('/'), local };
  }
  return undefined;
}

/** Some of them from everywhere: those at the beginning may lie in one folder. */
function evenly<T>(items: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, index) => items[Math.floor(index * step)] as T);
}

function subdirectories(directory: string): readonly string[] {
  const found: string[] = [];
  try {
    for (const entry of Deno.readDirSync(directory)) {
      if (entry.isDirectory) found.push(`${directory}/${entry.name}`);
      if (found.length >= SUBDIRECTORIES) break;
    }
  } catch {
    // What cannot be read cannot be suggested.
  }
  return found.sort();
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function shown(path: string): string {
  return plain(JSON.stringify(path));
}
