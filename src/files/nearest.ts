import { existsSync } from 'node:fs';
import { dirname } from 'node:path/posix';

/** The nearest directory at or above this path that exists. */
export function nearestDirectory(path: string): string {
  let directory = path;
  while (directory !== '/' && !existsSync(directory)) directory = dirname(directory);
  return directory;
}
