import { followLink, isHeld } from './faces_both_ways.ts';
import type { KnownPerson, Mirror, MirrorFace } from './memory.ts';
import { hasOwnEdits } from './fields.ts';
import { PERSON_FIELDS } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { ANYTHING, touch } from './records.ts';
import type { Row } from './state.ts';
import { coverAgain, removeFace, uncover } from './withdraw.ts';

/** Where a person comes from: the first of a chain of mirrors. */
interface Origin {
  readonly id: string;
  readonly ownerId: string;
}

/** What a face keeps to itself; everything else is copied. */
const OWN_COLUMNS = new Set(['id', 'assetId', 'personId', 'personGroupId', 'updatedAt', 'updateId']);

/** A person of ours that is gone: the target has merged him into somebody, or something has removed him. */
export function mendPeople(prediction: Prediction): void {
  const { memory } = prediction;
  const isGone = (known: KnownPerson) => prediction.person(known.targetId, known.id) === undefined;
  const heirs = new Map(memory.people.filter(isGone).map((known) => [known, heirOf(prediction, known)]));
  for (const [known, heir] of heirs) {
    if (heir === undefined) continue;
    for (const face of facesOf(prediction, known)) face.wrote = heir;
  }
  for (const [known, heir] of heirs) {
    known.id = heir ?? known.id;
    known.isOurs = false;
    known.hasThumbnail = false;
  }
  memory.people = memory.people.filter((known) => !heirs.has(known) || heirs.get(known) !== undefined);
  for (const [known, heir] of heirs) if (heir !== undefined) followLink(prediction, known.targetId, heir);
}

/** How long a merge may take (share/phases/person_map.ts). */
const MERGE_MS = 10_000;

/** Who has most of the faces that somebody had who is gone: those who were given away long before say nothing about the rest. Nobody, if most are nobody's. */
function heirOf(prediction: Prediction, known: KnownPerson): string | undefined {
  const ids = new Set<unknown>(facesOf(prediction, known).map(({ id }) => id));
  const rows = prediction.records.all('asset_face').filter((row) => ids.has(row['id']));
  const moved = rows.map((row) => Date.parse(text(row['updatedAt'])));
  const began = Math.max(...moved) - MERGE_MS;
  const votes = new Map<string, number>();
  for (const row of rows.filter((_, index) => (moved[index] ?? 0) >= began)) {
    const now = row[prediction.faceKey];
    const heir = typeof now === 'string' && isHeir(prediction, known.targetId, now) ? now : '';
    votes.set(heir, (votes.get(heir) ?? 0) + 1);
  }
  const [first] = [...votes].toSorted(([a, x], [b, y]) => y - x || (b === '' || (a !== '' && a < b) ? -1 : 1));
  return first?.[0] === '' ? undefined : first?.[0];
}

function facesOf({ memory }: Prediction, known: KnownPerson): MirrorFace[] {
  return memory.mirrors.filter(({ targetId }) => targetId === known.targetId)
    .flatMap(({ faces }) => [...faces.values()]).filter(({ wrote }) => wrote === known.id);
}

/** Somebody without a name was found by machine learning, which knows nothing of merges. */
export function isHeir(prediction: Prediction, targetId: string, key: string): boolean {
  const person = prediction.person(targetId, key);
  return person !== undefined && (person['name'] !== '' || isShared(prediction, targetId, key));
}

function isShared({ memory }: Prediction, targetId: string, key: unknown): boolean {
  return memory.people.some((known) => known.targetId === targetId && known.id === key);
}

/** Lets faces come, change and go with their sources, and takes away those that Immich has found on a mirror itself. */
export function followFaces(prediction: Prediction): void {
  const uncovered = prediction.memory.mirrors.flatMap((mirror) => followFacesOf(prediction, mirror));
  coverAgain(prediction, uncovered);
}

/** Returns the people of the target's own who have lost their cover. */
function followFacesOf(prediction: Prediction, mirror: Mirror): Row[] {
  const { records } = prediction;
  const uncovered: Row[] = [];
  const remove = (faceId: string) => {
    const people = records.all('person').filter((row) => row['faceAssetId'] === faceId);
    uncovered.push(...uncover(prediction, people));
    removeFace(prediction, faceId);
  };
  const sources = records.of('asset_face', mirror.sourceId);
  for (const [sourceId, face] of [...mirror.faces]) {
    const isSourceThere = sources.some((row) => row['id'] === sourceId);
    if (!isSourceThere) remove(face.id);
    if (!isSourceThere || !records.all('asset_face').some((row) => row['id'] === face.id)) {
      mirror.faces.delete(sourceId);
    }
  }
  const ours = new Set([...mirror.faces.values()].map(({ id }) => id));
  for (const row of records.of('asset_face', mirror.id)) {
    if (!ours.has(text(row['id'])) && row['sourceType'] !== 'manual') remove(text(row['id']));
  }
  for (const source of sources) {
    const known = mirror.faces.get(text(source['id']));
    const version = versionOf(prediction, source, mirror);
    if (known === undefined) addFace(prediction, mirror, source, version);
    else followFace(prediction, mirror, known, source, version);
    copyEmbedding(prediction, source, mirror.faces.get(text(source['id'])));
  }
  return uncovered;
}

