import type { JobConfig } from '../../../src/config/config.ts';
import { extractedOf, removeVideo } from './extracted.ts';
import type { Mirror } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { CHILDREN, OneOf, touch } from './records.ts';
import { personThumbnail } from './photos.ts';
import { noteHeirs, remember } from './remembered.ts';
import { isInGrace, isLockedFor } from './selection.ts';
import type { Row } from './state.ts';
import { leaveStacks } from './stacks.ts';

type Reason = 'gone' | 'refused' | 'withdrawn';

/** Withdraws what its owner has locked, with the covers of people that were cut from it. What the target has deleted is no concern of this. */
export function withdrawLocked(prediction: Prediction): void {
  const { records, memory, files } = prediction;
  const going = memory.mirrors.filter((mirror) => {
    const { sourceId, targetId } = mirror;
    const source = records.asset(sourceId);
    if (source === undefined || !isLockedFor(prediction, targetId, source)) return false;
    return records.asset(mirror.id) !== undefined || isReplacedByImmich(prediction, mirror) ||
      prediction.undecided.has(mirror.id);
  });
  const uncovered: Row[] = [];
  for (const mirror of going) {
    if (reasonFor(prediction, mirror) === 'refused') memory.refused.add(`${mirror.sourceId} ${mirror.targetId}`);
    for (const person of coveredBy(prediction, mirror)) {
      const path = text(person['thumbnailPath']);
      files.delete(path);
      const known = memory.people.find(({ id, targetId }) => path === personThumbnail(targetId, id));
      if (known !== undefined) known.hasThumbnail = false;
      records.change(person, { faceAssetId: null, thumbnailPath: '' });
      if (isOwn(prediction, person)) uncovered.push(person);
    }
  }
  removeMirrors(prediction, going, true);
  coverAgain(prediction, uncovered);
}

/** Whose cover is a face on this mirror. */
function coveredBy({ records }: Prediction, mirror: Mirror): Row[] {
  const faces = new Set(records.of('asset_face', mirror.id).map((face) => face['id']));
  return records.all('person').filter((row) => faces.has(row['faceAssetId']));
}

/** Nobody whom sharing has made, and nobody who takes part in a native share of Immich. */
function isOwn({ records, memory, personKey }: Prediction, person: Row): boolean {
  const [id, ownerId] = [person[personKey], person['ownerId']];
  return !memory.people.some((known) => known.isOurs && known.id === id && known.targetId === ownerId) &&
    !records.all('person_user').some((row) =>
      row['personGroupId'] === id && [row['sharedById'], row['sharedWithId']].includes(ownerId)
    );
}

/** Takes the covers of those among them who are the target's own, and returns these. */
export function uncover(prediction: Prediction, people: readonly Row[]): Row[] {
  const own = people.filter((row) => isOwn(prediction, row));
  for (const person of own) {
    prediction.files.delete(text(person['thumbnailPath']));
    prediction.records.change(person, { faceAssetId: null, thumbnailPath: '' });
  }
  return own;
}

/** They get a face that they see, of their own photos if there is one; no picture here can be cut. */
export function coverAgain(prediction: Prediction, people: readonly Row[]): void {
  const { records, faceKey, personKey } = prediction;
  for (const person of people.filter((row) => row['faceAssetId'] === null && row['thumbnailPath'] === '')) {
    const faces = records.all('asset_face').filter((face) => {
      const asset = records.asset(face['assetId']);
      return asset !== undefined && face[faceKey] === person[personKey] && face['deletedAt'] === null &&
        face['isVisible'] !== false &&
        asset['ownerId'] === person['ownerId'] && asset['deletedAt'] === null &&
        !['locked', 'hidden'].includes(text(asset['visibility']));
    });
    const own = faces.filter((face) => !prediction.isMirror(face['assetId']));
    const ids = (own.length > 0 ? own : faces).map((face) => face['id']);
    if (ids.length === 0) continue;
    records.change(person, { faceAssetId: new OneOf(new Set(ids)) });
    touch(person);
  }
}

/** Withdraws what has to go; twice, as a moving part goes with its still. */
export function withdraw(prediction: Prediction): void {
  const uncovered: Row[] = [];
  for (let pass = 0; pass < 2; pass++) {
    const going = prediction.memory.mirrors.flatMap((mirror) => {
      const reason = reasonFor(prediction, mirror);
      return reason === undefined ? [] : [{ mirror, reason }];
    });
    for (const { mirror, reason } of going) {
      if (reason === 'refused') prediction.memory.refused.add(`${mirror.sourceId} ${mirror.targetId}`);
    }
    uncovered.push(...uncover(prediction, going.flatMap(({ mirror }) => coveredBy(prediction, mirror))));
    removeMirrors(prediction, going.map(({ mirror }) => mirror), false);
  }
  coverAgain(prediction, uncovered);
}

