/** Which file it is, whatever its names are. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/** What is known of a source file after it was checked. */
export interface SourceFile extends FileIdentity {
  /** Where the file really is, all symbolic links resolved. */
  readonly realPath: string;
  /** Whole milliseconds since the epoch; the fraction is cut off (Deno gives no finer time). */
  readonly mtimeMs: number;
  readonly size: number;
}

/** What lies somewhere, looked at without following a symbolic link. */
export interface FoundFile extends FileIdentity {
  readonly size: number;
  readonly mtimeMs: number;
  /** How many names it has. */
  readonly names: number;
  /** Who may do what with it, without what lets a program run as somebody else. */
  readonly mode: number;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
}

/** All symbolic links resolved; `otherwise` when nothing is there. */
export function realPathOr<T>(path: string, otherwise: T): string | T {
  try {
    return Deno.realPathSync(path);
  } catch {
    return otherwise;
  }
}

/** What lies at `path` itself; `otherwise` when nothing is there. */
export function lstatOr<T>(path: string, otherwise: T): Deno.FileInfo | T {
  try {
    return Deno.lstatSync(path);
  } catch {
    return otherwise;
  }
}

/** The same behind symbolic links. */
export function statOr<T>(path: string, otherwise: T): Deno.FileInfo | T {
  try {
    return Deno.statSync(path);
  } catch {
    return otherwise;
  }
}

export function identityOf({ dev, ino }: Deno.FileInfo): FileIdentity {
  return { device: dev, inode: ino ?? 0 };
}

/** Whether `path` is a name of this very file. */
export function isFile(path: string, { device, inode }: FileIdentity): boolean {
  const info = lstatOr(path, undefined);
  return info !== undefined && info.ino === inode && info.dev === device;
}

/** Whether two paths are names of one inode. False when either is absent. */
export function sameFile(a: string, b: string): boolean {
  const info = lstatOr(a, undefined);
  return info !== undefined && info.ino !== null && isFile(b, identityOf(info));
}