/** The `updateId` of a face; of one that this cycle has changed what the program has noted of it. */
export function versionOf({ before, witness }: Prediction, source: Row, mirror: Mirror): unknown {
  return source['updateId'] === ANYTHING
    ? witness.versionOf(text(source['id']), mirror.id)
    : before.tables['asset_face']?.find((row) => row['id'] === source['id'])?.['updateId'];
}

/** What the target's own crop leaves out, or shows, does; what they have removed stays so until the source says something new. */
function followFace(prediction: Prediction, mirror: Mirror, known: MirrorFace, source: Row, version: unknown): void {
  const row = prediction.records.find('asset_face', ({ id }) => id === known.id);
  if (row !== undefined && isHeld(prediction, mirror, known, source, row)) return;
  const isCropped = hasOwnEdits(prediction, mirror);
  const isSeenOtherwise = row !== undefined && row['isVisible'] !== source['isVisible'] && !isCropped;
  if (known.version === version && !isSeenOtherwise) return;
  const content = contentOf(prediction, source);
  const { deletedAt, isVisible, ...rest } = copied(source);
  const isRemoved = deletedAt === null && known.content === content;
  if (row !== undefined) {
    prediction.records.change(row, {
      ...rest,
      ...isRemoved ? {} : { deletedAt },
      ...isCropped ? {} : { isVisible },
    });
  }
  known.version = version;
  known.content = content;
}

function addFace(prediction: Prediction, mirror: Mirror, source: Row, version: unknown): void {
  const id = prediction.witness.faceOf(text(source['id']), mirror.id);
  prediction.records.add('asset_face', {
    ...source,
    id,
    assetId: mirror.id,
    [prediction.faceKey]: null,
    updatedAt: ANYTHING,
    updateId: ANYTHING,
  });
  mirror.faces.set(text(source['id']), { id, version, content: contentOf(prediction, source), said: NEW, wrote: null });
}

export function contentOf({ faceKey }: Prediction, source: Row): string {
  const { isVisible: _, deletedAt, ...rest } = copied(source);
  return JSON.stringify([rest, deletedAt === null, source[faceKey]]);
}

/** Not said anything yet. */
const NEW = 'new';

function copyEmbedding({ records }: Prediction, source: Row, face: MirrorFace | undefined): void {
  const embedding = records.find('face_search', (row) => row['faceId'] === source['id'])?.['embedding'];
  if (face === undefined || embedding === undefined || source['sourceType'] !== 'machine-learning') return;
  records.remove('face_search', (row) => row['faceId'] === face.id);
  records.add('face_search', { faceId: face.id, embedding });
}

/** A mirrored face whose person may be another than it has now. */
interface OpenFace {
  readonly mirror: Mirror;
  readonly face: MirrorFace;
  readonly source: Row;
  readonly row: Row;
  readonly origin: Origin | undefined;
}

/**
 * Gives every mirrored face its person. What the target's owner said stays until the source says something new; a face that
 * lost its person, or was given to somebody whom only Immich has found, returns.
 */
export function assignFaces(prediction: Prediction): void {
  // From 3.2 on a face stays somebody's whom its owner has deleted. That one may return because of another face, and everybody comes before
  // any face is given to anybody; twice, as the photos of whom they return to may show them to others.
  for (let turn = 0; turn < 2; turn++) {
    for (const { mirror, source, row, origin } of openFaces(prediction)) {
      if (origin === undefined || origin.ownerId === mirror.targetId) continue;
      if (source['deletedAt'] === null && row['deletedAt'] === null) meet(prediction, origin, mirror, source);
    }
  }
  for (const { mirror, face, row, origin } of openFaces(prediction)) {
    const person = origin === undefined ? undefined : mirrorOf(prediction, origin, mirror.targetId);
    // Somebody whom the target does not know, on a face that is not to be seen: nothing is said yet.
    if (origin !== undefined && person === undefined) {
      if (face.said === NEW) face.said = null;
      continue;
    }
    prediction.records.change(row, { [prediction.faceKey]: person ?? null });
    face.said = origin?.id ?? null;
    face.wrote = person ?? null;
  }
}

function openFaces(prediction: Prediction): OpenFace[] {
  const { records, memory, faceKey } = prediction;
  return memory.mirrors.flatMap((mirror) =>
    [...mirror.faces].flatMap(([sourceId, face]) => {
      const source = records.find('asset_face', ({ id }) => id === sourceId);
      const row = records.find('asset_face', ({ id }) => id === face.id);
      if (source === undefined || row === undefined || isHeld(prediction, mirror, face, source, row)) return [];
      const origin = originOf(prediction, mirror.sourceOwnerId, source[faceKey]);
      // A face that is not to be seen waits until it is.
      if (origin !== undefined && row['deletedAt'] !== null) {
        if (face.said === NEW) face.said = null;
        return [];
      }
      return isToBeAssigned(prediction, mirror, face, row, origin) ? [{ mirror, face, source, row, origin }] : [];
    })
  );
}

