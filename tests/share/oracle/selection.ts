import type { JobConfig } from '../../../src/config/config.ts';
import { isChosen } from './choice.ts';
import type { Mirror } from './memory.ts';
import type { Prediction } from './prediction.ts';
import type { Row } from './state.ts';

/** Whether a share means this photo for itself. */
export function isSelected(prediction: Prediction, job: JobConfig, asset: Row): boolean {
  return isPresent(job, asset) && isInScope(job, asset) && isChosen(prediction, job, asset) &&
    !prediction.isMirror(asset['id']) &&
    !isLockedFor(prediction, job.targetUserId, asset);
}

/** Whether it is locked, or the moving part of a locked photo and of no other that this target sees. */
export function isLockedFor(prediction: Prediction, targetId: string, asset: Row): boolean {
  if (asset['visibility'] === 'locked') return true;
  if (asset['visibility'] !== 'hidden') return false;
  const stills = prediction.records.all('asset').filter((still) => still['livePhotoVideoId'] === asset['id']);
  return stills.some((still) => still['visibility'] === 'locked') &&
    !stills.some((still) =>
      still['visibility'] !== 'locked' && prediction.mirrorOf(still['id'], targetId) !== undefined
    );
}

/** Whether it is the moving part of a photo that a share means and has mirrored. */
export function isMotionOfMirror(prediction: Prediction, job: JobConfig, asset: Row): boolean {
  return isPresent(job, asset) && asset['visibility'] === 'hidden' && !prediction.isMirror(asset['id']) &&
    prediction.records.all('asset').some((still) =>
      still['livePhotoVideoId'] === asset['id'] && isPresent(job, still) && isInScope(job, still) &&
      isChosen(prediction, job, still) &&
      prediction.mirrorOf(still['id'], job.targetUserId) !== undefined
    );
}

/** Whether any share means the source of this mirror now, so that it follows. */
export function isMeant(prediction: Prediction, mirror: Mirror): boolean {
  const source = prediction.records.asset(mirror.sourceId);
  return source !== undefined && prediction.jobs.some((job) =>
    job.targetUserId === mirror.targetId &&
    (isSelected(prediction, job, source) || isMotionOfMirror(prediction, job, source))
  );
}

/** Whether a share would mean this photo, or the photo that it is the moving part of, if its file had not been missing since a short while. */
export function isInGrace(prediction: Prediction, job: JobConfig, asset: Row): boolean {
  if (prediction.isMirror(asset['id'])) return false;
  if (isThere(job, asset) && isInScope(job, asset) && isChosen(prediction, job, asset)) return true;
  return isThere(job, asset) && asset['visibility'] === 'hidden' &&
    prediction.records.all('asset').some((still) =>
      still['livePhotoVideoId'] === asset['id'] && isThere(job, still) && isInScope(job, still) &&
      isChosen(prediction, job, still) &&
      prediction.mirrorOf(still['id'], job.targetUserId) !== undefined
    );
}

/** The demo's configuration says so. */
const GRACE_MS = 24 * 3_600_000;

function isThere(job: JobConfig, asset: Row): boolean {
  const isMissed = asset['ownerId'] === job.sourceUserId && asset['isOffline'] === true && asset['status'] === 'active';
  return isPresent(job, asset) || (isMissed && Date.parse(String(asset['deletedAt'])) + GRACE_MS > Date.now());
}

function isPresent(job: JobConfig, asset: Row): boolean {
  return asset['ownerId'] === job.sourceUserId && asset['deletedAt'] === null && asset['isOffline'] === false &&
    asset['status'] === 'active';
}

function isInScope(job: JobConfig, asset: Row): boolean {
  const visibilities = ['timeline'];
  if (job.includeArchived) visibilities.push('archive');
  if (job.includeHidden) visibilities.push('hidden');
  return (job.kind === 'any' || (asset['libraryId'] !== null) === (job.kind === 'external')) &&
    String(asset['originalPath']).startsWith(job.sourcePathPrefix ?? '') &&
    visibilities.includes(String(asset['visibility']));
}

/** Whether Immich has done everything that a mirror shows. */
export function isReady({ records }: Prediction, asset: Row): boolean {
  const id = String(asset['id']);
  const [status] = records.of('asset_job_status', id);
  if (status === undefined || status['metadataExtractedAt'] === null) return false;
  if (records.of('asset_exif', id).length === 0) return false;
  if (asset['visibility'] === 'hidden') return true;
  const files = records.of('asset_file', id);
  const hasFile = (type: string) => files.some((file) => file['type'] === type);
  if (asset['thumbhash'] === null || !hasFile('thumbnail') || !hasFile('preview')) return false;
  if (asset['isEdited'] === true && !files.some((file) => file['isEdited'] === true)) return false;
  if (records.of('smart_search', id).length === 0) return false;
  return status['facesRecognizedAt'] !== null && status['ocrAt'] !== null;
}

/** Whether the target has uploaded the same picture: the same name and the same second. */
export function hasOwn({ records }: Prediction, targetId: string, asset: Row): boolean {
  if (asset['visibility'] === 'hidden') return false;
  const stem = (row: Row) => String(row['originalFileName']).toLowerCase().replace(/\.[^.]+$/, '');
  const second = (row: Row) => {
    const taken = records.of('asset_exif', String(row['id']))[0]?.['dateTimeOriginal'];
    return typeof taken === 'string' ? Math.floor(Date.parse(taken) / 1000) : undefined;
  };
  return second(asset) !== undefined &&
    records.all('asset').some((upload) =>
      upload['ownerId'] === targetId && upload['libraryId'] === null && upload['deletedAt'] === null &&
      upload['visibility'] !== 'hidden' && upload['visibility'] !== 'locked' && stem(upload) === stem(asset) &&
      second(upload) === second(asset)
    );
}
