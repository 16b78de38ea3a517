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
