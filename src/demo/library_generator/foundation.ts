import { PathMap } from '../../files/path_map.ts';
import type { Catalog } from '../../immich/catalog.ts';
import type { Sql } from '../../postgres/connect.ts';
import { utf8 } from './media/bytes.ts';
import { LIBRARY_KEYS } from './accounts.ts';
import type { LibraryContext } from './context.ts';
import { insertRows } from './insert.ts';
import { generatedImportPath } from './paths.ts';
import { libraryRows, userRows } from './rows/accounts.ts';
import { clusterGroupRows } from './rows/people.ts';
import { FileWriter } from './write_files.ts';

/** Where the library goes. Paths are absolute and do not end with a slash. */
export interface LibraryRoots {
  /** The media location as Immich sees it, e.g. `/data`. */
  readonly mediaLocation: string;
  /** The same directory on this machine. Made if it is missing. */
  readonly localMedia: string;
  /** The parent of the import paths as Immich sees it, e.g. `/external_library`. */
  readonly externalRoot: string;
  /** The same directory on this machine. Made if it is missing. */
  readonly localExternal: string;
}

/** The folders whose marker file `.immich` the server wants to see at start-up (docs/immich.md#files). */
const MARKED_FOLDERS = Object.freeze(['thumbs', 'upload', 'library', 'encoded-video', 'profile', 'backups']);

/** A writer that knows both roots. */
export function fileWriter(roots: LibraryRoots): FileWriter {
  return new FileWriter(
    new PathMap([
      { immich: roots.mediaLocation, local: roots.localMedia },
      { immich: roots.externalRoot, local: roots.localExternal },
    ]),
  );
}

/** The folders that Immich makes and marks itself, and the import paths. */
export function makeFolders(writer: FileWriter, context: LibraryContext): void {
  for (const folder of MARKED_FOLDERS) {
    writer.write(`${context.mediaLocation}/${folder}/.immich`, utf8('1731232800000'));
  }
  for (const key of LIBRARY_KEYS) writer.makeDirectory(generatedImportPath(context, key));
}

/** Users and libraries. */
export async function insertAccounts(sql: Sql, catalog: Catalog, context: LibraryContext): Promise<void> {
  await insertRows(sql, catalog, 'cluster_group', clusterGroupRows(context));
  await insertRows(sql, catalog, 'user', userRows(context));
  await insertRows(sql, catalog, 'library', libraryRows(context));
}
