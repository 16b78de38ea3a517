/** When a file was changed, and how many names it has. */
export interface FileTimes {
  readonly mtimeMs: number;
  /** When its content, its attributes or its names changed last: nobody can set it. */
  readonly ctimeMs: number;
  readonly names: number;
}

export function timesOf({ mtime, ctime, nlink }: Deno.FileInfo): FileTimes {
  return { mtimeMs: mtime?.getTime() ?? 0, ctimeMs: ctime?.getTime() ?? 0, names: nlink ?? 1 };
}

/**
 * Whether somebody may still be at work on a file: it was changed less than so many seconds ago. `ctime` tells even where the copier has set
 * `mtime` back already, but not for a file with several names: a new mirror moves it, too.
 *
 * A time that lies further ahead says nothing, as when a camera's clock was wrong; otherwise such a file would never be written.
 */
export function isYoung({ mtimeMs, ctimeMs, names }: FileTimes, nowMs: number, settleSeconds: number): boolean {
  const isRecent = (timeMs: number) => Math.abs(nowMs - timeMs) < settleSeconds * 1000;
  return isRecent(mtimeMs) || (names === 1 && isRecent(ctimeMs));
}

/** A copy over a slow connection may pause for hours. */
const LONGEST_COPY_MS = 24 * 60 * 60 * 1000;

/** Whether nobody will bring the rest any more: a file without its end that nothing has happened to for a day is a broken one. */
export function isGivenUp({ mtimeMs, ctimeMs }: FileTimes, nowMs: number): boolean {
  return nowMs - Math.max(mtimeMs, ctimeMs) > LONGEST_COPY_MS;
}
