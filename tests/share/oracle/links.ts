import type { MirrorStack } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { ANYTHING, OneOf } from './records.ts';
import { isSelected } from './selection.ts';
import { removeStack } from './withdraw.ts';

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

/** Rebuilds the stacks of the sources from their mirrors. */
export function followStacks(prediction: Prediction): void {
  const { records, memory } = prediction;
  const ours = new Set(memory.stacks.map(({ id }) => id));
  const wanted: { sourceStackId: string; targetId: string; members: { sourceId: string; id: string }[] }[] = [];
  for (const stack of records.all('stack')) {
    for (const targetId of prediction.targets) {
      const members = memory.mirrors.filter((mirror) => {
        const row = records.asset(mirror.id);
        const isFree = row?.['stackId'] === null || ours.has(text(row?.['stackId']));
        return mirror.targetId === targetId && isFree && records.asset(mirror.sourceId)?.['stackId'] === stack['id'];
      });
      if (members.length >= 2) wanted.push({ sourceStackId: text(stack['id']), targetId, members });
    }
  }
  const isWanted = (known: MirrorStack) =>
    wanted.some(({ sourceStackId, targetId }) => known.sourceStackId === sourceStackId && known.targetId === targetId);
  for (const known of memory.stacks.filter((stack) => !isWanted(stack))) removeStack(prediction, known.id);
  memory.stacks = memory.stacks.filter((known) =>
    isWanted(known) && records.find('stack', (row) => row['id'] === known.id) !== undefined
  );
  for (const { sourceStackId, targetId, members } of wanted) {
    const source = records.find('stack', (row) => row['id'] === sourceStackId);
    const lowest = members.toSorted((a, b) => a.sourceId < b.sourceId ? -1 : 1)[0];
    const primary = members.find(({ sourceId }) => sourceId === source?.['primaryAssetId']) ?? lowest;
    const known = memory.stacks.find((stack) => stack.sourceStackId === sourceStackId && stack.targetId === targetId);
    const id = known?.id ?? prediction.witness.stackOf(sourceStackId, targetId);
    const row = records.find('stack', (candidate) => candidate['id'] === id);
    if (row === undefined) {
      memory.stacks.push({ sourceStackId, targetId, id });
      const generated = { createdAt: ANYTHING, updatedAt: ANYTHING, updateId: ANYTHING };
      records.add('stack', { id, primaryAssetId: primary?.id, ownerId: targetId, ...generated });
    } else {
      records.change(row, { primaryAssetId: primary?.id });
    }
    for (const member of records.all('asset').filter((asset) => asset['stackId'] === id)) {
      if (!members.some((mirror) => mirror.id === member['id'])) records.change(member, { stackId: null });
    }
    for (const mirror of members) {
      const member = records.asset(mirror.id);
      if (member !== undefined) records.change(member, { stackId: id });
    }
  }
}
