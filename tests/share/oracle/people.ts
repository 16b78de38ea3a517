import { type KnownPerson, PERSON_FIELDS, type PersonField } from './memory.ts';
import { personThumbnail } from './photos.ts';
import { type Prediction, text } from './prediction.ts';
import { NEW_INODE, OneOf, same, touch } from './records.ts';
import type { FileFact, Row } from './state.ts';

/**
 * Lets mirrored people follow those who show them: fields that the target has not touched, and the cover. What a user says themselves of
 * somebody whom they have from another one comes first; what they get from there is no news for those to whom they show them.
 */
export function followPeople(prediction: Prediction): void {
  // With somebody with whom nothing is shared any more, people are left as they are.
  const targets = new Set(prediction.jobs.map(({ targetUserId }) => targetUserId));
  const people = prediction.memory.people.filter(({ isOurs, targetId }) => isOurs && targets.has(targetId));
  for (const known of people) {
    const mirror = prediction.person(known.targetId, known.id);
    if (mirror !== undefined) followSharer(prediction, known, mirror);
  }
  for (const known of people) {
    const origin = prediction.person(known.originOwnerId, known.origin);
    const mirror = prediction.person(known.targetId, known.id);
    if (origin === undefined || mirror === undefined) continue;
    const isShown = known.seenBy === known.originOwnerId && sharersOf(prediction, known).includes(known.originOwnerId);
    if (isShown && PERSON_FIELDS.some((field) => !same(origin[field], known.fields[field]))) {
      follow(prediction, known, mirror, origin, PERSON_FIELDS);
    }
    followCover(prediction, known, origin, mirror);
  }
}

/** The origin's owner, if they show the person; otherwise who has shown them so far, or the first who does. */
function followSharer(prediction: Prediction, known: KnownPerson, mirror: Row): void {
  const sharers = sharersOf(prediction, known);
  const sharer = [known.originOwnerId, known.seenBy].find((id) => sharers.includes(id)) ?? sharers[0];
  const said = sharer === undefined ? undefined : personSeenBy(prediction, known, sharer);
  if (sharer === undefined || said === undefined) return;
  const isOther = sharer !== known.seenBy;
  if (!isOther && sharer === known.originOwnerId) return;
  const news = PERSON_FIELDS.filter((field) => isOther || !same(said[field], known.seen[field]));
  known.seenBy = sharer;
  if (news.length > 0) follow(prediction, known, mirror, said, news);
}

function follow(
  prediction: Prediction,
  known: KnownPerson,
  mirror: Row,
  said: Row,
  news: readonly PersonField[],
): void {
  touch(mirror);
  const further = prediction.memory.people.filter((other) =>
    other !== known && other.origin === known.origin && other.seenBy === known.targetId
  );
  for (const field of news) {
    if (same(mirror[field], known.fields[field])) {
      for (const other of further) if (same(other.seen[field], mirror[field])) other.seen[field] = said[field];
      prediction.records.change(mirror, { [field]: said[field] });
    }
    known.fields[field] = said[field];
  }
  for (const field of PERSON_FIELDS) known.seen[field] = said[field];
}

/** Whose photos show the person to the target, in order. */
function sharersOf(prediction: Prediction, known: KnownPerson): string[] {
  const shown = new Set(livingFaces(prediction, known).map((face) => face['assetId']));
  const owners = prediction.memory.mirrors.filter(({ id }) => shown.has(id)).map(({ sourceOwnerId }) => sourceOwnerId);
  return [...new Set(owners)].filter((owner) => personSeenBy(prediction, known, owner) !== undefined).sort();
}

/** The person as one of those sees them who have them. */
export function personSeenBy(
  prediction: Prediction,
  { origin, originOwnerId }: KnownPerson,
  userId: string,
): Row | undefined {
  if (userId === originOwnerId) return prediction.person(userId, origin);
  const theirs = prediction.memory.people.find((other) => other.origin === origin && other.targetId === userId);
  return theirs && prediction.person(userId, theirs.id);
}

/** The picture of a person is a piece of a photo: it is shown only to those who see the photo. */
function followCover(prediction: Prediction, known: KnownPerson, origin: Row, mirror: Row): void {
  const { records, files, before } = prediction;
  const path = personThumbnail(known.targetId, known.id);
  const cover = visibleCover(prediction, known, origin);
  const thumbnail = before.files.get(text(origin['thumbnailPath']));
  const isChosen = known.cover !== null && mirror['faceAssetId'] !== null && mirror['faceAssetId'] !== known.cover;
  const isNewCover = cover !== known.cover && !(isChosen && cover !== null);
  const living = livingFaces(prediction, known);
  const shown = living.filter((row) => row['isVisible'] !== false);
  const current = records.find('asset_face', (row) => row['id'] === mirror['faceAssetId']);
  const isHidden = current?.['deletedAt'] !== null || current['isVisible'] === false;
  if (isNewCover || mirror['faceAssetId'] === null || (isHidden && shown.length > 0)) {
    const others = (shown.length > 0 ? shown : living).map((row) => row['id']);
    const isFound = cover !== null || others.length > 0;
    if (isNewCover || isFound) {
      const face = cover ?? (isFound ? new OneOf(new Set(others)) : null);
      const hasThumbnail = cover !== null && thumbnail !== undefined;
      records.change(mirror, { faceAssetId: face, thumbnailPath: hasThumbnail ? path : '' });
      touch(mirror);
      if (!hasThumbnail) files.delete(path);
      known.hasThumbnail = hasThumbnail;
      known.cover = cover;
    }
  }
  if (
    cover !== null && mirror['faceAssetId'] === cover && mirror['thumbnailPath'] === path && thumbnail !== undefined
  ) {
    // A cover that goes with a lost mirror and comes back with the new one may be copied once more.
    const copy = isNewCover ? { ...thumbnail, inode: NEW_INODE } : copyOf(thumbnail, before.files.get(path));
    if (copy.inode === NEW_INODE) touch(mirror);
    files.set(path, copy);
    known.hasThumbnail = true;
  }
}

