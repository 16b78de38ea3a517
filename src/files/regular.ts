import type { Buffer } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/**
 * The bytes of a regular file, symbolic links followed; undefined when it is something else, or longer than `most` bytes. A pipe that somebody
 * has put there would be waited for, and everything with it. Throws what the operating system says.
 */
export function readRegularFile(path: string, most: number): Buffer | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const info = fstatSync(file);
    return info.isFile() && info.size <= most ? readFileSync(file) : undefined;
  } finally {
    closeSync(file);
  }
}
