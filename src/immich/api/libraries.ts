import { z } from 'zod';
import type { ImmichApi } from './client.ts';

/** An external library. */
export interface ImmichLibrary {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  /** Directories as Immich sees them. */
  readonly importPaths: readonly string[];
  readonly exclusionPatterns: readonly string[];
}

const libraryAnswer = z.object({
  id: z.guid(),
  ownerId: z.guid(),
  name: z.string(),
  importPaths: z.array(z.string()),
  exclusionPatterns: z.array(z.string()),
});

/** All external libraries of all users. Needs library.read and a key of an administrator. */
export async function listLibraries(api: ImmichApi): Promise<readonly ImmichLibrary[]> {
  return await api.get('/libraries', z.array(libraryAnswer));
}

/**
 * Creates an external library without exclusion patterns: one that is made without saying so gets six of them, one of which
 * takes everything in a hidden directory offline (see exclusions.ts). Needs library.create.
 */
export async function createLibrary(
  api: ImmichApi,
  { ownerId, name, importPath }: { readonly ownerId: string; readonly name: string; readonly importPath: string },
): Promise<ImmichLibrary> {
  return await api.post(
    '/libraries',
    { ownerId, name, importPaths: [importPath], exclusionPatterns: [] },
    libraryAnswer,
  );
}

/**
 * Replaces import paths and exclusion patterns in one step, so that no scan sees the one without the other. Immich refuses an import
 * path inside its media location. Needs library.update.
 */
export async function updateLibrary(
  api: ImmichApi,
  id: string,
  { importPaths, exclusionPatterns }: {
    /** Undefined: as they are. */
    readonly importPaths: readonly string[] | undefined;
    readonly exclusionPatterns: readonly string[];
  },
): Promise<void> {
  await api.put(`/libraries/${id}`, { importPaths, exclusionPatterns }, libraryAnswer);
}

/** How many assets are in a library; the list of libraries always says 0. Needs library.statistics. */
export async function countLibraryAssets(api: ImmichApi, id: string): Promise<number> {
  return (await api.get(`/libraries/${id}/statistics`, z.object({ total: z.int() }))).total;
}

/** Deletes a library. Needs library.delete. */
export async function deleteLibrary(api: ImmichApi, id: string): Promise<void> {
  await api.delete(`/libraries/${id}`);
}
