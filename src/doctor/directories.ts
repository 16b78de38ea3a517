import { statfs } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import type { Root } from '../files/path_map.ts';
import { codeOf } from '../files/problem.ts';
import { TimeoutError, withTimeout } from './timeout.ts';

/** A configured directory, looked at here. */
export interface Directory extends Root {
  /** Why it cannot be used; undefined if it is there. */
  readonly problem: string | undefined;
  /** False for a network share that is gone: who touches it waits for ever. */
  readonly answers: boolean;
  readonly space: Space | undefined;
}

export interface Space {
  /** Tells file systems apart. */
  readonly device: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Undefined where the file system does not count them. */
  readonly freeInodes: number | undefined;
}

/** A network file system that is gone answers never. */
const PATIENCE_MS = 5_000;

/** Looks at all of them at once. */
export async function lookAtRoots(roots: readonly Root[]): Promise<Directory[]> {
  return await Promise.all(roots.map(async (root) => ({ ...root, ...await lookAt(root.local) })));
}

/** Whether there is a directory, and how much room is in it. Never throws. */
export async function lookAt(path: string): Promise<Omit<Directory, keyof Root>> {
  try {
    return await withTimeout(PATIENCE_MS, async () => {
      const { isDirectory, dev } = await Deno.stat(path);
      if (!isDirectory) return { problem: 'is not a directory', answers: true, space: undefined };
      return { problem: undefined, answers: true, space: { device: dev, ...await room(path) } };
    });
  } catch (error) {
    return { problem: explain(error), answers: !(error instanceof TimeoutError), space: undefined };
  }
}

async function room(path: string): Promise<Omit<Space, 'device'>> {
  const { bavail, bsize, blocks, files, ffree } = await statfs(path);
  return {
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    freeInodes: files > 0 ? ffree : undefined,
  };
}

function explain(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) return 'is named by no setting, so that nothing in it may be touched';
  const code = codeOf(error);
  if (code === 'ENOENT') return 'is not here';
  if (code === 'EACCES') return 'may not be looked into';
  if (error instanceof TimeoutError) return `has not answered for ${PATIENCE_MS / 1_000} seconds`;
  return `cannot be looked at (${code || messageOf(error)})`;
}