/** The same picture in a file of its own. */
function copyOf(source: FileFact, known: FileFact | undefined): FileFact {
  return known !== undefined && known.content === source.content && known.inode !== source.inode
    ? known
    : { ...source, inode: NEW_INODE };
}

/** The mirrored face on the cover that the source has chosen. */
function visibleCover({ records, memory }: Prediction, known: KnownPerson, origin: Row): string | null {
  const face = records.find('asset_face', (row) => row['id'] === origin['faceAssetId']);
  const mirror = memory.mirrors.find((candidate) =>
    candidate.sourceId === face?.['assetId'] && candidate.targetId === known.targetId
  );
  const id = mirror?.faces.get(text(face?.['id']))?.id;
  const row = records.find('asset_face', (candidate) => candidate['id'] === id);
  return row?.['deletedAt'] === null && row['isVisible'] !== false ? text(row['id']) : null;
}

function livingFaces({ records, faceKey }: Prediction, known: KnownPerson): Row[] {
  return records.all('asset_face').filter((row) =>
    row[faceKey] === known.id && row['deletedAt'] === null &&
    records.asset(row['assetId'])?.['ownerId'] === known.targetId
  );
}

/** Nobody stays whose face is not to be seen, and nobody is ours whose origin is gone. */
export function releasePeople(prediction: Prediction): void {
  const { records, memory, files, faceKey, personKey } = prediction;
  for (const known of memory.people.filter(({ isOurs }) => isOurs)) {
    if (livingFaces(prediction, known).length > 0) continue;
    memory.people = memory.people.filter(({ id, targetId }) => id !== known.id || targetId !== known.targetId);
    records.remove('person', (row) => row['ownerId'] === known.targetId && row[personKey] === known.id);
    files.delete(personThumbnail(known.targetId, known.id));
    for (const face of records.all('asset_face').filter((row) => row[faceKey] === known.id)) {
      // Up to 3.1 a face that is left to a library of somebody else's by now loses its person by Immich's foreign key.
      const isTargets = records.asset(face['assetId'])?.['ownerId'] === known.targetId;
      if (isTargets || !prediction.isGrouped) records.change(face, { [faceKey]: null });
    }
    const isUsed = records.all('person').some((row) => row[personKey] === known.id) ||
      records.all('asset_face').some((row) => row[faceKey] === known.id);
    if (!isUsed) records.remove('person_group', (row) => row['id'] === known.id);
  }
  const isOnMirrors = (known: KnownPerson) =>
    memory.mirrors.some(({ targetId, faces }) =>
      targetId === known.targetId && [...faces.values()].some(({ wrote }) => wrote === known.id)
    );
  handOver(prediction, (known) => isOriginGone(prediction, known) && !isOnMirrors(known));
}

/** Somebody without an origin whom a target has found on photos of their own is his from now on. */
export function releaseFoundPeople(prediction: Prediction): void {
  handOver(prediction, (known) =>
    isOriginGone(prediction, known) &&
    livingFaces(prediction, known).some((face) => !prediction.isMirror(face['assetId'])));
}

function isOriginGone(prediction: Prediction, { origin, originOwnerId }: KnownPerson): boolean {
  return prediction.person(originOwnerId, origin) === undefined;
}

/** People who take part in a native share of Immich are the target's from now on. */
export function yieldPeople({ records, memory }: Prediction): void {
  for (const known of memory.people) {
    const takesPart = records.all('person_user').some((row) =>
      row['personGroupId'] === known.id && [row['sharedById'], row['sharedWithId']].includes(known.targetId)
    );
    if (takesPart) known.isOurs = false;
  }
}

/** Takes the pictures of people who have become the target's by a native share, once nobody shows them the photo or the person any more. */
export function loseThumbnails(prediction: Prediction): void {
  const { records, memory } = prediction;
  for (const known of memory.people.filter(({ isOurs, hasThumbnail }) => !isOurs && hasThumbnail)) {
    const person = prediction.person(known.targetId, known.id);
    const isCover = person?.['faceAssetId'] === null || person?.['faceAssetId'] === known.cover;
    const cover = records.find('asset_face', (row) => row['id'] === known.cover);
    if (known.cover === null || !isCover || cover?.['deletedAt'] === null || isShownNatively(prediction, known)) {
      continue;
    }
    removeThumbnail(prediction, known);
    known.hasThumbnail = false;
  }
}

/** Whether the origin's owner shows the person to the target by a native share. */
function isShownNatively({ records }: Prediction, { id, originOwnerId, targetId }: KnownPerson): boolean {
  return records.all('person_user').some((row) =>
    row['personGroupId'] === id && row['sharedById'] === originOwnerId && row['sharedWithId'] === targetId
  );
}

function removeThumbnail(prediction: Prediction, known: KnownPerson): void {
  const path = personThumbnail(known.targetId, known.id);
  prediction.files.delete(path);
  const person = prediction.person(known.targetId, known.id);
  if (person?.['thumbnailPath'] === path) prediction.records.change(person, { thumbnailPath: '' });
}

/** Leaves people to the target, without the picture that was cut out of somebody else's photo. */
function handOver(prediction: Prediction, isMeant: (known: KnownPerson) => boolean): void {
  const { memory } = prediction;
  const people = memory.people.filter(isMeant);
  memory.people = memory.people.filter((known) => !people.includes(known));
  for (const known of people) {
    if (known.hasThumbnail && !isShownNatively(prediction, known)) removeThumbnail(prediction, known);
  }
}
