import type { JobConfig, Placement } from '../../config/config.ts';
import { isPlainPath } from '../../files/path_map.ts';

/** A directory of originals and where its mirrors lie; both end with a slash. */
export interface Mapping {
  readonly from: string;
  readonly to: string;
}

/**
 * Where the originals of a job's sources are mirrored, most specific first. What lies below the job's own prefix (for
 * uploads: Immich's upload folder of the source) comes directly below the target prefix. Motion parts and originals
 * moved by a storage template lie elsewhere in the media location and keep their path below it. Everything else keeps
 * its whole path.
 */
export function originalMappings(
  job: {
    readonly sourceUserId: string;
    readonly sourcePathPrefix: string | undefined;
    readonly targetPathPrefix: string;
  },
  mediaLocation: string,
): readonly Mapping[] {
  const target = job.targetPathPrefix;
  return [
    { from: job.sourcePathPrefix ?? `${mediaLocation}/upload/${job.sourceUserId}/`, to: target },
    { from: `${mediaLocation}/`, to: target },
    { from: '/', to: `${target}other/` },
  ];
}

/** The mirror's original, as Immich will see it. Pure; says nothing about what is on disk. */
export function mirrorOriginalPath(mappings: readonly Mapping[], sourcePath: string): string {
  const mapping = mappings.find(({ from }) => sourcePath.startsWith(from));
  if (mapping === undefined) throw new Error(`not an absolute path: ${JSON.stringify(sourcePath)}`);
  return mapping.to + sourcePath.slice(mapping.from.length);
}

/** How a file gets to its place: as another name of it, as a file of its own, or as that only where no other name of it can be there. */
export type Way = 'link' | 'copy' | 'link-or-copy';

/** What somebody has written for one job they meant for it; shared albums may take photos from anywhere, of which few may need a copy. */
export function wayOf({ placement, pair }: Pick<JobConfig, 'placement' | 'pair'>): Way {
  if (placement !== 'copy') return 'link';
  return pair === undefined ? 'copy' : 'link-or-copy';
}

/** Whether originals have second names that are hard links. */
export function mayLink(job: Pick<JobConfig, 'placement' | 'pair'>): boolean {
  return job.placement !== 'symlink' && wayOf(job) !== 'copy';
}

/** What of a source its mirror's place depends on. */
export interface PlacedOriginal {
  readonly originalPath: string;
  /** Null for an upload. */
  readonly libraryId: string | null;
}

/** What of a job its mirrors' places depend on. */
export interface Placing {
  readonly kind: 'external' | 'upload' | 'any';
  readonly placement: Placement;
  readonly targetPathPrefix: string;
  readonly mappings: readonly Mapping[];
}

/** Where uploads lie, beside libraries, which lie in directories with their ids as names. */
const UPLOADS = 'uploads';

/**
 * The place of a new mirror's original, as Immich will see it. What takes photos from everywhere has a directory for each library and one for
 * uploads, with whole paths in them, so that no two photos meet: libraries of one user may overlap.
 */
export function placeOf(job: Placing, original: PlacedOriginal): string {
  const [place = ''] = placesOf(job, original);
  return place;
}

/**
 * All places in which a job may have put a mirror: the one of new mirrors first, and the one from before it was said, or said no more, what the
 * job selects. A mirror stays where it is in each of them.
 */
export function placesOf(job: Placing, original: PlacedOriginal): string[] {
  const [mapped, byLibrary] = [mirrorOriginalPath(job.mappings, original.originalPath), placeByLibrary(job, original)];
  // A symbolic link leads to one directory, whatever is selected.
  if (job.placement === 'symlink') return [mapped];
  return job.kind === 'any' ? [byLibrary, mapped] : [mapped, byLibrary];
}

function placeByLibrary({ targetPathPrefix }: Placing, { libraryId, originalPath }: PlacedOriginal): string {
  return `${targetPathPrefix}${libraryId ?? UPLOADS}${originalPath}`;
}

/** Where the original of a mirror at `path` may lie. `libraryId` undefined: in any library, or none, that the kind of the job allows. */
export function originalsOf(
  job: Placing,
  path: string,
): { readonly originalPath: string; readonly libraryId?: string | null }[] {
  const { mappings, targetPathPrefix } = job;
  const mapped = mappings.filter(({ to }) => path.startsWith(to))
    .map(({ from, to }) => from + path.slice(to.length))
    .filter((source) => isPlainPath(source) && mirrorOriginalPath(mappings, source) === path)
    .map((originalPath) => ({ originalPath }));
  if (!path.startsWith(targetPathPrefix)) return mapped;
  const [library = '', ...steps] = path.slice(targetPathPrefix.length).split('/');
  const originalPath = `/${steps.join('/')}`;
  if (!isPlainPath(originalPath) || steps.length === 0) return mapped;
  if (library === UPLOADS) return [...mapped, { originalPath, libraryId: null }];
  return UUID.test(library) ? [...mapped, { originalPath, libraryId: library }] : mapped;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether Immich's crawler passes over what lies below a prefix, so that only we put assets there (docs/placements.md). */
export function isHidden(pathPrefix: string): boolean {
  return pathPrefix.includes('/.');
}

/**
 * The directory of a target prefix that stays when its last mirror goes: what lies above the first hidden directory, which
 * is ours, or the prefix itself, which may be a library's import path.
 */
export function lastingDirectory(targetPathPrefix: string): string {
  const hidden = targetPathPrefix.indexOf('/.');
  return hidden > 0 ? targetPathPrefix.slice(0, hidden) : targetPathPrefix.slice(0, -1);
}

/**
 * The modification time a mirror's row must carry so that a library scan finds nothing new, or undefined when the
 * source's own value is right. Immich rounds a file's time to whole milliseconds and we can only read it cut off, so a
 * difference below two milliseconds is that rounding and the value that Immich wrote for the source is the exact one.
 */
export function mirrorModifiedAt(sourceModifiedAtMs: number, fileModifiedAtMs: number): Date | undefined {
  return Math.abs(sourceModifiedAtMs - fileModifiedAtMs) < 2 ? undefined : new Date(fileModifiedAtMs);
}
