import { list, named } from '../../config/words.ts';
import { sentenceOf } from '../../errors.ts';
import { countOutside } from '../../immich/scan/database.ts';
import type { Sql } from '../../postgres/connect.ts';
import { complaintAbout, lookAtTargetLibraries } from '../checks/scans.ts';
import type { View } from '../cycle/tools.ts';

/** A target library whose import paths cover what is others', and those that it gets instead. */
export interface NarrowedLibrary {
  readonly libraryId: string;
  readonly name: string;
  readonly now: readonly string[];
  readonly then: readonly string[];
}

/**
 * That program's wizard made the whole external directory the import path of a target library, where nothing but the exclusion
 * pattern `**\/*` keeps scans from importing all originals of everybody into it. The import path is narrowed where that can be done;
 * the pattern stays. Looks at the disk; changes nothing.
 */
export async function planLibraries(
  sql: Sql,
  { jobs, files: { paths } }: Pick<View, 'jobs' | 'files'>,
): Promise<{ readonly libraries: readonly NarrowedLibrary[]; readonly notes: readonly string[] }> {
  const libraries: NarrowedLibrary[] = [];
  const notes: string[] = [];
  for (const scan of await lookAtTargetLibraries(sql, jobs, paths)) {
    const complaint = complaintAbout(scan);
    if (complaint === undefined) continue;
    const { library: { id, name, importPaths }, narrowed } = scan;
    if (narrowed !== undefined && await countOutside(sql, id, narrowed, []) === 0) {
      libraries.push({ libraryId: id, name, now: importPaths, then: narrowed });
    } else {
      notes.push(
        `! ${sentenceOf(complaint.message.slice(0, 1).toUpperCase() + complaint.message.slice(1))} ${complaint.remedy}`,
      );
    }
  }
  return { libraries, notes };
}

/** Narrows the import paths, unless somebody has changed them since. */
export async function narrowLibraries(tx: Sql, libraries: readonly NarrowedLibrary[]): Promise<void> {
  for (const { libraryId, now, then } of libraries) {
    await tx`
      UPDATE library
      SET "importPaths" = ${then as string[]}
      WHERE id = ${libraryId}
        AND "importPaths" = ${now as string[]}`;
  }
}

/** As a sentence. Pure. */
export function describeNarrowing({ name, now, then }: NarrowedLibrary): string {
  return `The library ${named(name)} gets the import path ${list(then.map(named))} instead of ${
    list(now.map(named))
  }, ` +
    'which covers what is not shared.';
}
