import { createHash } from 'node:crypto';
import type { JobConfig } from '../../../src/config/config.ts';
import { facesWay } from '../../../src/share/both_ways/waiting.ts';
import { isThere, means } from './both_ways.ts';
import { contentOf, fieldsOf, isHeir, mirrorOf, originOf, versionOf } from './faces.ts';
import { hasOwnEdits } from './fields.ts';
import type { Mirror, MirrorFace } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { ANYTHING, touch } from './records.ts';
import type { Row } from './state.ts';
import type { FaceResolution } from './typed.ts';
import { isHeldBack } from './ways.ts';

/** What a target has done with a face of a mirror. */
interface Difference {
  readonly mirror: Mirror;
  /** None: they have drawn it. */
  readonly face: MirrorFace | undefined;
  readonly source: Row | undefined;
  readonly row: Row;
  readonly kind: 'moved' | 'deleted' | 'added';
  readonly counterpart: Counterpart | undefined;
  readonly isSettled: boolean;
  readonly isKept: boolean;
}

/** Who a target's person is with the source. */
interface Counterpart {
  readonly id: string;
  readonly isMade: boolean;
}

/** Lets sources have what targets have done with faces of their mirrors. */
export function correctFaces(prediction: Prediction): void {
  const twoWay = prediction.jobs.filter(takesFacesBack);
  for (const job of twoWay) {
    const found = differencesOf(prediction, job);
    const rivals = twoWay.filter((other) =>
      other.sourceUserId === job.sourceUserId && other.targetUserId !== job.targetUserId
    ).flatMap((other) => differencesOf(prediction, other)).filter(({ isSettled }) => !isSettled);
    const isDisputed = (one: Difference) =>
      one.source !== undefined &&
      rivals.some((other) =>
        other.source === one.source && (other.kind !== one.kind || other.counterpart?.id !== one.counterpart?.id)
      );
    for (const one of found.filter(({ isSettled }) => isSettled)) settle(prediction, job, one, one.source);
    const open = found.filter((one) =>
      !one.isSettled && one.isKept && !isDisputed(one) && (one.kind === 'deleted' || one.counterpart !== undefined)
    );
    const photos = new Set(open.map(({ mirror }) => mirror.sourceId)).size;
    if (isHeldBack(prediction, facesWay(job.name), ['people'], photos)) continue;
    for (const one of open) correct(prediction, job, one);
  }
}

/** What is given up of a face counts as what both had last. */
export function heedFace(
  prediction: Prediction,
  mirrorId: string,
  { kind, sourceFaceId, lost, source, mirror: row }: FaceResolution,
): void {
  const face = prediction.memory.mirrors.find(({ id }) => id === mirrorId)?.faces.get(text(sourceFaceId));
  if (face === undefined || source === undefined) return;
  if (lost === 'source') {
    face.content = contentOf(prediction, source);
    face.version = source['updateId'];
    if (kind === 'moved') face.wrote = NOBODY;
    return;
  }
  face.version = NOBODY;
  if (kind === 'deleted') face.content = contentOf(prediction, { ...source, deletedAt: 'removed' });
  else {
    face.wrote = text(row[prediction.faceKey]);
    face.said = NOBODY;
  }
}

/** No person, and no version. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Whether a mirrored face stays as it is, as its owner has changed it, and that goes to the source or waits for a person. */
export function isHeld(prediction: Prediction, mirror: Mirror, face: MirrorFace, source: Row, row: Row): boolean {
  return isByOwner(prediction, mirror, face, source, row) &&
    prediction.jobs.some((job) => takesFacesBack(job) && means(prediction, job, mirror));
}

function takesFacesBack({ bothWays }: JobConfig): boolean {
  return bothWays?.includes('people') === true;
}

