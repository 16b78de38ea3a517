import { createHash } from 'node:crypto';
import type { JobConfig } from '../../../src/config/config.ts';
import { MEDIA } from './household.ts';
import type { Row } from './state.ts';

/** Where the original of a mirror lies. */
export function mirrorPath(job: JobConfig, source: Row): string {
  const sourcePath = String(source['originalPath']);
  if (job.kind === 'any') return `${job.targetPathPrefix}${source['libraryId'] ?? 'uploads'}${sourcePath}`;
  const below = (prefix: string) => sourcePath.startsWith(prefix) ? sourcePath.slice(prefix.length) : undefined;
  const own = below(job.sourcePathPrefix ?? `${MEDIA}/upload/${job.sourceUserId}/`);
  const rest = own ?? below(`${MEDIA}/`) ?? `other${sourcePath}`;
  return job.targetPathPrefix + rest;
}

/** Where a generated file of a mirror lies. */
export function mirrorFilePath(file: Row, source: Row, mirror: { id: string; targetId: string; path: string }): string {
  const path = String(file['path']);
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (file['type'] === 'sidecar') return `${mirror.path}.xmp`;
  const folder = file['type'] === 'encoded_video' ? 'encoded-video' : 'thumbs';
  const own = name.replaceAll(String(source['id']), mirror.id);
  return `${MEDIA}/${folder}/${mirror.targetId}/${mirror.id.slice(0, 2)}/${mirror.id.slice(2, 4)}/${own}`;
}

/** The checksum that Immich gives a file in an external library. */
export function pathChecksum(path: string): string {
  return `\\x${createHash('sha1').update(`path:${path}`).digest('hex')}`;
}

/** Immich has taken it out of a motion photo, and finds it again by its bytes. */
export function isExtractedVideo(asset: Row): boolean {
  return asset['type'] === 'VIDEO' && asset['isExternal'] === false &&
    new RegExp(`/encoded-video/${asset['ownerId']}/.*/${asset['id']}-MP[.]mp4$`).test(String(asset['originalPath']));
}

/** The checksum of the mirror of `source` at `path`. */
export function mirrorChecksum(
  source: Row,
  path: string,
): { readonly checksum: unknown; readonly checksumAlgorithm: string } {
  return isExtractedVideo(source)
    ? { checksum: source['checksum'], checksumAlgorithm: 'sha1' }
    : { checksum: pathChecksum(path), checksumAlgorithm: 'sha1-path' };
}
