import { lstatSync } from 'node:fs';
import { count, named } from '../../config/words.ts';
import { messageOf, UserError } from '../../errors.ts';
import { readRegularFile } from '../../files/regular.ts';
import { formatSaved, parseSaved, type SavedPeople } from './format.ts';
import { PART } from '../../config/part.ts';

/** Names are nobody else's business. */
const MODE = 0o600;

/** A file of a million faces has 120 MB. */
const MOST_BYTES = 1 << 30;

/** A file with fewer people than this share of those before may come from a library whose people are lost. */
const LEAST_SHARE = 0.8;

/** Reads it. Throws UserError when there is none, when it cannot be read, or when it is not one of ours. */
export function readSavedFile(path: string): SavedPeople {
  return parseSaved(readText(path), path);
}

/**
 * What lies at a place that is to be written to; undefined when nothing does. Throws UserError, unless `isReplaced`, for what was not written by us,
 * and for a file that knows many more people than are to be written: it may be the only one that knows them.
 */
export function assertReplaceable(path: string, next: SavedPeople, isReplaced: boolean): SavedPeople | undefined {
  const found = statOf(path);
  if (found === undefined) return undefined;
  if (!found.isFile()) throw occupied(`${named(path)} is no regular file.`, 'Name another one.');
  if (isReplaced) return undefined;
  let before: SavedPeople;
  try {
    before = readSavedFile(path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw occupied(
      `There is something else already: ${error.message}`,
      'Name another file, or replace it with --replace.',
    );
  }
  const [were, are] = [before, next].map(countPeople) as [number, number];
  if (are >= were * LEAST_SHARE) return before;
  throw occupied(
    `${named(path)} knows ${count(were, 'person', 'people')}, and Immich has ${are} now.`,
    'If they are lost, get them back: people restore. If that is right, replace the file with --replace.',
  );
}

export function countPeople({ users }: SavedPeople): number {
  return users.reduce((sum, { people }) => sum + people.length, 0);
}

/** Writes it, for its owner only: wholly, or not at all. Throws UserError when that cannot be done. */
export function writeSavedFile(path: string, saved: SavedPeople): void {
  const part = path + PART;
  try {
    if (statOf(part)?.isFile()) Deno.removeSync(part); // of a run that was killed
    {
      using file = Deno.openSync(part, { write: true, createNew: true, mode: MODE });
      const bytes = new TextEncoder().encode(formatSaved(saved));
      for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
      file.syncSync();
    }
    Deno.renameSync(part, path);
  } catch (error) {
    throw new UserError(`${named(path)} cannot be written: ${messageOf(error)}.`, {
      problemCode: 'not-writable',
      remedy:
        'Name a file in a directory that is there, and that this user may write to. A file that was there is as it was.',
      cause: error,
    });
  }
}

function readText(path: string): string {
  try {
    const bytes = readRegularFile(path, MOST_BYTES);
    if (bytes !== undefined) return bytes.toString('utf8');
  } catch (error) {
    throw new UserError(`${named(path)} cannot be read: ${messageOf(error)}.`, {
      problemCode: 'unreadable',
      remedy: 'Check its name, and let this user read it.',
      cause: error,
    });
  }
  throw new UserError(`${named(path)} is no file that "people save" has written.`, {
    problemCode: 'unreadable',
    remedy: 'Look whether its name is right.',
  });
}

function statOf(path: string) {
  return lstatSync(path, { throwIfNoEntry: false });
}

function occupied(message: string, remedy: string): UserError {
  return new UserError(message, { problemCode: 'not-writable', remedy });
}