function differencesOf(prediction: Prediction, job: JobConfig): Difference[] {
  const { records, memory, faceKey } = prediction;
  const mirrors = memory.mirrors.filter((mirror) => isThere(prediction, mirror) && means(prediction, job, mirror));
  const found = mirrors.flatMap((mirror): Difference[] => {
    const rows = records.of('asset_face', mirror.id);
    const known = [...mirror.faces].flatMap(([sourceId, face]): Difference[] => {
      const source = records.find('asset_face', ({ id }) => id === sourceId);
      const row = rows.find(({ id }) => id === face.id);
      if (source === undefined || row === undefined || !isByOwner(prediction, mirror, face, source, row)) return [];
      const isRemoved = row['deletedAt'] !== null;
      const counterpart = isRemoved ? undefined : counterpartOf(prediction, job, row[faceKey], source[faceKey]);
      return [{
        mirror,
        face,
        source,
        row,
        kind: isRemoved ? 'deleted' : 'moved',
        counterpart,
        isSettled: !isRemoved && source['deletedAt'] === null && counterpart?.id === source[faceKey],
        isKept: face.content === contentOf(prediction, source) &&
          (isRemoved || source['sourceType'] !== 'machine-learning' ||
            face.version === versionOf(prediction, source, mirror)),
      }];
    });
    const ours = new Set([...mirror.faces.values()].map(({ id }) => id));
    const drawn = rows.filter((row) =>
      row['sourceType'] === 'manual' && row['deletedAt'] === null && !ours.has(text(row['id'])) &&
      typeof row[faceKey] === 'string' && isHeir(prediction, mirror.targetId, text(row[faceKey]))
    ).map((row): Difference => {
      const counterpart = counterpartOf(prediction, job, row[faceKey], undefined);
      const source = drawnByBoth(prediction, mirror, row, counterpart?.id);
      return {
        mirror,
        face: undefined,
        source,
        row,
        kind: 'added',
        counterpart,
        isSettled: source !== undefined,
        isKept: true,
      };
    });
    return [...known, ...drawn];
  });
  return found.toSorted((a, b) => text(a.row['id']) < text(b.row['id']) ? -1 : 1);
}

/** Who has somebody from the target already keeps them when they turn out to be the same as somebody of others. */
export function followLink(prediction: Prediction, targetId: string, id: string): void {
  const { memory } = prediction;
  const origin = originOf(prediction, targetId, id);
  if (origin === undefined || origin.id === id && origin.ownerId === targetId) return;
  memory.people = memory.people.map((known) =>
    known.origin !== id || known.originOwnerId !== targetId || known.targetId === origin.ownerId ||
      memory.people.some((other) => other.origin === origin.id && other.targetId === known.targetId)
      ? known
      : { ...known, origin: origin.id, originOwnerId: origin.ownerId }
  );
}

/** The face of the source that is in the same place, of the same person, and not mirrored yet. */
function drawnByBoth(
  { records, faceKey }: Prediction,
  mirror: Mirror,
  row: Row,
  counterpart: string | undefined,
): Row | undefined {
  return records.of('asset_face', mirror.sourceId).filter((source) =>
    source['deletedAt'] === null && source[faceKey] === counterpart && !mirror.faces.has(text(source['id'])) &&
    overlap(source, row) > 0.5
  ).toSorted((a, b) => text(a['id']) < text(b['id']) ? -1 : 1)[0];
}

/** How much of what two boxes cover together both cover, as Immich computes it. */
function overlap(one: Row, other: Row): number {
  const at = (row: Row, axis: 'X' | 'Y', end: 1 | 2) =>
    Number(row[`boundingBox${axis}${end}`]) / Number(row[axis === 'X' ? 'imageWidth' : 'imageHeight']);
  const length = (row: Row, axis: 'X' | 'Y') => at(row, axis, 2) - at(row, axis, 1);
  const shared = (['X', 'Y'] as const).map((axis) =>
    Math.max(0, Math.min(at(one, axis, 2), at(other, axis, 2)) - Math.max(at(one, axis, 1), at(other, axis, 1)))
  ).reduce((area, side) => area * side, 1);
  return shared /
    (length(one, 'X') * length(one, 'Y') + length(other, 'X') * length(other, 'Y') - shared);
}

/** Machine learning gives faces that it has found to people, and only those that are nobody's. */
function isByOwner(prediction: Prediction, { targetId }: Mirror, face: MirrorFace, source: Row, row: Row): boolean {
  const owner = row[prediction.faceKey];
  if (row['deletedAt'] !== null) {
    return source['deletedAt'] === null && face.content !== contentOf(prediction, { ...source, deletedAt: 'removed' });
  }
  if (typeof owner !== 'string' || owner === face.wrote) return false;
  if (row['sourceType'] === 'machine-learning' && !wasSomebodys(prediction, targetId, face, row)) return false;
  return isHeir(prediction, targetId, owner);
}

