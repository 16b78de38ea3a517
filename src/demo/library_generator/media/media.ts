import type { Bytes } from './bytes.ts';
import { fromBase64 } from './bytes.ts';
import type { CameraData } from './camera.ts';
import { withFreeBox, withWebpChunk } from './containers.ts';
import { encodeDng } from './dng.ts';
import { encodeJpeg, withCameraData, withJpegComment } from './jpeg.ts';
import type { Picture, SceneName } from './picture.ts';
import { cropPicture, drawPicture, drawPortrait, turnClockwise } from './picture.ts';
import { encodePng } from './png.ts';
import { HEIC_BASE64 } from './seeds/heic.ts';
import { WEBP_BASE64 } from './seeds/webp.ts';
import type { VideoFormat } from './video.ts';
import { makeVideo, VIDEOS } from './video.ts';

export type ImageFormat = 'jpeg' | 'png' | 'heic' | 'dng';
export type MediaFormat = ImageFormat | VideoFormat;

/** What a file shows. */
export interface Motif {
  readonly scene: SceneName;
  readonly variant: number;
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Stored size in pixels, before orientation. */
export const SIZES: Readonly<Record<MediaFormat, PictureSize>> = Object.freeze({
  jpeg: { width: 320, height: 240 },
  png: { width: 320, height: 240 },
  heic: { width: 160, height: 120 },
  dng: { width: 64, height: 48 },
  mp4: { width: 160, height: 120 },
  hevc: { width: 160, height: 120 },
  mov: { width: 160, height: 120 },
  motion: { width: 160, height: 120 },
});

/** Immich cuts people out in this size (docs/immich.md#files). */
const PORTRAIT_SIZE = 250;

export function isVideo(format: MediaFormat): format is VideoFormat {
  return format in VIDEOS;
}

/**
 * An original: a file that viewers, ExifTool and ffprobe accept, small, and unlike every other because of `unique`
 * (ASCII). The same input gives the same bytes. HEIC and videos come from seeds and show always the same.
 */
export function makeOriginal(format: MediaFormat, motif: Motif, camera: CameraData, unique: string): Bytes {
  if (isVideo(format)) return makeVideo(format, unique);
  const { width, height } = SIZES[format];
  switch (format) {
    case 'heic':
      return withFreeBox(fromBase64(HEIC_BASE64), unique);
    case 'dng':
      return encodeDng(motif.variant, width, height, camera, unique);
    case 'png':
      return encodePng(drawPicture(motif.scene, motif.variant, width, height), unique);
    case 'jpeg': {
      const picture = drawnJpeg(motif, { width, height }, { isTurned: false });
      return withJpegComment(withCameraData(picture, camera, { width, height }), unique);
    }
  }
}

/** What a user did to a picture: cut out a piece (in pixels of the oriented picture), turned it clockwise. */
export interface GeneratedEdit {
  readonly crop: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly isTurned: boolean;
}

/** How the shown picture comes from the stored one. */
export interface GeneratedView {
  /** For EXIF orientation 6. */
  readonly isTurned: boolean;
  readonly edit?: GeneratedEdit | undefined;
}

/** The JPEG that Immich shows instead of an original. */
export function makePreview(motif: Motif, size: PictureSize, view: GeneratedView, unique: string): Bytes {
  return withJpegComment(drawnJpeg(motif, size, view), unique);
}

/** A WebP thumbnail. There is one per scene, whatever the variant. */
export function makeThumbnail(scene: SceneName, unique: string): Bytes {
  return withWebpChunk(fromBase64(WEBP_BASE64[scene]), unique);
}

/** The JPEG of a person's face. */
export function makePortrait(variant: number, unique: string): Bytes {
  return withJpegComment(remembered(`portrait ${variant}`, () => drawPortrait(variant, PORTRAIT_SIZE)), unique);
}

function drawnJpeg({ scene, variant }: Motif, { width, height }: PictureSize, view: GeneratedView): Bytes {
  return remembered(JSON.stringify([scene, variant, width, height, view]), () => {
    const stored = drawPicture(scene, variant, width, height);
    const oriented = view.isTurned ? turnClockwise(stored) : stored;
    if (view.edit === undefined) return oriented;
    const cropped = cropPicture(oriented, view.edit.crop);
    return view.edit.isTurned ? turnClockwise(cropped) : cropped;
  });
}

/** What was drawn, by all that it depends on: to encode a picture takes 25 ms, and each is needed at least twice, as the original and as its preview. */
export const PICTURES: Map<string, Bytes> = new Map();

function remembered(name: string, draw: () => Picture): Bytes {
  const known = PICTURES.get(name);
  if (known !== undefined) return known;
  const jpeg = encodeJpeg(draw());
  PICTURES.set(name, jpeg);
  return jpeg;
}
