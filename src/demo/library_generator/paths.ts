import { LIBRARIES, USERS } from './accounts.ts';
import type { LibraryKey } from './accounts.ts';
import type { LibraryContext } from './context.ts';
import { assetIdOf, idOf, userIdOf } from './ids.ts';
import type { AssetSpec } from './spec.ts';

/** Where Immich keeps what (docs/immich.md#files). All paths as Immich sees them. */

/** `aa/bb/` of a generated file or upload: the first four characters of its name (cores/storage.core.ts:347). */
export function nestedFolder(fileName: string): string {
  return `${fileName.slice(0, 2)}/${fileName.slice(2, 4)}`;
}

export function generatedImportPath(context: LibraryContext, key: LibraryKey): string {
  const { root, importPath } = LIBRARIES[key];
  return `${root === 'external' ? context.externalRoot : context.mediaLocation}/${importPath}`;
}

export function originalPathOf(spec: AssetSpec, context: LibraryContext): string {
  const { location, owner } = spec;
  const { mediaLocation } = context;
  const ownerId = userIdOf(context, owner);
  switch (location.kind) {
    case 'external':
      return `${generatedImportPath(context, 'alice')}/${location.path}`;
    case 'upload': {
      const extension = location.fileName.slice(location.fileName.lastIndexOf('.'));
      const name = idOf(context, `upload:${spec.key}`) + extension;
      return `${mediaLocation}/upload/${ownerId}/${nestedFolder(name)}/${name}`;
    }
    case 'template':
      return `${mediaLocation}/library/${USERS[owner].storageLabel ?? ownerId}/${location.path}`;
    case 'motion-part': {
      const name = `${assetIdOf(context, spec.key)}-MP.mp4`;
      return `${mediaLocation}/encoded-video/${ownerId}/${nestedFolder(name)}/${name}`;
    }
  }
}

/** Path of the XMP sidecar, if the asset has one. */
export function sidecarPathOf(spec: AssetSpec, originalPath: string): string | undefined {
  if (spec.sidecar === undefined) return undefined;
  return `${spec.sidecar === 'full' ? originalPath : originalPath.slice(0, originalPath.lastIndexOf('.'))}.xmp`;
}

export type PictureType = 'thumbnail' | 'preview' | 'fullsize';

/** Names have dashes up to 2.4, underscores since assets can be edited. */
export function picturePathOf(
  context: LibraryContext,
  ownerId: string,
  assetId: string,
  type: PictureType,
  isEdited = false,
): string {
  const separator = context.traits.canEdit ? '_' : '-';
  const extension = type === 'thumbnail' ? 'webp' : 'jpeg';
  const name = `${assetId}${separator}${type}${isEdited ? '_edited' : ''}.${extension}`;
  return `${context.mediaLocation}/thumbs/${ownerId}/${nestedFolder(name)}/${name}`;
}

/** Path of the transcoded video, if the asset has one. */
export function encodedVideoPathOf(spec: AssetSpec, context: LibraryContext): string | undefined {
  if (!spec.isTranscoded) return undefined;
  const assetId = assetIdOf(context, spec.key);
  return `${context.mediaLocation}/encoded-video/${userIdOf(context, spec.owner)}/${
    nestedFolder(assetId)
  }/${assetId}.mp4`;
}

/** Path of a person's portrait. */
export function portraitPathOf(context: LibraryContext, ownerId: string, personId: string): string {
  return `${context.mediaLocation}/thumbs/${ownerId}/${nestedFolder(personId)}/${personId}.jpeg`;
}
