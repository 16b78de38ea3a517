import { quote } from '../config/quote.ts';
import { UserError } from '../errors.ts';
import { countLibraryAssets, type ImmichLibrary } from '../immich/api/libraries.ts';
import { isExcluded } from '../immich/exclusions.ts';
import type { ImmichUser } from '../immich/api/users.ts';
import type { JobConfig } from '../config/config.ts';
import type { LibraryAnswer } from './answers.ts';
import type { Server } from './session.ts';
import { importPathOf } from './targets.ts';

interface Wanted {
  readonly source: ImmichUser;
  readonly target: ImmichUser;
  /** With a slash at the end. */
  readonly targetPath: string;
  /** All jobs, the one that is changed included. */
  readonly jobs: readonly JobConfig[];
}

/**
 * The library that holds the copies: one of the receiving user that covers the directory already and has nothing of its own in
 * it, else a new one.
 *
 * @param asked the id of the library that was asked for, or `new`; undefined = whatever fits
 * @throws {UserError} when that one cannot be used, or one with photos in it is where a new one would be
 */
export async function libraryFor(server: Server, wanted: Wanted, asked?: string): Promise<LibraryAnswer> {
  const { source, target, targetPath } = wanted;
  const importPath = importPathOf(targetPath);
  const made = { kind: 'new', name: `Shared by ${source.name}`, importPath } as const;
  if (asked === 'new') return made;
  if (asked !== undefined) {
    const library = server.libraries.find(({ id }) => id === asked);
    if (library === undefined) throw new Error(`no library ${asked}`);
    return await existing(server, wanted, library);
  }
  const own = server.libraries.filter(({ ownerId }) => ownerId === target.id);
  const covering = own.filter(({ importPaths }) => importPaths.some((path) => covers(path, targetPath)));
  const used = covering.find((library) => isOurs(library, wanted.jobs));
  const [library] = used === undefined ? covering : [used];
  if (library === undefined) return made;
  return await existing(server, wanted, library);
}

async function existing(
  server: Server,
  { target, targetPath, jobs }: Wanted,
  library: ImmichLibrary,
): Promise<LibraryAnswer> {
  const { id, name, importPaths, exclusionPatterns } = library;
  if (library.ownerId !== target.id) {
    throw new UserError(`The library ${quote(name)} does not belong to ${target.name}.`, {
      remedy: `Choose one of ${target.name}, or write new to have one made.`,
    });
  }
  if (!importPaths.some((path) => covers(path, targetPath))) {
    throw new UserError(`The library ${quote(name)} has no import path above ${targetPath}.`, {
      remedy: `Its import paths are ${
        importPaths.join(', ') || '(none)'
      }. Choose a directory below one of them, or another library.`,
    });
  }
  const assets = isOurs(library, jobs) ? 0 : await countLibraryAssets(server.api, id);
  if (assets > 0) {
    throw new UserError(
      `${target.name}'s library ${quote(name)} covers ${targetPath} and has ${assets} photos in it.`,
      {
        remedy: 'Shared photos need a library of their own: choose a directory outside of it.',
      },
    );
  }
  const remaining = exclusionPatterns.filter((pattern) => !isExcluded(pattern, `${targetPath}photo.jpg`));
  const isChanged = remaining.length < exclusionPatterns.length;
  return { kind: 'existing', id, name, patterns: isChanged ? { now: exclusionPatterns, remaining } : undefined };
}

/** As Immich compares them, but with whole names. */
function covers(importPath: string, targetPath: string): boolean {
  return targetPath.startsWith(importPath.endsWith('/') ? importPath : `${importPath}/`);
}

function isOurs({ id }: ImmichLibrary, jobs: readonly JobConfig[]): boolean {
  return jobs.some(({ targetLibraryId }) => targetLibraryId === id);
}
