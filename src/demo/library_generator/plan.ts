import { createHash } from 'node:crypto';
import type { Bytes } from './media/bytes.ts';
import type { CameraData } from './media/camera.ts';
import { withMotionVideo } from './media/jpeg.ts';
import type { PictureSize } from './media/media.ts';
import { isVideo, makeOriginal, SIZES } from './media/media.ts';
import { digestOf, toHex } from './media/random.ts';
import type { LibraryContext } from './context.ts';
import { assetIdOf, libraryIdOf, userIdOf } from './ids.ts';
import { originalPathOf } from './paths.ts';
import { expectedOf } from './readiness.ts';
import type { AssetSpec, Expected } from './spec.ts';

/** An asset with everything decided: identity, place, content, sizes. Rows and files follow from it. */
export interface PlannedAsset {
  readonly spec: AssetSpec;
  /** The spec's, as far as this release knows the difference. */
  readonly expected: Expected;
  readonly id: string;
  readonly ownerId: string;
  readonly libraryId: string | null;
  readonly isVideo: boolean;
  /** As Immich sees it. */
  readonly originalPath: string;
  readonly originalFileName: string;
  readonly content: Bytes;
  /** SHA-1, hexadecimal; of what, see docs/immich.md#rows. */
  readonly checksum: string;
  readonly takenAt: Date;
  /** Whole milliseconds: the mtime of the file and `asset.fileModifiedAt`. */
  readonly modifiedAt: Date;
  readonly camera: CameraData;
  /** Number that makes the picture differ from others of its scene. */
  readonly variant: number;
  readonly storedSize: PictureSize;
  /** After orientation. */
  readonly orientedSize: PictureSize;
  /** After orientation and edits. */
  readonly shownSize: PictureSize;
}

/** The camera that took all pictures of the test data, as in the rows of the real Immich. */
const CAMERA = Object.freeze({
  make: 'TestCam',
  model: 'TC-100',
  lensModel: 'TC 24-70mm F2.8',
  fNumber: 2.8,
  focalLength: 35,
  iso: 200,
  exposureTime: '1/125',
});

/** Pictures repeat after that many variants, so that thousands of extra images are drawn in a second. */
const VARIANTS = 40;

/** Decides everything about the assets. Pure: same context and specs, same result. */
export function planAssets(specs: readonly AssetSpec[], context: LibraryContext): readonly PlannedAsset[] {
  const byKey = new Map(specs.map((spec) => [spec.key, spec]));
  return specs.map((spec) => planAsset(spec, byKey, context));
}

function planAsset(spec: AssetSpec, byKey: ReadonlyMap<string, AssetSpec>, context: LibraryContext): PlannedAsset {
  const originalPath = originalPathOf(spec, context);
  const content = contentOf(spec, byKey, context);
  const isExternal = spec.location.kind === 'external';
  const storedSize = SIZES[spec.format];
  const orientedSize = spec.orientation === 6 ? turned(storedSize) : storedSize;
  const edit = context.traits.canEdit ? spec.edit : undefined;
  return {
    spec,
    expected: expectedOf(spec, context.traits),
    id: assetIdOf(context, spec.key),
    ownerId: userIdOf(context, spec.owner),
    libraryId: isExternal ? libraryIdOf(context, 'alice') : null,
    isVideo: isVideo(spec.format),
    originalPath,
    originalFileName: spec.location.kind === 'upload' || spec.location.kind === 'motion-part'
      ? spec.location.fileName
      : originalPath.slice(originalPath.lastIndexOf('/') + 1),
    content,
    checksum: createHash('sha1').update(isExternal ? `path:${originalPath}` : content).digest('hex'),
    takenAt: new Date(spec.takenAt),
    modifiedAt: modifiedAtOf(spec, context),
    camera: cameraOf(spec),
    variant: variantOf(spec, context),
    storedSize,
    orientedSize,
    shownSize: edit === undefined ? orientedSize : edit.isTurned ? turned(edit.crop) : edit.crop,
  };
}

function turned({ width, height }: PictureSize): PictureSize {
  return { width: height, height: width };
}

function contentOf(spec: AssetSpec, byKey: ReadonlyMap<string, AssetSpec>, context: LibraryContext): Bytes {
  const motif = { scene: spec.scene, variant: variantOf(spec, context) };
  const content = makeOriginal(spec.format, motif, cameraOf(spec), `${context.seed} ${spec.key}`);
  const video = spec.livePhotoVideo === undefined ? undefined : byKey.get(spec.livePhotoVideo);
  return video?.location.kind === 'motion-part' ? withMotionVideo(content, contentOf(video, byKey, context)) : content;
}

function variantOf(spec: AssetSpec, context: LibraryContext): number {
  return (digestOf(context.seed, `variant:${spec.key}`)[0] ?? 0) % VARIANTS;
}

function cameraOf(spec: AssetSpec): CameraData {
  return {
    ...CAMERA,
    orientation: spec.orientation ?? 1,
    takenAt: spec.takenAt.slice(0, 19),
    offset: spec.takenAt.slice(19),
  };
}

/** Some days after the picture was taken, at a moment with odd milliseconds. */
function modifiedAtOf(spec: AssetSpec, context: LibraryContext): Date {
  const digest = digestOf(context.seed, `mtime:${spec.key}`);
  const offset = Number.parseInt(toHex(digest.subarray(0, 4)), 16) % (5 * 86_400_000);
  return new Date(new Date(spec.takenAt).getTime() + offset);
}
