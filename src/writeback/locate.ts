import { basename, dirname } from 'node:path/posix';
import type { Config } from '../config/config.ts';
import { isBelow, isPlainPath, PathMap, type Root } from '../files/path_map.ts';
import { asFileProblem, FileProblem } from '../files/problem.ts';
import type { FileReason } from '../problems/codes.ts';
import { USUAL_MEDIA_LOCATIONS } from '../immich/layout.ts';
import { lstatOr } from '../files/identity.ts';
import { isSameStamp, toStamp } from './files.ts';
import { type FileTimes, timesOf } from './settled.ts';
import type { FileStamp } from './tags.ts';

/** How paths of Immich become paths here. */
export interface PathRules {
  /** Directories that the user named with both their names: used first, and for all that lies in them. */
  readonly configured: readonly Root[];
  /** Everything else is looked for in this directory, if it exists, by the last few segments of its path. */
  readonly photoDir: string;
  readonly pathSegments: number;
  /** If there is no such directory: used like configured ones. */
  readonly assumed: readonly Root[];
}

/** What became of the search for one file. */
export type Located =
  | {
    readonly isFound: true;
    /** Where Immich's path leads, in a directory whose path has no symbolic link in it. The sidecar belongs beside it. */
    readonly path: string;
    /** The file to write: another one where `path` is a symbolic link. */
    readonly realPath: string;
    readonly stamp: FileStamp;
    readonly times: FileTimes;
  }
  | {
    readonly isFound: false;
    readonly reason: FileReason | 'unmapped';
    /** Where it was looked for; undefined when nothing says where. */
    readonly path: string | undefined;
  };

/**
 * The rules that a configuration means.
 *
 * @param mediaLocation as Immich sees it, from the database; undefined = one of the usual ones, as the API does not tell
 */
export function pathRulesOf(config: Config, mediaLocation?: string): PathRules {
  const media = [config.uploadLocationMount ?? mediaLocation ?? USUAL_MEDIA_LOCATIONS].flat();
  const { uploadLocation, externalLibraryDir, externalLibraryMount } = config;
  const same = (directory: string): Root => ({ immich: directory, local: directory });
  return {
    configured: [
      ...config.pathMap,
      ...(uploadLocation === undefined ? [] : media.map((immich) => ({ immich, local: uploadLocation }))),
      ...(externalLibraryDir === undefined ? [] : [{ immich: externalLibraryMount, local: externalLibraryDir }]),
    ],
    photoDir: config.write.photoDir,
    pathSegments: config.write.pathSegments,
    assumed: [...media, externalLibraryMount].map(same),
  };
}

/**
 * Finds the files of a run. A path has at most one place here, so that a file that is missing is never mistaken for
 * another one with the same name; and nothing outside the directories of the rules is ever found, whatever paths Immich
 * tells and whatever symbolic links there are.
 */
export class Locator {
  readonly rules: PathRules;
  /** The directories that are looked in, as far as they exist. */
  readonly directories: readonly string[];
  readonly #map: PathMap | undefined;
  readonly #photoDir: string | undefined;
  /** Those, without symbolic links. */
  readonly realDirectories: readonly string[];

  constructor(rules: PathRules) {
    this.rules = rules;
    this.#photoDir = isDirectory(rules.photoDir) ? rules.photoDir : undefined;
    const roots = [...rules.configured, ...(this.#photoDir === undefined ? rules.assumed : [])];
    this.#map = roots.length === 0 ? undefined : new PathMap(roots);
    const locals = [...roots.map(({ local }) => local), ...(this.#photoDir === undefined ? [] : [this.#photoDir])];
    this.directories = [...new Set(locals)].filter(isDirectory);
    this.realDirectories = this.directories.map((directory) => Deno.realPathSync(directory));
  }

  /** Where a path of Immich's would be here; undefined when nothing says where. */
  toLocal(immichPath: string): string | undefined {
    if (!isPlainPath(immichPath)) return undefined;
    const mapped = this.#map?.toLocal(immichPath);
    if (mapped !== undefined || this.#photoDir === undefined) return mapped;
    const segments = immichPath.slice(1).split('/');
    if (segments.length < this.rules.pathSegments) return undefined;
    return `${this.#photoDir}/${segments.slice(-this.rules.pathSegments).join('/')}`;
  }

  /** Looks for the original of an asset, and at every directory on the way anew: they may be others by now. Opens nothing. */
  locate(immichPath: string): Located {
    const wanted = this.toLocal(immichPath);
    if (wanted === undefined) return { isFound: false, reason: 'unmapped', path: undefined };
    try {
      const directory = Deno.realPathSync(dirname(wanted));
      const path = `${directory === '/' ? '' : directory}/${basename(wanted)}`;
      let realPath = path;
      let info = Deno.lstatSync(path);
      if (info.isSymlink) {
        realPath = Deno.realPathSync(path);
        info = Deno.lstatSync(realPath);
      }
      // The sidecar is made in the one, the new file in the other.
      for (const place of [directory, dirname(realPath)]) if (!this.#contains(place)) throw outside(wanted);
      if (!info.isFile) throw new FileProblem('not-a-file', wanted);
      return { isFound: true, path, realPath, stamp: toStamp(info), times: timesOf(info) };
    } catch (error) {
      return { isFound: false, reason: asFileProblem(error, wanted).reason, path: wanted };
    }
  }

  /**
   * The original at `path`, as this program sees it, if it is the very file of this stamp and no link: who only wants to know whether anything has changed
   * since `path` was found free of symbolic links need not look at the directories on the way. undefined when it is to be located.
   */
  unchanged(path: string, stamp: FileStamp): Located & { readonly isFound: true } | undefined {
    const info = lstatOr(path, undefined);
    if (info?.isFile !== true) return undefined;
    const now = toStamp(info);
    return isSameStamp(now, stamp)
      ? { isFound: true, path, realPath: path, stamp: now, times: timesOf(info) }
      : undefined;
  }

  /** Where the directories of the rules really are, as far as that is elsewhere. */
  moved(): readonly { readonly from: string; readonly to: string }[] {
    return this.directories
      .map((from, index) => ({ from, to: this.realDirectories[index] ?? from }))
      .filter(({ from, to }) => from !== to);
  }

  #contains(directory: string): boolean {
    return this.realDirectories.some((root) => directory === root || isBelow(directory, root));
  }
}

function outside(path: string): FileProblem {
  return new FileProblem('outside-roots', path);
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
