import type { PathMap } from '../../files/path_map.ts';
import type { Sql } from '../../postgres/connect.ts';
import { MANAGED_FOLDERS } from '../layout.ts';
import { crawlRoot } from './crawler.ts';
import { readOriginals, readUnknown } from './database.ts';
import { lookAtDisk } from './disk.ts';
import type { KnownLibrary, ScanFacts, ScannedLibrary } from './exposure.ts';

export interface ScanSurroundings {
  /** All libraries of all users. */
  readonly libraries: readonly KnownLibrary[];
  /** Those of them that hold mirrors. */
  readonly targetLibraryIds: ReadonlySet<string>;
  readonly paths: PathMap;
  /** As Immich sees it. */
  readonly mediaLocation: string;
  /** How many entries of directories are looked at; MAX_ENTRIES when left out. */
  readonly maxEntries?: number;
}

/** Directories of a library of ours hold next to nothing that is not hidden. A readdir of so many entries takes some 50 ms. */
const MAX_ENTRIES = 20_000;

/**
 * Looks at the disk, at all libraries and at all assets: what whatAScanImports needs to know about this library. Changes nothing.
 *
 * @param sql undefined = the database cannot be reached, which the answer says
 */
export async function readScanFacts(
  sql: Sql | undefined,
  library: ScannedLibrary,
  { paths, maxEntries = MAX_ENTRIES, ...surroundings }: ScanSurroundings,
): Promise<ScanFacts> {
  const { libraries, targetLibraryIds, mediaLocation } = surroundings;
  const known = [
    ...MANAGED_FOLDERS.map((folder) => `${mediaLocation}/${folder}`),
    ...libraries
      .filter(({ id }) => id !== library.id && !targetLibraryIds.has(id))
      .flatMap(({ importPaths }) => importPaths.flatMap((path) => crawlRoot(path) ?? [])),
  ];
  const { files, ...disk } = lookAtDisk(library.importPaths, paths, { known, maxEntries });
  const facts = { ...surroundings, ...disk };
  if (sql === undefined) {
    return { ...facts, originals: [], unknownFiles: files.map(({ path }) => path), unseen: [...disk.unseen, DATABASE] };
  }
  const places = [...new Set(disk.places.map(({ realPath }) => realPath))];
  return {
    ...facts,
    originals: await readOriginals(sql, library, places, disk.isCaseBlind),
    unknownFiles: await readUnknown(sql, files),
  };
}

/** What is unseen without a database. */
export const DATABASE = 'the database';
