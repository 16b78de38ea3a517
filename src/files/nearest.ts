import { existsSync } from 'node:fs';
import { dirname } from 'node:path/posix';

/**
 * The nearest directory at or above this path that exists.
 *
 * @param isThere what that means: a link that leads nowhere is not there, unless somebody wants to hear of it
 */
export function nearestDirectory(path: string, isThere: (path: string) => boolean = existsSync): string {
  let directory = path;
  while (directory !== '/' && !isThere(directory)) directory = dirname(directory);
  return directory;
}

/** Whether anything is in this directory; false also when it is not there. */
export function hasEntries(directory: string): boolean {
  try {
    for (const _ of Deno.readDirSync(directory)) return true;
  } catch {
    // it is not there
  }
  return false;
}