/** Whether it was somebody's when it was given to another: that one was there then. */
function wasSomebodys(prediction: Prediction, targetId: string, { wrote }: MirrorFace, row: Row): boolean {
  if (wrote === null) return false;
  const moved = row['updatedAt'];
  const before = prediction.person(targetId, wrote);
  if (before !== undefined) return isEarlier(before['createdAt'], moved);
  const gone = prediction.deletedPeople.get(`${targetId} ${wrote}`);
  return gone === undefined || isEarlier(moved, gone);
}

/** What this cycle has written is later than all else. */
function isEarlier(one: unknown, other: unknown): boolean {
  if (other === ANYTHING) return true;
  return one !== ANYTHING && Date.parse(text(one)) <= Date.parse(text(other));
}

function counterpartOf(
  prediction: Prediction,
  { sourceUserId, targetUserId }: JobConfig,
  key: unknown,
  now: unknown,
): Counterpart | undefined {
  const { memory, records, personKey } = prediction;
  const theirs = prediction.person(targetUserId, key);
  if (theirs === undefined) return undefined;
  const id = text(key);
  const shared = memory.people.filter((known) => known.targetId === targetUserId && known.id === id).map((known) => ({
    id: known.originOwnerId === sourceUserId
      ? known.origin
      : memory.people.find((back) => back.origin === known.origin && back.targetId === sourceUserId)?.id,
    isOurs: known.isOurs,
  }));
  const back = memory.people.filter((known) =>
    known.origin === id && known.originOwnerId === targetUserId && known.targetId === sourceUserId
  ).map((known) => ({ id: known.id, isOurs: false }));
  const same = [...shared, ...back, { id, isOurs: false }].filter((one) => prediction.person(sourceUserId, one.id));
  const ids = [...new Set(same.map((one) => text(one.id)))];
  const known = ids.find((one) => one === now) ??
    (ids.length === 1 ? ids[0] : same.filter(({ isOurs }) => isOurs).map((one) => text(one.id)).toSorted()[0]);
  if (ids.length > 0) return known === undefined ? undefined : { id: known, isMade: false };
  if (theirs['name'] === '' || theirs['isHidden'] === true) return undefined;
  const called = records.all('person').filter((row) =>
    row['ownerId'] === sourceUserId && row['name'] === theirs['name']
  );
  const [one, another] = called;
  if (another !== undefined || one?.['isHidden'] === true) return undefined;
  if (one !== undefined) return { id: text(one[personKey]), isMade: false };
  const made = madeId(prediction, id, sourceUserId);
  return { id: made, isMade: prediction.person(sourceUserId, made) === undefined };
}

/** In one cluster group it is the very same group; else it follows from the person and the user. */
function madeId({ records, isGrouped }: Prediction, id: string, userId: string): string {
  const group = records.find('person_group', (row) => row['id'] === id)?.['clusterGroupId'];
  const user = records.find('user', (row) => row['id'] === userId);
  if (isGrouped && group === user?.['clusterGroupId']) return id;
  const hex = createHash('md5').update(id + userId).digest('hex');
  const [, a, b, c, d, e] =
    /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(`${hex.slice(0, 12)}4${hex.slice(13, 16)}8${hex.slice(17)}`) ?? [];
  return [a, b, c, d, e].join('-');
}

function correct(prediction: Prediction, job: JobConfig, one: Difference): void {
  const { records, faceKey } = prediction;
  const { kind, source, row, counterpart } = one;
  if (kind === 'deleted') {
    if (source !== undefined) records.change(source, { deletedAt: row['deletedAt'] });
    settle(prediction, job, one, source);
    return;
  }
  if (counterpart === undefined) return;
  if (counterpart.isMade) make(prediction, job, row[faceKey], counterpart.id);
  if (kind === 'moved' && source !== undefined) records.change(source, { [faceKey]: counterpart.id, deletedAt: null });
  const written = source ?? records.add('asset_face', {
    ...row,
    id: prediction.witness.sourceFaceOf(text(row['id'])),
    assetId: one.mirror.sourceId,
    [faceKey]: counterpart.id,
    ...'isVisible' in row ? { isVisible: hasOwnEdits(prediction, one.mirror) || row['isVisible'] } : {},
    updatedAt: ANYTHING,
    updateId: ANYTHING,
  });
  chooseCovers(prediction, job, text(written['id']), counterpart.id);
  settle(prediction, job, one, written);
}

