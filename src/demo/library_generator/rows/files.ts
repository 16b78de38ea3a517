import type { Bytes } from '../media/bytes.ts';
import { utf8 } from '../media/bytes.ts';
import type { GeneratedEdit } from '../media/media.ts';
import { makePreview, makeThumbnail } from '../media/media.ts';
import { makeVideo } from '../media/video.ts';
import { encodeSidecar } from '../media/xmp.ts';
import type { LibraryContext } from '../context.ts';
import { idOf } from '../ids.ts';
import type { Row } from '../insert.ts';
import type { PictureType } from '../paths.ts';
import { encodedVideoPathOf, picturePathOf, sidecarPathOf } from '../paths.ts';
import type { PlannedAsset } from '../plan.ts';
import { hasDone } from '../readiness.ts';

/** A file that belongs to an asset besides its original. */
export interface DemoFile {
  readonly type: PictureType | 'sidecar' | 'encoded_video';
  readonly isEdited: boolean;
  /** As Immich sees it. */
  readonly path: string;
  readonly content: Bytes;
}

/** All files of an asset besides its original, as the installed release would have made them. */
export function demoFiles(asset: PlannedAsset, context: LibraryContext): readonly DemoFile[] {
  return [...sidecar(asset), ...pictures(asset, context), ...encodedVideo(asset, context)];
}

/** The rows of asset_file; up to 2.2 sidecars and up to 2.5 encoded videos stand in columns of asset instead. */
export function fileRows(asset: PlannedAsset, context: LibraryContext): readonly Row[] {
  const { hasSidecarColumn, hasEncodedVideoColumn } = context.traits;
  return demoFiles(asset, context)
    .filter(({ type }) =>
      !(type === 'sidecar' && hasSidecarColumn) && !(type === 'encoded_video' && hasEncodedVideoColumn)
    )
    .map(({ type, path, isEdited }) => ({
      id: idOf(context, `file:${asset.spec.key}:${type}:${isEdited}`),
      assetId: asset.id,
      type,
      path,
      isEdited,
      isProgressive: false,
      isTransparent: false,
    }));
}

function sidecar(asset: PlannedAsset): readonly DemoFile[] {
  const path = sidecarPathOf(asset.spec, asset.originalPath);
  if (path === undefined) return [];
  const { description, rating, tags } = asset.spec;
  const text = encodeSidecar({
    ...(description === undefined ? {} : { description }),
    ...(rating === undefined ? {} : { rating }),
    ...(tags === undefined ? {} : { tags }),
  });
  return [{ type: 'sidecar', isEdited: false, path, content: utf8(text) }];
}

function pictures(asset: PlannedAsset, context: LibraryContext): readonly DemoFile[] {
  if (!hasDone(asset.spec, 'thumbnails')) return [];
  const { spec, variant, storedSize } = asset;
  const motif = { scene: spec.scene, variant };
  const file = (type: PictureType, edit?: GeneratedEdit): DemoFile => {
    const isEdited = edit !== undefined;
    const unique = `${context.seed} ${spec.key} ${type}${isEdited ? ' edited' : ''}`;
    const content = type === 'thumbnail'
      ? makeThumbnail(spec.scene, unique)
      : makePreview(motif, storedSize, { isTurned: spec.orientation === 6, edit }, unique);
    return { type, isEdited, path: picturePathOf(context, asset.ownerId, asset.id, type, isEdited), content };
  };
  const { edit } = spec;
  return [
    file('preview'),
    file('thumbnail'),
    ...(spec.hasFullSize ? [file('fullsize')] : []),
    ...(edit !== undefined && context.traits.canEdit
      ? [file('preview', edit), file('thumbnail', edit), file('fullsize', edit)]
      : []),
  ];
}

function encodedVideo(asset: PlannedAsset, context: LibraryContext): readonly DemoFile[] {
  const path = encodedVideoPathOf(asset.spec, context);
  if (path === undefined) return [];
  const content = makeVideo('mp4', `${context.seed} ${asset.spec.key} encoded`);
  return [{ type: 'encoded_video', isEdited: false, path, content }];
}
