import { list, named } from '../../config/words.ts';
import { UserError } from '../../errors.ts';
import type { PathMap } from '../../files/path_map.ts';
import { narrowestImportPaths } from '../../immich/scan/crawler.ts';
import { readLibraries } from '../../immich/scan/database.ts';
import { type Exposure, isNothing, type KnownLibrary, whatAScanImports } from '../../immich/scan/exposure.ts';
import { readScanFacts } from '../../immich/scan/look.ts';
import { A_DIRECTORY_OF_ITS_OWN, describeCovered } from '../../immich/scan/words.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { LeftOut } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';

/** What of a job says what its library has to cover. */
export type ScannedJob = Pick<Job, 'name' | 'targetLibraryId' | 'targetPathPrefix' | 'mediaLocation'>;

/** A target library, and what a scan of it would import. */
export interface LibraryScan {
  readonly library: KnownLibrary;
  /** Names of the jobs that share into it. */
  readonly jobs: readonly string[];
  /** With its exclusion patterns: what the next scan imports. */
  readonly next: Exposure;
  /** Without any: what its import paths cover. */
  readonly covered: Exposure;
  /** Import paths with which it covers nothing but what is ours, where there are such; undefined also when it needs no others. */
  readonly narrowed: readonly string[] | undefined;
  readonly nameOf: (userId: string) => string;
}

/** Looks at each target library of these jobs, at the disk and at all libraries and assets. Changes nothing. */
export async function lookAtTargetLibraries(
  sql: Sql,
  jobs: readonly ScannedJob[],
  paths: PathMap,
): Promise<readonly LibraryScan[]> {
  const libraries = await readLibraries(sql);
  const users = await sql<{ id: string; name: string }[]>`SELECT id, name FROM "user"`;
  const names = new Map(users.map(({ id, name }) => [id, name]));
  const targetLibraryIds = new Set(jobs.map(({ targetLibraryId }) => targetLibraryId));
  const scans: LibraryScan[] = [];
  for (const [id, group] of Map.groupBy(jobs, (job) => job.targetLibraryId)) {
    const library = libraries.find((one) => one.id === id);
    const mediaLocation = group[0]?.mediaLocation;
    if (library === undefined || mediaLocation === undefined) continue; // the check of the job reports it
    const surroundings = { libraries, targetLibraryIds, paths, mediaLocation };
    const coveredBy = async (importPaths: readonly string[]) => {
      const bare = { ...library, importPaths, exclusionPatterns: [] };
      const facts = await readScanFacts(sql, bare, surroundings);
      return { covered: whatAScanImports(bare, facts), facts };
    };
    const { covered, facts } = await coveredBy(library.importPaths);
    const narrowest = narrowestImportPaths(group.map(({ targetPathPrefix }) => targetPathPrefix));
    const canNarrow = !isNothing(covered) && narrowest !== undefined && isNothing((await coveredBy(narrowest)).covered);
    scans.push({
      library,
      jobs: group.map(({ name }) => name),
      covered,
      next: whatAScanImports(library, facts),
      narrowed: canNarrow ? narrowest : undefined,
      nameOf: (userId) => names.get(userId) ?? 'somebody',
    });
  }
  return scans;
}

/** What is wrong with the import paths of a target library, as sentences. */
export interface ScanComplaint {
  /** Whether the next scan gives somebody what is another's; else a pattern keeps it away. */
  readonly isImminent: boolean;
  readonly message: string;
  readonly remedy: string;
}

/** Undefined while the library covers nothing of others. Pure. */
export function complaintAbout(scan: LibraryScan): ScanComplaint | undefined {
  const { library, covered, next, nameOf } = scan;
  if (covered.others.length === 0) return undefined;
  const where = `the import path of the library ${named(library.name)} (${
    list(library.importPaths.map(named))
  }) covers`;
  const owner = nameOf(library.ownerId);
  const isImminent = next.others.length > 0;
  return {
    isImminent,
    message: isImminent
      ? `${where} ${describeCovered(next.others, nameOf)}: Immich's next scan imports that into ${owner}'s account`
      : `${where} ${describeCovered(covered.others, nameOf)}, and only ${
        describePatterns(library)
      } Immich's scans from ` +
        `importing that into ${owner}'s account`,
    remedy: howToNarrow(scan),
  };
}

function describePatterns({ exclusionPatterns }: KnownLibrary): string {
  const isOne = exclusionPatterns.length === 1;
  return `the exclusion ${isOne ? 'pattern' : 'patterns'} ${list(exclusionPatterns.map(named))} ${
    isOne ? 'keeps' : 'keep'
  }`;
}

/** What somebody has to do so that a target library covers nothing but what is ours. Pure. */
export function howToNarrow({ library, jobs, narrowed }: LibraryScan): string {
  const [job = ''] = jobs;
  const keep = library.exclusionPatterns.length === 0
    ? ''
    : ' Leave its exclusion patterns as they are until that is done.';
  return narrowed === undefined
    ? `${A_DIRECTORY_OF_ITS_OWN} Choose one: immich-sidecar setup --share ${
      named(job)
    } --target-dir DIRECTORY, then sync.${keep}`
    : `Give the library the import path ${list(narrowed.map(named))} and no other: immich-sidecar setup --share ` +
      `${named(job)}, or in Immich, Administration > External Libraries.${keep}`;
}

/**
 * Checks that no scan of a target library gives its owner what is another's. Reads only.
 *
 * Returns the jobs that share into a library whose next scan would, and as sentences what only an exclusion pattern prevents.
 */
export async function checkScans(
  sql: Sql,
  jobs: readonly Job[],
  paths: PathMap,
): Promise<{ readonly leftOut: readonly LeftOut[]; readonly warnings: readonly string[] }> {
  const leftOut: LeftOut[] = [];
  const warnings: string[] = [];
  for (const scan of await lookAtTargetLibraries(sql, jobs, paths)) {
    const complaint = complaintAbout(scan);
    if (complaint === undefined) continue;
    const { isImminent, message, remedy } = complaint;
    const reason = new UserError(`Nothing is shared, as ${message}.`, { problemCode: 'exposed', remedy });
    if (isImminent) leftOut.push(...scan.jobs.map((job) => ({ job, reason })));
    else warnings.push(`${message}. ${remedy}`);
  }
  return { leftOut, warnings };
}
