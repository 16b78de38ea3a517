import type { Prediction } from './prediction.ts';
import { ANYTHING, OneOf } from './records.ts';
import { isSelected } from './selection.ts';

/** A mirrored still has the mirror of its moving part. */
export function linkLivePhotos(prediction: Prediction): void {
  const { records, memory } = prediction;
  for (const mirror of memory.mirrors) {
    const [source, row] = [records.asset(mirror.sourceId), records.asset(mirror.id)];
    if (source === undefined || row === undefined) continue;
    const motion = prediction.mirrorOf(source['livePhotoVideoId'], mirror.targetId);
    records.change(row, { livePhotoVideoId: motion?.id ?? null });
  }
}

/** Every mirror is put once into the album of each share that means it. */
export function fillAlbums(prediction: Prediction): void {
  const { records, memory, jobs } = prediction;
  for (const job of jobs) {
    const albumId = job.albumId;
    if (albumId === undefined) continue;
    const added = memory.mirrors.filter((mirror) => {
      const [source, row] = [records.asset(mirror.sourceId), records.asset(mirror.id)];
      return mirror.targetId === job.targetUserId && !mirror.albums.has(albumId) && source !== undefined &&
        isSelected(prediction, job, source) && row?.['visibility'] !== 'hidden';
    });
    for (const mirror of added) {
      mirror.albums.add(albumId);
      const isThere = records.all('album_asset').some((row) =>
        row['albumId'] === albumId && row['assetId'] === mirror.id
      );
      if (isThere) continue;
      records.add('album_asset', {
        albumId,
        assetId: mirror.id,
        createdAt: ANYTHING,
        updatedAt: ANYTHING,
        updateId: ANYTHING,
      });
    }
    const album = records.find('album', (row) => row['id'] === albumId);
    if (album?.['albumThumbnailAssetId'] === null && added.length > 0) {
      records.change(album, { albumThumbnailAssetId: new OneOf(new Set(added.map(({ id }) => id))) });
    }
  }
}
