import { RefusedError } from '../errors.ts';

/** A directory as Immich sees it and as this program sees it. Absolute, no trailing slash. */
export interface Root {
  readonly immich: string;
  readonly local: string;
}

/**
 * Whether a path from the database may be used as it stands: absolute, and free of what could lead elsewhere
 * (`.`, `..` and empty segments, NUL). Everything else, newlines included, is a legal file name.
 */
export function isPlainPath(path: string): boolean {
  if (!path.startsWith('/') || path.includes('\0')) return false;
  return path.slice(1).split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

/** Whether `path` lies below `directory` (neither ends with a slash). Compares whole segments, so `/a/bc` is not below `/a/b`. */
export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/**
 * Translates paths between Immich's container and this program. There is one in a run, used everywhere, so that
 * a path outside every configured root is known as such no matter where it came from.
 */
export class PathMap {
  /** Longest Immich path first, so that the most specific root wins; equal paths keep their order of precedence. */
  readonly roots: readonly Root[];

  constructor(roots: readonly Root[]) {
    if (roots.length === 0) {
      throw new RefusedError('No directory is configured.', {
        problemCode: 'not-named',
        remedy: 'Set UPLOAD_LOCATION and EXTERNAL_LIBRARY_DIR.',
      });
    }
    const seen = new Set<string>();
    const firstOfEach = roots.filter((root) => !seen.has(root.immich) && seen.add(root.immich));
    this.roots = Object.freeze([...firstOfEach].sort((a, b) => b.immich.length - a.immich.length));
  }

  /** The root an Immich path lies in, or undefined when it is outside all of them or not a plain path. */
  rootOf(immichPath: string): Root | undefined {
    if (!isPlainPath(immichPath)) return undefined;
    return this.roots.find((root) => immichPath === root.immich || isBelow(immichPath, root.immich));
  }

  /** Immich's path as this program sees it; undefined when it is outside every configured root. */
  toLocal(immichPath: string): string | undefined {
    const root = this.rootOf(immichPath);
    if (root === undefined) return undefined;
    const rest = root.immich === '/' ? immichPath : immichPath.slice(root.immich.length);
    return (root.local === '/' ? '' : root.local) + rest || '/';
  }

  /** A path of this program's as Immich sees it; undefined when it is outside every configured root. The inverse of toLocal. */
  toImmich(local: string): string | undefined {
    if (!isPlainPath(local)) return undefined;
    const root = this.roots
      .filter((candidate) => local === candidate.local || isBelow(local, candidate.local))
      .toSorted((a, b) => b.local.length - a.local.length)[0];
    if (root === undefined) return undefined;
    const rest = root.local === '/' ? local : local.slice(root.local.length);
    return (root.immich === '/' ? '' : root.immich) + rest || '/';
  }
}
