import { basename, dirname } from 'node:path/posix';

/** Where Immich's images keep their media unless they are told otherwise: since 1.136, and before. */
export const USUAL_MEDIA_LOCATIONS: readonly string[] = Object.freeze(['/data', '/usr/src/app/upload']);

/** Folders of the media location that Immich manages and whose contents its integrity check knows. */
export const MANAGED_FOLDERS: readonly string[] = Object.freeze(
  ['upload', 'library', 'thumbs', 'encoded-video', 'profile', 'backups'],
);

/** A generated file as a row of `asset_file` (or a column of `asset`, in older releases) describes it. */
export interface GeneratedFile {
  readonly type: string;
  readonly path: string;
  readonly isEdited: boolean;
}

/** The folder below the media location that a kind of generated file lives in. */
function folderOf(type: string): 'encoded-video' | 'thumbs' {
  return type === 'encoded_video' ? 'encoded-video' : 'thumbs';
}

/** `<media>/<folder>/<ownerId>`, above the two levels of hashed directories. */
export function ownerFolder(media: string, folder: 'encoded-video' | 'thumbs', ownerId: string): string {
  return `${media}/${folder}/${ownerId}`;
}

/** A path, and the directory up to which directories above it are removed when they become empty. */
export interface OwnPath {
  readonly path: string;
  readonly keep: string;
}

function inOwnerFolder(
  media: string,
  folder: 'encoded-video' | 'thumbs',
  ownerId: string,
  id: string,
  name: string,
): OwnPath {
  return {
    path: `${ownerFolder(media, folder, ownerId)}/${id.slice(0, 2)}/${id.slice(2, 4)}/${name}`,
    keep: `${media}/${folder}`,
  };
}

/**
 * Where Immich would keep this generated file for another asset. The file name keeps the style of its release
 * (`<id>-preview.jpeg` until 2.4, `<id>_preview.jpeg` and `_edited` since) because only the id in it is replaced.
 * Source: StorageCore of Immich, see docs/immich.md.
 */
export function mirrorGeneratedPath(
  file: GeneratedFile,
  source: { readonly assetId: string },
  mirror: { readonly assetId: string; readonly ownerId: string; readonly media: string },
): OwnPath {
  const sourceName = basename(file.path);
  const name = sourceName.includes(source.assetId)
    ? sourceName.replaceAll(source.assetId, mirror.assetId)
    : `${mirror.assetId}_${file.type}${file.isEdited ? '_edited' : ''}${extensionOf(sourceName)}`;
  return inOwnerFolder(mirror.media, folderOf(file.type), mirror.ownerId, mirror.assetId, name);
}

/** Where Immich keeps the thumbnail of a person. */
export function personThumbnailPath(media: string, ownerId: string, personId: string): OwnPath {
  return inOwnerFolder(media, 'thumbs', ownerId, personId, `${personId}.jpeg`);
}

/**
 * The directory above the folders of owners, if a path is where Immich puts what it makes of an asset: in the owner's folder, by the
 * asset's id. undefined for any other path.
 */
export function ownerDirectoryOf(
  path: string,
  asset: { readonly id: string; readonly ownerId: string },
): string | undefined {
  const { id, ownerId } = asset;
  for (const folder of ['thumbs', 'encoded-video'] as const) {
    const inFolder = `/${folder}/${ownerId}/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}`;
    const at = path.indexOf(inFolder);
    if (at > 0 && /^[-_.][^/]*$/.test(path.slice(at + inFolder.length))) return `${path.slice(0, at)}/${folder}`;
  }
  return undefined;
}

/** The name Immich finds a sidecar by: `photo.jpg.xmp`, or `photo.xmp` where the source's is named so. */
export function mirrorSidecarPath(sourceSidecar: string, sourceOriginal: string, mirrorOriginal: string): string {
  const sourceStem = stemOf(basename(sourceOriginal));
  const isNamedByStem = basename(sourceSidecar).toLowerCase() === `${sourceStem}.xmp`.toLowerCase();
  const name = isNamedByStem ? `${stemOf(basename(mirrorOriginal))}.xmp` : `${basename(mirrorOriginal)}.xmp`;
  return `${dirname(mirrorOriginal)}/${name}`;
}

/** A file name without its last extension; a leading dot is part of the name. */
export function stemOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

function extensionOf(name: string): string {
  return name.slice(stemOf(name).length);
}