function reasonFor(prediction: Prediction, mirror: Mirror): Reason | undefined {
  const { records, deleted } = prediction;
  const [source, row] = [records.asset(mirror.sourceId), records.asset(mirror.id)];
  if (row === undefined) {
    if (isReplacedByImmich(prediction, mirror) || prediction.undecided.has(mirror.id)) return 'gone';
    return mirror.isTrashed || deleted.has(mirror.id) ? 'refused' : 'gone';
  }
  // What was trashed and has a file of its own stays there, and what becomes of it is for the target to say.
  const isMeant = source !== undefined &&
    prediction.jobs.some((job: JobConfig) =>
      job.targetUserId === mirror.targetId && isInGrace(prediction, job, source)
    );
  if (isTrashed(row)) return isMeant && mirror.files.has(text(row['originalPath'])) ? undefined : 'refused';
  return isMeant ? undefined : 'withdrawn';
}

/** A scan that does not find the file sets deletedAt too. */
function isTrashed(row: Row): boolean {
  return row['status'] !== 'active' || (row['deletedAt'] !== null && row['isOffline'] === false);
}

/** Notes what targets have in their trash. */
export function noteTrash({ records, memory }: Prediction): void {
  for (const mirror of memory.mirrors) {
    const row = records.asset(mirror.id);
    if (row !== undefined) mirror.isTrashed = isTrashed(row);
  }
}

/** Immich has deleted it as it had taken the video out of the mirrored still again. */
function isReplacedByImmich({ records, memory }: Prediction, mirror: Mirror): boolean {
  const source = records.asset(mirror.sourceId);
  return source !== undefined &&
    memory.mirrors.some((still) =>
      still.targetId === mirror.targetId && records.asset(still.sourceId)?.['livePhotoVideoId'] === mirror.sourceId &&
      records.asset(records.asset(still.id)?.['livePhotoVideoId'])?.['checksum'] === source['checksum']
    );
}

function removeMirrors(prediction: Prediction, mirrors: readonly Mirror[], isLocked: boolean): void {
  const { records, memory, files } = prediction;
  remember(prediction, mirrors, isLocked);
  const ids = new Set(mirrors.map(({ id }) => id));
  for (const mirror of mirrors) {
    for (const path of pathsOf(prediction, mirror, isLocked)) files.delete(path);
  }
  for (const video of extractedOf(prediction, ids)) removeVideo(prediction, video);
  leaveStacks(prediction, ids);
  for (const face of records.all('asset_face').filter((row) => ids.has(text(row['assetId'])))) {
    removeFace(prediction, text(face['id']));
  }
  for (const table of CHILDREN) records.remove(table, (row) => ids.has(text(row['assetId'])));
  for (const table of ['album_asset', 'tag_asset', 'memory_asset', 'shared_link_asset']) {
    records.remove(table, (row) => ids.has(text(row['assetId'])));
  }
  records.remove('asset', (row) => ids.has(text(row['id'])));
  for (const row of records.all('asset')) {
    if (ids.has(text(row['livePhotoVideoId']))) records.change(row, { livePhotoVideoId: null });
  }
  for (const row of records.all('album')) {
    if (ids.has(text(row['albumThumbnailAssetId']))) records.change(row, { albumThumbnailAssetId: null });
  }
  memory.mirrors = memory.mirrors.filter(({ id }) => !ids.has(id));
  noteHeirs(prediction, ids);
}

/** What we made for a mirror, and what Immich has made for it since: the sidecar of an edit also if its row is lost. Of a locked photo all that its rows name. */
function pathsOf({ records, lost }: Prediction, mirror: Mirror, isLocked: boolean): Set<string> {
  if (lost.has(mirror.id) && !isLocked) return new Set();
  const row = records.asset(mirror.id);
  return new Set([
    ...mirror.files,
    ...(row === undefined ? [...mirror.files].filter((path) => path.includes('/.')).map((path) => `${path}.xmp`) : []),
    ...(row === undefined ? [] : [text(row['originalPath'])]),
    ...records.of('asset_file', mirror.id).map((file) => text(file['path'])),
  ]);
}

/** With what hangs on it. */
export function removeFace({ records }: Prediction, faceId: string): void {
  records.remove('asset_face', (row) => row['id'] === faceId);
  records.remove('face_search', (row) => row['faceId'] === faceId);
  for (const person of records.all('person')) {
    const cover = person['faceAssetId'];
    if (cover === faceId) records.change(person, { faceAssetId: null });
    if (!(cover instanceof OneOf) || !cover.values.has(faceId)) continue;
    const others = [...cover.values].filter((id) => id !== faceId);
    records.change(person, { faceAssetId: new OneOf(new Set([...others, null])) });
  }
}
