import { basename, dirname } from 'node:path/posix';
import { codeOf } from '../files/problem.ts';
import { isMedia } from '../immich/scan/crawler.ts';
import { pathStemOf } from './sidecar_path.ts';

/** Paths by stem, in small letters: some file systems do not tell the two. */
type Groups = ReadonlyMap<string, readonly string[]>;

interface Listed {
  readonly groups: Groups;
  /** When it had changed last before it was listed; undefined when it may have been changing. */
  readonly mtimeMs: number | undefined;
  /** The page for which it was last looked at. */
  page: number;
}

/** Changes within this time may leave a directory with the same modification time. */
const CLOCK_GRANULARITY_MS = 2_000;

/** Names that are remembered, as memory must stay flat: the directories of a page may have more. */
const MOST_NAMES = 100_000;

/** Which originals share a stem, and so the sidecar `photo.xmp`. */
export class Neighbours {
  readonly #listed = new Map<string, Listed>();
  #page = 0;
  #names = 0;

  /** Directories that have changed are listed again. */
  nextPage(): void {
    this.#page++;
    if (this.#names <= MOST_NAMES) return;
    this.#listed.clear();
    this.#names = 0;
  }

  /** All others with the stem of this original, in whatever case of letters. */
  of(original: string): readonly string[] {
    const stem = pathStemOf(original);
    if (stem === undefined) return [];
    return (this.#in(dirname(original)).get(basename(stem).toLowerCase()) ?? []).filter((path) => path !== original);
  }

  #in(directory: string): Groups {
    const known = this.#listed.get(directory);
    if (known?.page === this.#page) return known.groups;
    try {
      const mtimeMs = Deno.statSync(directory).mtime?.getTime() ?? Infinity;
      if (known !== undefined && known.mtimeMs === mtimeMs) {
        known.page = this.#page;
        return known.groups;
      }
      const isSettled = mtimeMs < Date.now() - CLOCK_GRANULARITY_MS;
      const groups = groupsIn(directory);
      this.#names += groups.size + 1;
      this.#listed.set(directory, { groups, mtimeMs: isSettled ? mtimeMs : undefined, page: this.#page });
      return groups;
    } catch (error) {
      if (codeOf(error) === '') throw error;
      return new Map(); // it is gone, or closed: its files say so
    }
  }
}

function groupsIn(directory: string): Groups {
  const names = [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
    !isDirectory && isMedia(name) ? [`${directory}/${name}`] : []
  );
  return Map.groupBy(names, (path) => basename(pathStemOf(path) ?? path).toLowerCase());
}
