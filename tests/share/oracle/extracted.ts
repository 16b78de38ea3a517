import { isExtractedVideo } from './paths.ts';
import { type Prediction, text } from './prediction.ts';
import { CHILDREN } from './records.ts';
import type { Row } from './state.ts';

/** Videos that Immich has taken out of mirrors, and that nothing but these mirrors shows. */
export function extractedOf(prediction: Prediction, mirrorIds: ReadonlySet<string>): Row[] {
  const { records } = prediction;
  return records.all('asset').filter((asset) => {
    const stills = records.all('asset').filter((still) => still['livePhotoVideoId'] === asset['id']);
    return asset['visibility'] === 'hidden' && isExtractedVideo(asset) && !prediction.isMirror(asset['id']) &&
      stills.length > 0 && stills.every((still) => mirrorIds.has(text(still['id'])));
  });
}

/** They go: the source's own is mirrored, and shown. That Immich has deleted its mirror was nobody's wish. */
export function removeExtracted(prediction: Prediction): void {
  const { records, memory } = prediction;
  const mirrors = new Set(memory.mirrors.map(({ id }) => id));
  for (const video of extractedOf(prediction, mirrors)) {
    for (const mirror of memory.mirrors) {
      if (records.asset(mirror.id)?.['livePhotoVideoId'] !== video['id']) continue;
      memory.refused.delete(`${records.asset(mirror.sourceId)?.['livePhotoVideoId']} ${mirror.targetId}`);
    }
    removeVideo(prediction, video);
  }
}

export function removeVideo({ records, files }: Prediction, video: Row): void {
  const id = text(video['id']);
  files.delete(text(video['originalPath']));
  for (const file of records.of('asset_file', id)) files.delete(text(file['path']));
  for (const table of CHILDREN) records.remove(table, (row) => row['assetId'] === id);
  records.remove('asset', (row) => row['id'] === id);
  for (const still of records.all('asset')) {
    if (still['livePhotoVideoId'] === id) records.change(still, { livePhotoVideoId: null });
  }
}
