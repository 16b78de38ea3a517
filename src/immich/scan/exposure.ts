import { isBelow } from '../../files/path_map.ts';
import { MANAGED_FOLDERS } from '../layout.ts';
import { crawlRoot, ignores, isCrawled } from './crawler.ts';

/** An external library, as far as scans go; it need not exist yet. */
export interface ScannedLibrary {
  /** Undefined: it is to be made. */
  readonly id: string | undefined;
  readonly ownerId: string;
  /** As Immich has them. */
  readonly importPaths: readonly string[];
  /** Empty: what would be imported without any. */
  readonly exclusionPatterns: readonly string[];
}

/** A library that exists. */
export interface KnownLibrary extends ScannedLibrary {
  readonly id: string;
  readonly name: string;
}

/** Originals of one account in one directory, as Immich sees it. */
export interface Originals {
  readonly directory: string;
  readonly ownerId: string;
  readonly assets: number;
}

/** Where a crawl comes to, and where that really is: the same but behind a symbolic link, or on a disk that is mounted twice. */
export interface ExposedPlace {
  /** The import path that the crawl began in. */
  readonly root: string;
  readonly path: string;
  readonly realPath: string;
}

/** What is known of the place that a library scans. All paths as Immich sees them. */
export interface ScanFacts {
  /** All libraries, the scanned one may be among them. */
  readonly libraries: readonly KnownLibrary[];
  /** Libraries that hold mirrors: that they have the same import path harms nobody. */
  readonly targetLibraryIds: ReadonlySet<string>;
  readonly mediaLocation: string;
  /** Each import path, and every other way into something. */
  readonly places: readonly ExposedPlace[];
  /** Assets at or below these places that are not of the scanned library. */
  readonly originals: readonly Originals[];
  /** Files that a crawl comes to and that Immich knows by no path. */
  readonly unknownFiles: readonly string[];
  /** What could not be looked at, as words: a directory, "the database". */
  readonly unseen: readonly string[];
  /** Whether the disk makes no difference between `Photos` and `photos`. */
  readonly isCaseBlind: boolean;
}

/** Something of somebody's that a scan comes to. */
export type Covered =
  | { readonly kind: 'originals'; readonly ownerId: string; readonly assets: number; readonly example: string }
  | { readonly kind: 'library'; readonly ownerId: string; readonly name: string; readonly importPath: string }
  /** A folder in which Immich keeps what is everybody's. */
  | { readonly kind: 'media'; readonly folder: string };

/** What a scan of a library comes to besides the assets that it has. */
export interface Exposure {
  /** What is not the owner's of the library: a scan gives it to them. */
  readonly others: readonly Covered[];
  /** What its owner has in another library or uploaded: a scan gives it to them a second time. */
  readonly own: readonly Covered[];
  readonly unknownFiles: readonly string[];
  readonly unseen: readonly string[];
}

/**
 * What would a scan of this library import, given its exclusion patterns? Pure, and the only place that decides it: setup, doctor,
 * takeover and the checks of a job ask here.
 */
export function whatAScanImports(library: ScannedLibrary, facts: ScanFacts): Exposure {
  const crawl = new Crawl(library, facts);
  const media = MANAGED_FOLDERS.map((name) => `${facts.mediaLocation}/${name}`)
    .filter((folder) => crawl.comesTo(folder) || crawl.beginsIn(folder))
    .map((folder): Covered => ({ kind: 'media', folder }));
  const covered = [...coveredOriginals(facts, crawl), ...coveredLibraries(library, facts, crawl), ...media];
  const isOwn = (one: Covered) => one.kind !== 'media' && one.ownerId === library.ownerId;
  return {
    others: covered.filter((one) => !isOwn(one)),
    own: covered.filter(isOwn),
    unknownFiles: facts.unknownFiles.filter((path) => crawl.takes(path)),
    unseen: facts.unseen,
  };
}

/** Whether it is proven that a scan imports nothing: then, and only then, an exclusion pattern may go. */
export function isNothing({ others, own, unknownFiles, unseen }: Exposure): boolean {
  return [others, own, unknownFiles, unseen].every(({ length }) => length === 0);
}

/** A pattern that lets one of these through keeps nothing away. */
const ANY_FILE: readonly string[] = Object.freeze(['photo.jpg', 'video.mov']);

class Crawl {
  readonly #places: readonly ExposedPlace[];
  readonly #isIgnored: (path: string, root: string) => boolean;
  readonly #fold: (path: string) => string;

  constructor({ importPaths, exclusionPatterns }: ScannedLibrary, { places, isCaseBlind }: ScanFacts) {
    const roots = importPaths.flatMap((path) => crawlRoot(path) ?? []);
    this.#places = [...roots.map((root) => ({ root, path: root, realPath: root })), ...places];
    this.#isIgnored = ignores(exclusionPatterns);
    this.#fold = (path) => isCaseBlind ? path.toLowerCase() : path;
  }

  /** Whether it takes a file of which the path is known as the crawl has it. */
  takes(path: string): boolean {
    return this.#places.some(({ root }) => isCrawled(path, root) && !this.#isIgnored(path, root));
  }

  /** Whether it comes to a directory, wherever that really is, and takes what may lie in it; or takes that very file. */
  comesTo(realPath: string): boolean {
    return this.#places.some((place) => {
      if (!isCrawled(this.#fold(realPath), this.#fold(place.realPath))) return false;
      const rest = realPath.slice(place.realPath.length);
      return this.#takesSome(place, rest);
    });
  }

  /** Whether it begins in a directory, or comes by another path to a part of it. `isElsewhere`: only the latter. */
  beginsIn(realPath: string, { isElsewhere = false }: { readonly isElsewhere?: boolean } = {}): boolean {
    return this.#places.some((place) =>
      isBelow(this.#fold(place.realPath), this.#fold(realPath)) && !(isElsewhere && place.path === place.realPath) &&
      this.#takesSome(place, '')
    );
  }

  #takesSome({ root, path }: ExposedPlace, rest: string): boolean {
    return ANY_FILE.some((name) => !this.#isIgnored(`${path}${rest}/${name}`.replaceAll('//', '/'), root));
  }
}

function coveredOriginals({ originals }: ScanFacts, crawl: Crawl): Covered[] {
  const reached = originals.filter(({ directory }) => crawl.comesTo(directory));
  return [...Map.groupBy(reached, ({ ownerId }) => ownerId)].map(([ownerId, group]) => ({
    kind: 'originals',
    ownerId,
    assets: group.reduce((sum, { assets }) => sum + assets, 0),
    example: group[0]?.directory ?? '',
  }));
}

/** Others' import paths, also those of libraries that have no assets yet. That ours lies inside of one of them harms nobody. */
function coveredLibraries(library: ScannedLibrary, facts: ScanFacts, crawl: Crawl): Covered[] {
  return facts.libraries.filter(({ id }) => id !== library.id && !facts.targetLibraryIds.has(id)).flatMap((other) => {
    const importPath = other.importPaths.find((path) => {
      const root = crawlRoot(path);
      return root !== undefined && (crawl.comesTo(root) || crawl.beginsIn(root, { isElsewhere: true }));
    });
    const { ownerId, name } = other;
    return importPath === undefined ? [] : [{ kind: 'library', ownerId, name, importPath }];
  });
}
