import { count } from '../config/words.ts';
import { quote } from '../config/quote.ts';
import { UserError } from '../errors.ts';
import { isBelow } from '../files/path_map.ts';
import { countLibraryAssets, type ImmichLibrary } from '../immich/api/libraries.ts';
import type { ImmichUser } from '../immich/api/users.ts';
import { importPathOf, narrowestImportPaths } from '../immich/scan/crawler.ts';
import { isExcluded } from '../immich/scan/exclusions.ts';
import { type Exposure, isNothing } from '../immich/scan/exposure.ts';
import { DATABASE } from '../immich/scan/look.ts';
import { describeExposure } from '../immich/scan/words.ts';
import type { JobConfig } from '../config/config.ts';
import type { LibraryAnswer } from './answers.ts';
import type { Scans } from './scans.ts';
import type { Server } from './session.ts';

/** The library that holds the copies of a share, as it will be. */
interface Wanted {
  readonly source: ImmichUser;
  readonly target: ImmichUser;
  /** With a slash at the end. */
  readonly targetPath: string;
  /** The job that is changed. */
  readonly job: JobConfig | undefined;
  /** All jobs but that one. */
  readonly others: readonly JobConfig[];
  /** Immich's own directory as Immich sees it. */
  readonly mediaLocation: string;
}

/** What it takes to find one. */
interface Places {
  readonly server: Server;
  readonly scans: Scans;
}

/**
 * The library that holds the copies: one of the receiving user that covers the directory already and has nothing of its own in
 * it, else a new one. One whose import path covers more than the copies gets a narrower one before it loses a pattern, or a new one
 * is made: no scan may import what is somebody else's.
 *
 * @param asked the id of the library that was asked for, or `new`; undefined = whatever fits
 * @throws {UserError} when that one cannot be used, or one with photos in it is where a new one would be, or the directory lies among
 *   somebody's photos
 */
export async function libraryFor(places: Places, wanted: Wanted, asked?: string): Promise<LibraryAnswer> {
  if (asked === 'new') return await newLibrary(places, wanted);
  const { libraries } = places.server;
  if (asked !== undefined) {
    const library = libraries.find(({ id }) => id === asked);
    if (library === undefined) throw new Error(`no library ${asked}`);
    assertFits(wanted, library);
    const answer = await existing(places, wanted, library);
    if (answer !== undefined) return answer;
    throw new UserError(
      `The library ${quote(library.name)} covers ${await describe(
        places,
        wanted,
        library,
      )}, so Immich's scans would import that ` +
        `into ${wanted.target.name}'s account.`,
      { problemCode: 'exposed', remedy: 'Write new, to have a library made for the shared photos alone.' },
    );
  }
  const covering = libraries.filter(({ ownerId, importPaths }) =>
    ownerId === wanted.target.id && importPaths.some((path) => covers(path, wanted.targetPath))
  );
  const used = covering.find((library) => isOurs(library, wanted));
  const [library] = used === undefined ? covering : [used];
  if (library === undefined) return await newLibrary(places, wanted);
  return await existing(places, wanted, library) ?? await newLibrary(places, wanted, library);
}

function assertFits({ target, targetPath }: Wanted, { name, ownerId, importPaths }: ImmichLibrary): void {
  if (ownerId !== target.id) {
    throw new UserError(`The library ${quote(name)} does not belong to ${target.name}.`, {
      problemCode: 'setup-answer',
      remedy: `Choose one of ${target.name}, or write new to have one made.`,
    });
  }
  if (importPaths.some((path) => covers(path, targetPath))) return;
  throw new UserError(`The library ${quote(name)} has no import path above ${targetPath}.`, {
    problemCode: 'setup-answer',
    remedy: `Its import paths are ${
      importPaths.join(', ') || '(none)'
    }. Choose a directory below one of them, or another library.`,
  });
}