/** Somebody whom the source does not have yet. */
function make(prediction: Prediction, { sourceUserId, targetUserId }: JobConfig, key: unknown, id: string): void {
  const { records, personKey, isGrouped } = prediction;
  const theirs = prediction.person(targetUserId, key);
  if (theirs === undefined || prediction.person(sourceUserId, id) !== undefined) return;
  if (isGrouped && records.find('person_group', (row) => row['id'] === id) === undefined) {
    const clusterGroupId = records.find('user', (row) => row['id'] === sourceUserId)?.['clusterGroupId'];
    const like = records.find('person_group', (row) => row['id'] === key);
    const group: Row = { ...like, id, clusterGroupId, createdAt: ANYTHING, createId: ANYTHING };
    touch(group);
    records.add('person_group', group);
  }
  const person: Row = {
    ...theirs,
    [personKey]: id,
    ownerId: sourceUserId,
    thumbnailPath: '',
    faceAssetId: null,
    isFavorite: false,
    createdAt: ANYTHING,
  };
  touch(person);
  records.add('person', person);
}

function chooseCovers(prediction: Prediction, { sourceUserId }: JobConfig, faceId: string, to: string): void {
  const { records, faceKey, personKey } = prediction;
  const own = records.all('person').filter((row) => row['ownerId'] === sourceUserId);
  const before = own.find((row) => row['faceAssetId'] === faceId && row[personKey] !== to);
  if (before !== undefined) {
    const faces = records.all('asset_face').filter((row) => {
      const asset = records.asset(row['assetId']);
      return row[faceKey] === before[personKey] && row['deletedAt'] === null &&
        asset?.['ownerId'] === sourceUserId && asset['visibility'] !== 'locked';
    }).map((row) => text(row['id'])).toSorted();
    records.change(before, { faceAssetId: faces[0] ?? null, thumbnailPath: '' });
    touch(before);
  }
  const after = own.find((row) => row[personKey] === to);
  if (after?.['faceAssetId'] === null) {
    records.change(after, { faceAssetId: faceId, thumbnailPath: '' });
  }
}

/** Notes what both say now, and who is the same person from now on. */
function settle(prediction: Prediction, job: JobConfig, one: Difference, source: Row | undefined): void {
  if (source === undefined) return;
  const { memory, faceKey } = prediction;
  const { mirror, row } = one;
  // Of two that a target has drawn in one place the second is one more, next time.
  if (one.face === undefined && mirror.faces.has(text(source['id']))) return;
  const targetId = job.targetUserId;
  const origin = originOf(prediction, job.sourceUserId, source[faceKey]);
  if (one.kind !== 'deleted' && origin !== undefined && origin.ownerId !== targetId) {
    const isKnown = memory.people.some((known) => known.origin === origin.id && known.targetId === targetId);
    const said = prediction.person(job.sourceUserId, source[faceKey]);
    if (!isKnown && said !== undefined) {
      memory.people.push({
        origin: origin.id,
        originOwnerId: origin.ownerId,
        targetId,
        id: text(row[faceKey]),
        isOurs: false,
        fields: fieldsOf(said),
        seenBy: job.sourceUserId,
        seen: fieldsOf(said),
        cover: null,
        hasThumbnail: false,
      });
      followLink(prediction, targetId, text(row[faceKey]));
    }
  }
  const wrote = source['deletedAt'] === null && origin !== undefined
    ? mirrorOf(prediction, origin, targetId)
    : undefined;
  const noted = {
    // What both have drawn follows the source at once.
    version: one.face === undefined && one.isSettled
      ? NOBODY
      : prediction.witness.versionOf(text(source['id']), mirror.id),
    content: contentOf(prediction, source),
    said: origin?.id ?? null,
  };
  if (one.face === undefined) {
    mirror.faces.set(text(source['id']), { id: text(row['id']), ...noted, wrote: wrote ?? text(row[faceKey]) });
  } else Object.assign(one.face, noted, wrote === undefined ? {} : { wrote });
}
