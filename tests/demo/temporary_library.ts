import type { LibraryRoots } from '../../src/demo/library_generator/foundation.ts';
import type { LibraryOptions } from '../../src/demo/library_generator/generate.ts';
import { generateLibrary } from '../../src/demo/library_generator/generate.ts';
import type { GeneratedLibrary } from '../../src/demo/library_generator/result.ts';
import type { ImmichDatabase, Release } from '../harness/database.ts';
import { withImmich } from '../harness/database.ts';

/** A generated library with its database and its directories, which vanish after the test. */
export interface TemporaryLibrary {
  readonly db: ImmichDatabase;
  readonly library: GeneratedLibrary;
  readonly roots: LibraryRoots;
}

/** Generates a library for `use`. Immich's paths are `/data` and `/external_library`. */
export async function withLibrary<T>(
  release: Release,
  options: Omit<LibraryOptions, keyof LibraryRoots>,
  use: (temporary: TemporaryLibrary) => T | Promise<T>,
): Promise<T> {
  return await withRoots((roots) =>
    withImmich(release, async (db) => {
      const library = await generateLibrary(db.sql, { ...roots, ...options });
      return await use({ db, library, roots });
    })
  );
}

/** Two empty directories for a library. */
export async function withRoots<T>(use: (roots: LibraryRoots) => Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: 'immich-sidecar-library-' });
  try {
    return await use({
      mediaLocation: '/data',
      localMedia: `${directory}/data`,
      externalRoot: '/external_library',
      localExternal: `${directory}/external`,
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
