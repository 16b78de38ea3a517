import type { Config } from '../config/config.ts';
import { Linker } from '../files/linker.ts';
import { isBelow, isPlainPath, parentOf, PathMap, type Root } from '../files/path_map.ts';
import { asFileProblem } from '../files/problem.ts';
import type { FileReason } from '../problems/codes.ts';
import { USUAL_MEDIA_LOCATIONS } from '../immich/layout.ts';
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
    /** Where Immich's path leads. The sidecar belongs beside it. */
    readonly path: string;
    /** The same with all symbolic links resolved: the file to write. */
    readonly realPath: string;
    readonly stamp: FileStamp;
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
  readonly #linker: Linker;
  readonly #realDirectories: readonly string[];

  constructor(rules: PathRules) {
    this.rules = rules;
    this.#photoDir = isDirectory(rules.photoDir) ? rules.photoDir : undefined;
    const roots = [...rules.configured, ...(this.#photoDir === undefined ? rules.assumed : [])];
    this.#map = roots.length === 0 ? undefined : new PathMap(roots);
    const locals = [...roots.map(({ local }) => local), ...(this.#photoDir === undefined ? [] : [this.#photoDir])];
    this.directories = [...new Set(locals)].filter(isDirectory);
    this.#realDirectories = this.directories.map((directory) => Deno.realPathSync(directory));
    this.#linker = new Linker(this.directories);
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

  /** Looks for the original of an asset. Opens nothing. */
  locate(immichPath: string): Located {
    const path = this.toLocal(immichPath);
    if (path === undefined) return { isFound: false, reason: 'unmapped', path: undefined };
    try {
      const { realPath, ...stamp } = this.#linker.inspect(path);
      if (!this.#isOwnDirectory(parentOf(path), realPath)) return { isFound: false, reason: 'outside-roots', path };
      return { isFound: true, path, realPath, stamp };
    } catch (error) {
      return { isFound: false, reason: asFileProblem(error, path).reason, path };
    }
  }

  /** Whether the directory that a sidecar would be made in is inside too: the file may be a link that leads back in. */
  #isOwnDirectory(directory: string, realPath: string): boolean {
    if (isBelow(realPath, directory)) return true;
    const real = Deno.realPathSync(directory);
    return this.#realDirectories.some((root) => real === root || isBelow(real, root));
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
