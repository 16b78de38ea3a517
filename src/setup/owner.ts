import type { Owner } from './compose/facts.ts';

/** Whom a file or directory belongs to; undefined where it cannot be looked at, and on systems that do not tell. */
export function ownerOf(path: string): Owner | undefined {
  try {
    const { uid, gid } = Deno.statSync(path);
    return uid === null || gid === null ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}
