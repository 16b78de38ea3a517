import { basename, dirname, normalize } from 'node:path/posix';
// @ts-types="@types/picomatch"
import picomatch from 'picomatch';
import { isBelow } from '../../files/path_map.ts';

export type MediaKind = 'raw' | 'picture' | 'film';

/** What Immich imports, in any case of letters: all endings that any release from 2.0 to 3.2 knows. */
const ENDINGS: Readonly<Record<MediaKind, string>> = Object.freeze({
  raw:
    '3fr ari arw cap cin cr2 cr3 crw dcr dng erf fff iiq k25 kdc mrw nef nrw orf ori pef psd raf raw rw2 rwl sr2 srf srw x3f',
  picture: 'avif bmp gif heic heif hif insp jp2 jpe jpeg jpg jxl mpo png svg tif tiff webp',
  film: '3gp 3gpp avi flv insv m2t m2ts m4v mkv mov mp4 mpe mpeg mpg mts mxf ts vob webm wmv',
});

const MEDIA: ReadonlyMap<string, MediaKind> = new Map(
  (Object.entries(ENDINGS) as [MediaKind, string][]).flatMap(([kind, endings]) =>
    endings.split(' ').map((ending): [string, MediaKind] => [ending, kind])
  ),
);

/** Whether the ending of a file is one that Immich imports. */
export function isMedia(path: string): boolean {
  return mediaKindOf(path) !== undefined;
}

/** What Immich takes a file for, by its ending; undefined for what it does not import. */
export function mediaKindOf(path: string): MediaKind | undefined {
  const name = basename(path);
  return name.includes('.') ? MEDIA.get(name.slice(name.lastIndexOf('.') + 1).toLowerCase()) : undefined;
}

/** The directory that a crawl of an import path begins in, without a slash at its end; undefined for one that Immich skips. */
export function crawlRoot(importPath: string): string | undefined {
  if (!importPath.startsWith('/') || importPath.includes('\0')) return undefined;
  const path = normalize(importPath);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/**
 * Whether a crawl that begins in `root` comes to `path`: it lies there or below, and nothing below `root` begins with a dot. A root
 * that is itself hidden is crawled all the same.
 */
export function isCrawled(path: string, root: string): boolean {
  if (path === root) return true;
  return isBelow(path, root) && !path.slice(root === '/' ? 0 : root.length).includes('/.');
}

/** As fast-glob and the watcher of Immich have it: with picomatch, in any case of letters, hidden names included. */
const GLOBS = Object.freeze({ dot: true, nocase: true, posix: true, strictSlashes: false });

/**
 * Whether the exclusion patterns of a library keep its crawl, begun in `root`, away from `path`: one of them matches it, or a directory
 * on the way. What a scan takes offline afterwards is another matter (exclusions.ts).
 */
export function ignores(exclusionPatterns: readonly string[]): (path: string, root: string) => boolean {
  if (exclusionPatterns.length === 0) return () => false;
  const matches = picomatch([...exclusionPatterns], GLOBS);
  return (path, root) => {
    for (let step = path; step !== root && step !== '/'; step = dirname(step)) if (matches(step)) return true;
    return false;
  };
}

/** The directory above the first hidden one of a target prefix: what its library needs as an import path. '' when there is none. */
export function importPathOf(targetPathPrefix: string): string {
  return targetPathPrefix.slice(0, Math.max(targetPathPrefix.indexOf('/.'), 0));
}

/**
 * The fewest import paths for what jobs put below these prefixes; undefined when one of them is not hidden, so that every import path
 * above it lets Immich see what lies there.
 */
export function narrowestImportPaths(targetPathPrefixes: readonly string[]): readonly string[] | undefined {
  const paths = [...new Set(targetPathPrefixes.map(importPathOf))];
  if (paths.length === 0 || paths.includes('')) return undefined;
  return paths.filter((path) => !paths.some((other) => other !== path && isCrawled(path, other)));
}
