import { isVideo } from '../media/media.ts';
import { digestOf, toHex } from '../media/random.ts';
import { VIDEOS } from '../media/video.ts';
import type { LibraryContext } from '../context.ts';
import { assetIdOf, idOf } from '../ids.ts';
import type { Row } from '../insert.ts';
import { encodedVideoPathOf, sidecarPathOf } from '../paths.ts';
import { PLACES } from '../places.ts';
import type { PlannedAsset } from '../plan.ts';
import { hasDone } from '../readiness.ts';
import type { MissingStep } from '../spec.ts';

/** When Immich went over the library. */
const PROCESSED_AT = '2024-11-10T10:00:00.250Z';
const REMOVED_AT = '2024-11-12T12:00:00.000Z';

export function assetRow(asset: PlannedAsset, context: LibraryContext): Row {
  const { spec } = asset;
  const isExternal = asset.libraryId !== null;
  const isKnown = hasDone(spec, 'metadata');
  const { traits } = context;
  return {
    id: asset.id,
    ownerId: asset.ownerId,
    libraryId: asset.libraryId,
    isExternal,
    type: asset.isVideo ? 'VIDEO' : 'IMAGE',
    originalPath: asset.originalPath,
    originalFileName: asset.originalFileName,
    checksum: `\\x${asset.checksum}`,
    checksumAlgorithm: isExternal ? 'sha1-path' : 'sha1',
    deviceId: isExternal ? 'Library Import' : spec.location.kind === 'motion-part' ? 'NONE' : 'phone',
    deviceAssetId: deviceAssetId(asset, isExternal),
    fileCreatedAt: isKnown ? asset.takenAt : asset.modifiedAt,
    fileModifiedAt: asset.modifiedAt,
    // The wall clock, as if it were UTC.
    localDateTime: isKnown ? `${asset.camera.takenAt}Z` : asset.modifiedAt,
    duration: isKnown ? duration(asset, traits.hasTextDuration) : null,
    thumbhash: hasDone(spec, 'thumbnails') ? thumbhash(asset, context) : null,
    width: isKnown ? asset.shownSize.width : null,
    height: isKnown ? asset.shownSize.height : null,
    isFavorite: spec.isFavorite ?? false,
    visibility: spec.visibility ?? 'timeline',
    status: spec.isTrashed ? 'trashed' : 'active',
    isOffline: spec.isOffline ?? false,
    deletedAt: spec.isTrashed || spec.isOffline ? REMOVED_AT : null,
    livePhotoVideoId: spec.livePhotoVideo === undefined ? null : assetIdOf(context, spec.livePhotoVideo),
    sidecarPath: sidecarPathOf(spec, asset.originalPath) ?? null,
    encodedVideoPath: encodedVideoPathOf(spec, context) ?? '',
  };
}

/** Absent before metadata extraction: Immich writes the row at its end. */
export function jobStatusRow({ id, spec }: PlannedAsset, context: LibraryContext): Row | undefined {
  if (!hasDone(spec, 'metadata')) return undefined;
  const when = (step: MissingStep) => hasDone(spec, step) ? PROCESSED_AT : null;
  return {
    assetId: id,
    metadataExtractedAt: when('metadata'),
    previewAt: when('thumbnails'),
    thumbnailAt: when('thumbnails'),
    facesRecognizedAt: when('faces'),
    duplicatesDetectedAt: when('clip'),
    ocrAt: context.traits.hasTextRecognition ? when('ocr') : null,
  };
}

/** Before metadata extraction an upload has a row with its size only, an external file none (docs/immich.md#rows). */
export function exifRow(asset: PlannedAsset, context: LibraryContext): Row | undefined {
  const { spec, camera } = asset;
  const isKnown = hasDone(spec, 'metadata');
  if (!isKnown && asset.libraryId !== null) return undefined;
  const place = isKnown && spec.place !== undefined ? PLACES[spec.place] : undefined;
  // The other formats are made without EXIF.
  const isPhoto = isKnown && (spec.format === 'jpeg' || spec.format === 'dng');
  return {
    assetId: asset.id,
    make: isPhoto ? camera.make : null,
    model: isPhoto ? camera.model : null,
    lensModel: isPhoto ? camera.lensModel : null,
    fNumber: isPhoto ? camera.fNumber : null,
    focalLength: isPhoto ? camera.focalLength : null,
    iso: isPhoto ? camera.iso : null,
    exposureTime: isPhoto ? camera.exposureTime : null,
    colorspace: isPhoto ? 'Uncalibrated' : null,
    bitsPerSample: isKnown ? 8 : null,
    orientation: isKnown ? String(camera.orientation) : null,
    exifImageWidth: isKnown ? asset.storedSize.width : null,
    exifImageHeight: isKnown ? asset.storedSize.height : null,
    fps: isKnown && isVideo(spec.format) ? VIDEOS[spec.format].framesPerSecond : null,
    fileSizeInByte: asset.content.length,
    dateTimeOriginal: isKnown ? asset.takenAt : null,
    modifyDate: isKnown ? asset.modifiedAt : null,
    timeZone: isKnown ? place?.timeZone ?? zoneOf(camera.offset) : null,
    latitude: place?.latitude ?? null,
    longitude: place?.longitude ?? null,
    city: place?.city ?? null,
    state: place?.state ?? null,
    country: place?.country ?? null,
    description: spec.description ?? '',
    rating: spec.rating ?? null,
    tags: spec.tags ?? null,
    lockedProperties: spec.lockedProperties ?? null,
    livePhotoCID: spec.livePhotoId === undefined ? null : idOf(context, `live:${spec.livePhotoId}`).toUpperCase(),
  };
}

/** `+02:00` -> `UTC+2` */
function zoneOf(offset: string): string {
  const [hours = '0', minutes = '00'] = offset.slice(1).split(':');
  if (Number(hours) === 0 && minutes === '00') return 'UTC';
  return `UTC${offset[0]}${Number(hours)}${minutes === '00' ? '' : `:${minutes}`}`;
}

function deviceAssetId(asset: PlannedAsset, isExternal: boolean): string {
  if (asset.spec.location.kind === 'motion-part') return 'NONE';
  return isExternal ? asset.originalFileName : `${asset.originalFileName}-${asset.content.length}`;
}

function duration(asset: PlannedAsset, asText: boolean): number | string | null {
  const { format } = asset.spec;
  if (!isVideo(format)) return null;
  const { durationMs } = VIDEOS[format];
  return asText ? `00:00:${(durationMs / 1000).toFixed(3).padStart(6, '0')}` : durationMs;
}

/** As long as a real one; nobody looks at what it shows. */
function thumbhash(asset: PlannedAsset, context: LibraryContext): string {
  return `\\x${toHex(digestOf(context.seed, `thumbhash:${asset.spec.key}`))}00`;
}