function isToBeAssigned(
  prediction: Prediction,
  mirror: Mirror,
  face: MirrorFace,
  row: Row,
  origin: Origin | undefined,
): boolean {
  const said = origin?.id ?? null;
  // Somebody else who is the same person to the target is no news.
  const isSame = origin !== undefined && mirrorOf(prediction, origin, mirror.targetId) === face.wrote;
  if (face.said !== said && !isSame) return true;
  face.said = said;
  if (origin === undefined) return false;
  const current = row[prediction.faceKey];
  if (current === null) return true;
  const person = prediction.person(mirror.targetId, current);
  if (person === undefined) return true;
  return person['name'] === '' && !isShared(prediction, mirror.targetId, current) &&
    current !== mirrorOf(prediction, origin, mirror.targetId);
}

export function originOf(prediction: Prediction, ownerId: string, person: unknown): Origin | undefined {
  if (typeof person !== 'string') return undefined;
  const known = prediction.knownAs(ownerId, person);
  if (known !== undefined) return { id: known.origin, ownerId: known.originOwnerId };
  return prediction.person(ownerId, person) === undefined ? undefined : { id: person, ownerId };
}

/** Whom a target knows an origin as. */
export function mirrorOf(prediction: Prediction, origin: Origin, targetId: string): string | undefined {
  if (origin.ownerId === targetId) return origin.id;
  const known = prediction.memory.people.find((person) => person.origin === origin.id && person.targetId === targetId);
  return known !== undefined && prediction.person(targetId, known.id) !== undefined ? known.id : undefined;
}

/** Makes a person known to a target, as the owner of the photo sees them. */
function meet(prediction: Prediction, origin: Origin, { targetId, sourceOwnerId }: Mirror, face: Row): void {
  const { records, memory } = prediction;
  if (memory.people.some((known) => known.origin === origin.id && known.targetId === targetId)) return;
  const row = prediction.person(sourceOwnerId, face[prediction.faceKey]);
  if (row === undefined) return;
  const groupOf = (userId: string) => records.find('user', ({ id }) => id === userId)?.['clusterGroupId'];
  const ofGroup = records.find('person_group', ({ id }) => id === origin.id);
  const isSameGroup = prediction.isGrouped && ofGroup?.['clusterGroupId'] === groupOf(targetId);
  const usual = isSameGroup ? origin.id : prediction.witness.personOf(origin.id, targetId);
  const isThere = isSameGroup && prediction.person(targetId, usual) !== undefined;
  const id = (isThere ? undefined : namesakeOf(prediction, origin, targetId, row)) ?? usual;
  const isOurs = prediction.person(targetId, id) === undefined;
  const known: KnownPerson = {
    origin: origin.id,
    originOwnerId: origin.ownerId,
    targetId,
    id,
    isOurs,
    fields: fieldsOf(row),
    seenBy: sourceOwnerId,
    seen: fieldsOf(row),
    cover: null,
    hasThumbnail: false,
  };
  memory.people.push(known);
  if (!isOurs) return;
  if (prediction.isGrouped && !isSameGroup) {
    const group: Row = { ...ofGroup, id, clusterGroupId: groupOf(targetId), createdAt: ANYTHING, createId: ANYTHING };
    touch(group);
    records.add('person_group', group);
  }
  const person: Row = {
    ...row,
    [prediction.personKey]: id,
    ownerId: targetId,
    thumbnailPath: '',
    faceAssetId: null,
    isFavorite: false,
    createdAt: ANYTHING,
  };
  touch(person);
  records.add('person', person);
}

/** Somebody of the target's own whom they call as the source calls this one: unmistakable for both, and shown by both. */
function namesakeOf(
  { jobs, records, memory, personKey, witness }: Prediction,
  origin: Origin,
  targetId: string,
  said: Row,
): string | undefined {
  if (!jobs.some(({ matchPeople }) => matchPeople === 'name') || said['name'] === '' || said['isHidden'] === true) {
    return;
  }
  const called = (userId: unknown) =>
    records.all('person').filter((row) => row['ownerId'] === userId && row['name'] === said['name']);
  const known = (row: Row) =>
    memory.people.find(({ id, targetId }) => id === row[personKey] && targetId === row['ownerId']);
  const isMistakable = called(said['ownerId']).some((other) => other !== said && known(other)?.isOurs !== true);
  const [own, another] = called(targetId).filter((row) => known(row) === undefined);
  if (isMistakable || own === undefined || another !== undefined || own['isHidden'] === true) return;
  const id = text(own[personKey]);
  // Of two sources' people the one comes first whom the program comes by first.
  return witness.personOf(origin.id, targetId) === id || !witness.isPersonTaken(id, targetId) ? id : undefined;
}

export function fieldsOf(row: Row): KnownPerson['fields'] {
  return Object.fromEntries(PERSON_FIELDS.map((field) => [field, row[field]])) as KnownPerson['fields'];
}

function copied(source: Row): Row {
  return Object.fromEntries(Object.entries(source).filter(([column]) => !OWN_COLUMNS.has(column)));
}