/** Undefined when nothing that setup can do makes it one whose scans import nothing. */
async function existing(
  { server, scans }: Places,
  wanted: Wanted,
  library: ImmichLibrary,
): Promise<LibraryAnswer | undefined> {
  const { target, targetPath } = wanted;
  const { id, name, importPaths: now, exclusionPatterns } = library;
  const assets = isOurs(library, wanted) ? 0 : await countLibraryAssets(server.api, id);
  if (assets > 0) {
    throw new UserError(
      `${target.name}'s library ${quote(name)} covers ${targetPath} and has ${count(assets, 'photo')} in it.`,
      {
        problemCode: 'exposed',
        remedy: 'Shared photos need a library of their own: choose a directory outside of it.',
      },
    );
  }
  const patterns = exclusionPatterns.filter((pattern) => !isExcluded(pattern, `${targetPath}photo.jpg`));
  const losesPatterns = patterns.length < exclusionPatterns.length;
  const answer = (importPaths: readonly string[]): LibraryAnswer => ({
    kind: 'existing',
    id,
    name,
    ownerId: target.id,
    change: losesPatterns || importPaths !== now
      ? { now: { importPaths: now, patterns: exclusionPatterns }, then: { importPaths, patterns } }
      : undefined,
  });
  const covered = await scans.coveredBy(library, targetsOf(wanted, id));
  if (covered.others.length === 0 && (!losesPatterns || isNothing(covered))) return answer(now);
  const narrowed = await narrow(scans, wanted, library);
  return narrowed === undefined ? undefined : answer(narrowed);
}

/** The import paths for all that is shared into this library, if with them it covers nothing else and loses nothing. */
async function narrow(
  scans: Scans,
  wanted: Wanted,
  { id, ownerId }: ImmichLibrary,
): Promise<readonly string[] | undefined> {
  const { others, job, targetPath, mediaLocation } = wanted;
  const prefixes = others.filter(({ targetLibraryId }) => targetLibraryId === id).map((other) =>
    other.targetPathPrefix
  );
  const importPaths = narrowestImportPaths([...prefixes, targetPath]);
  if (importPaths === undefined) return undefined;
  // Immich accepts such an import path for a new library, and refuses to change one to it.
  if (importPaths.some((path) => isBelow(path, mediaLocation))) return undefined;
  if (!isNothing(await scans.coveredBy({ id, ownerId, importPaths }, targetsOf(wanted, id)))) return undefined;
  // What lies where the job has put it until now moves with the next sync.
  const moving = job?.targetLibraryId === id ? [job.targetPathPrefix] : [];
  return await scans.countOutside(id, importPaths, moving) === 0 ? importPaths : undefined;
}

async function newLibrary(
  { scans, server }: Places,
  wanted: Wanted,
  insteadOf?: ImmichLibrary,
): Promise<LibraryAnswer> {
  const { source, target, targetPath } = wanted;
  const importPath = importPathOf(targetPath);
  const covered = await scans.coveredBy(
    { id: undefined, ownerId: target.id, importPaths: [importPath] },
    targetsOf(wanted, insteadOf?.id),
  );
  const unseen = covered.unseen.filter((what) => what !== DATABASE);
  if (!isNothing({ ...covered, unseen })) {
    const what = describeExposure({ ...covered, unseen }, nameIn(wanted));
    throw new UserError(
      `${quote(importPath)} would be the import path of a library of ${target.name}, and covers ${what}.`,
      {
        problemCode: 'exposed',
        remedy:
          "Immich's scans would import that. Choose a hidden directory in one that is there for shared photos alone and lies in " +
          "nobody's library.",
      },
    );
  }
  const taken = server.libraries.map(({ name }) => name);
  return { kind: 'new', name: `Shared by ${source.name}`, taken, importPath, insteadOf: insteadOf?.name };
}

async function describe({ scans }: Places, wanted: Wanted, library: ImmichLibrary): Promise<string> {
  const covered: Exposure = await scans.coveredBy(library, targetsOf(wanted, library.id));
  return describeExposure(covered, nameIn(wanted));
}

function nameIn({ source, target }: Wanted): (id: string) => string {
  return (id) => [source, target].find((user) => user.id === id)?.name ?? 'somebody else';
}

/** The libraries that hold mirrors. */
function targetsOf({ others, job }: Wanted, id: string | undefined): ReadonlySet<string> {
  return new Set([...others, ...job === undefined ? [] : [job]].map((one) => one.targetLibraryId).concat(id ?? []));
}

/** As Immich compares them, but with whole names. */
function covers(importPath: string, targetPath: string): boolean {
  return targetPath.startsWith(importPath.endsWith('/') ? importPath : `${importPath}/`);
}

function isOurs({ id }: ImmichLibrary, { others, job }: Wanted): boolean {
  return job?.targetLibraryId === id || others.some(({ targetLibraryId }) => targetLibraryId === id);
}
