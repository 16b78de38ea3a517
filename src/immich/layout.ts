import { nameOf, parentOf } from '../files/path_map.ts';

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

function hashed(base: string, id: string): string {
  return `${base}/${id.slice(0, 2)}/${id.slice(2, 4)}`;
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
): { readonly path: string; readonly keep: string } {
  const keep = ownerFolder(mirror.media, folderOf(file.type), mirror.ownerId);
  const sourceName = nameOf(file.path);
  const name = sourceName.includes(source.assetId)
    ? sourceName.replaceAll(source.assetId, mirror.assetId)
    : `${mirror.assetId}_${file.type}${file.isEdited ? '_edited' : ''}${extensionOf(sourceName)}`;
  return { path: `${hashed(keep, mirror.assetId)}/${name}`, keep };
}

/** Where Immich keeps the thumbnail of a person. */
export function personThumbnailPath(
  media: string,
  ownerId: string,
  personId: string,
): { readonly path: string; readonly keep: string } {
  const keep = ownerFolder(media, 'thumbs', ownerId);
  return { path: `${hashed(keep, personId)}/${personId}.jpeg`, keep };
}

/** The name Immich finds a sidecar by: `photo.jpg.xmp`, or `photo.xmp` where the source's is named so. */
export function mirrorSidecarPath(sourceSidecar: string, sourceOriginal: string, mirrorOriginal: string): string {
  const sourceStem = stemOf(nameOf(sourceOriginal));
  const isNamedByStem = nameOf(sourceSidecar).toLowerCase() === `${sourceStem}.xmp`.toLowerCase();
  const name = isNamedByStem ? `${stemOf(nameOf(mirrorOriginal))}.xmp` : `${nameOf(mirrorOriginal)}.xmp`;
  return `${parentOf(mirrorOriginal)}/${name}`;
}

/** A file name without its last extension; a leading dot is part of the name. */
export function stemOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

function extensionOf(name: string): string {
  return name.slice(stemOf(name).length);
}
