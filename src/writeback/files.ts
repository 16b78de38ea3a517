import { closeSync, constants, fsync, openSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { promisify } from 'node:util';
import type { FileStamp } from './tags.ts';

/** Begins the names of files in the making. With a dot in front neither Immich's crawler nor its watcher sees them. */
const TEMPORARY_PREFIX = '.immich-sidecar-';

/** A new name in the same directory, of the same kind: ExifTool goes by the end of it. */
export function temporaryPathFor(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? '';
  return `${dirname(path)}/${TEMPORARY_PREFIX}${crypto.randomUUID().slice(0, 13)}${extension}`;
}

/** Whether this is a name that temporaryPathFor gives. */
export function isTemporary(path: string): boolean {
  return path.slice(path.lastIndexOf('/') + 1).startsWith(TEMPORARY_PREFIX);
}

export function toStamp(info: Deno.FileInfo): FileStamp {
  return { size: info.size, mtimeMs: info.mtime?.getTime() ?? 0, inode: info.ino ?? 0 };
}

export function isSameStamp(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.inode === b.inode;
}

/** Waits until the names in a directory are on the disk. */
async function flush(directory: string): Promise<void> {
  const file = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await promisify(fsync)(file);
  } finally {
    closeSync(file);
  }
}

/** Of each directory that is being flushed, what waits for the next time. */
const flushes = new Map<string, { next: Promise<void> | undefined; current: Promise<void> }>();

/**
 * Waits until a rename is on the disk. A caller that comes while the directory is being flushed waits for the next time, together
 * with all who come until then. Some network file systems cannot flush a directory; theirs is then as good.
 */
export function flushDirectoryOf(path: string): Promise<void> {
  const directory = dirname(path);
  const running = flushes.get(directory);
  if (running !== undefined) return running.next ??= running.current.then(() => flushDirectory(directory));
  return flushDirectory(directory);
}

function flushDirectory(directory: string): Promise<void> {
  const current = flush(directory).catch(() => {}).then(() => {
    if (flushes.get(directory)?.current === current && flushes.get(directory)?.next === undefined) {
      flushes.delete(directory);
    }
  });
  flushes.set(directory, { current, next: undefined });
  return current;
}
