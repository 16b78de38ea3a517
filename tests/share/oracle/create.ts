import type { JobConfig } from '../../../src/config/config.ts';
import { basesOf, doFavoritesFollow, pick } from './fields.ts';
import { mirrorChecksum, mirrorPath } from './paths.ts';
import { type Prediction, text } from './prediction.ts';
import { ANYTHING } from './records.ts';
import { giveBack } from './remembered.ts';
import { hasOwn, isMotionOfMirror, isReady, isSelected } from './selection.ts';
import type { Row } from './state.ts';

/** Makes the mirrors that a share wants and that are not there yet: stills and videos first, then the moving parts. */
export function createMirrors(prediction: Prediction, job: JobConfig): void {
  for (const means of [isSelected, isMotionOfMirror]) {
    const { records, memory } = prediction;
    const candidates = records.all('asset').filter((asset) => {
      const key = `${asset['id']} ${job.targetUserId}`;
      return means(prediction, job, asset) && prediction.mirrorOf(asset['id'], job.targetUserId) === undefined &&
        !memory.refused.has(key) && !memory.duplicates.has(key) && isReady(prediction, asset);
    });
    for (const asset of candidates) {
      if (!prediction.before.files.has(text(asset['originalPath']))) continue;
      const key = `${asset['id']} ${job.targetUserId}`;
      if (hasOwn(prediction, job.targetUserId, asset) && !memory.wanted.has(key)) memory.duplicates.add(key);
      else createMirror(prediction, job, asset);
    }
  }
}

/** The rows that hang on it, its files and its faces come as if they had changed at the source. */
function createMirror(prediction: Prediction, job: JobConfig, source: Row): void {
  const { records, memory } = prediction;
  const [sourceId, targetId] = [text(source['id']), job.targetUserId];
  const id = prediction.witness.mirrorOf(sourceId, targetId);
  const path = mirrorPath(job, source);
  const isFavorite = source['isFavorite'] === true &&
    doFavoritesFollow(prediction, { sourceOwnerId: job.sourceUserId, targetId });
  records.add('asset', {
    ...source,
    id,
    ownerId: targetId,
    libraryId: job.targetLibraryId,
    originalPath: path,
    ...mirrorChecksum(source, path),
    isExternal: true,
    isFavorite,
    livePhotoVideoId: null,
    stackId: null,
    duplicateId: null,
    createdAt: ANYTHING,
    updatedAt: ANYTHING,
    updateId: ANYTHING,
    ...('deviceId' in source ? { deviceId: 'Library Import' } : {}),
  });
  for (const table of ['asset_exif', 'asset_edit', 'asset_job_status']) {
    for (const row of records.of(table, sourceId)) {
      const generated = Object.keys(pick(row, ['id', 'updatedAt', 'updateId']));
      records.add(table, {
        ...row,
        assetId: id,
        ...('lockedProperties' in row ? { lockedProperties: null } : {}),
        ...Object.fromEntries(generated.map((column) => [column, ANYTHING])),
      });
    }
  }
  memory.mirrors.push({
    sourceId,
    sourceOwnerId: text(source['ownerId']),
    targetId,
    id,
    job,
    bases: basesOf(prediction, sourceId, isFavorite),
    said: new Set(),
    albums: new Set(),
    faces: new Map(),
    files: new Set(),
    stack: null,
    tagged: undefined,
    own: {},
    madeIn: memory.cycles,
    isTrashed: false,
  });
  giveBack(prediction, id);
}
