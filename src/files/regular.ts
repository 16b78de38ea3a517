import type { Buffer } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/**
 * Between a look at a file and its opening somebody may put a pipe in its place, which would be waited for, and everything with it, or a device,
 * which has no end. So nothing is waited for, and what was opened is looked at.
 */
export const TO_READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** Opens a regular file, symbolic links followed; undefined when it is something else. To be closed. Throws what the operating system says. */
export function openRegular(path: string): number | undefined {
  const file = openSync(path, TO_READ);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  return undefined;
}

/** The bytes of a regular file; undefined when it is something else, or longer than `most` bytes. Throws what the operating system says. */
export function readRegularFile(path: string, most: number): Buffer | undefined {
  return whileOpen(path, (file) => fstatSync(file).size <= most ? readFileSync(file) : undefined);
}

/** The first bytes of a regular file, as many as there are up to `most`; undefined when it is something else. Throws what the operating system says. */
export function readHeadOf(path: string, most: number): Uint8Array | undefined {
  return whileOpen(path, (file) => {
    const head = new Uint8Array(most);
    return head.subarray(0, readSync(file, head, 0, most, 0));
  });
}

function whileOpen<T>(path: string, read: (file: number) => T): T | undefined {
  const file = openRegular(path);
  if (file === undefined) return undefined;
  try {
    return read(file);
  } finally {
    closeSync(file);
  }
}
