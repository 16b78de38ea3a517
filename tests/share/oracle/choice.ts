import type { JobConfig, Reasons } from '../../../src/config/config.ts';
import type { Memory } from './memory.ts';
import type { Prediction } from './prediction.ts';
import { Records } from './records.ts';
import type { Row, Tables } from './state.ts';

type Kind = 'albums' | 'people' | 'tags';
const KINDS: readonly Kind[] = ['albums', 'people', 'tags'];

/** Whether a photo is what a share chooses, as its owner would tell it. */
export function isChosen(prediction: Prediction, job: JobConfig, asset: Row): boolean {
  if (job.pair !== undefined) return isInAlbumOf(prediction, asset, [job.sourceUserId, job.targetUserId]);
  const { select, except, minRating, types } = job;
  const idsOf = (kind: Kind, names: readonly string[]) =>
    names.map((name) => prediction.memory.names.get(keyOf(kind, job.sourceUserId, name)) ?? 'nothing').filter((id) =>
      isThere(prediction.records, kind, job.sourceUserId, id)
    );
  const has = (reasons: Reasons, kind: Kind) =>
    idsOf(kind, reasons[kind]).some((id) => belongs(prediction, kind, asset, id));
  const isWanted = select === undefined || (select.favorites && asset['isFavorite'] === true) ||
    has(select, 'albums') ||
    has(select, 'tags') || showsPeople(prediction, asset, idsOf('people', select.people), select);
  const rating = prediction.records.of('asset_exif', String(asset['id']))[0]?.['rating'];
  return isWanted && !(except !== undefined && KINDS.some((kind) => has(except, kind))) &&
    (minRating === undefined || (typeof rating === 'number' && rating >= minRating)) &&
    (types === undefined || types.some((type) => type.toUpperCase() === asset['type']));
}

/** Whether it is in an album of which all of these users are members, or the owner. */
function isInAlbumOf({ records }: Prediction, asset: Row, userIds: readonly string[]): boolean {
  return records.of('album_asset', String(asset['id'])).some(({ albumId }) => {
    const album = records.find('album', ({ id }) => id === albumId);
    const takesPart = (userId: string) =>
      album?.['ownerId'] === userId ||
      records.all('album_user').some((row) => row['albumId'] === albumId && row['userId'] === userId);
    return album?.['deletedAt'] === null && userIds.every(takesPart);
  });
}

function showsPeople(
  prediction: Prediction,
  asset: Row,
  ids: readonly string[],
  { people, peopleMatch }: NonNullable<JobConfig['select']>,
): boolean {
  if (people.length === 0) return false;
  const shown = peopleOn(prediction, asset);
  if (peopleMatch === 'all') return ids.length === people.length && ids.every((id) => shown.has(id));
  if (!ids.some((id) => shown.has(id))) return false;
  if (peopleMatch === 'any') return true;
  return [...shown].every((id) =>
    ids.includes(id) || (prediction.person(String(asset['ownerId']), id)?.['name'] ?? '') === ''
  );
}

function peopleOn({ records, faceKey }: Prediction, asset: Row): ReadonlySet<string> {
  return new Set(
    records.of('asset_face', String(asset['id']))
      .filter((face) => face['deletedAt'] === null && face['isVisible'] !== false && face[faceKey] !== null)
      .map((face) => String(face[faceKey])),
  );
}

function belongs(prediction: Prediction, kind: Kind, asset: Row, id: string): boolean {
  const { records } = prediction;
  if (kind === 'people') return peopleOn(prediction, asset).has(id);
  if (kind === 'albums') return records.of('album_asset', String(asset['id'])).some(({ albumId }) => albumId === id);
  return records.of('tag_asset', String(asset['id'])).some(({ tagId }) =>
    records.all('tag_closure').some((row) => row['id_ancestor'] === id && row['id_descendant'] === tagId)
  );
}

/** What each name stands for, once and for all; forgotten when no share names it any more. */
export function lookUpNames({ configured: jobs, records, memory }: Prediction): void {
  const known = new Map(memory.names);
  memory.names.clear();
  for (const { kind, ownerId, name } of jobs.flatMap(namesIn)) {
    const key = keyOf(kind, ownerId, name);
    const id = known.get(key) ?? idOf(records, kind, ownerId, name);
    if (id !== undefined) memory.names.set(key, id);
  }
}

/** The jobs without names that nothing has, and that nothing had when they were looked up. */
export function withoutStrangers(jobs: readonly JobConfig[], tables: Tables, { names }: Memory): JobConfig[] {
  const records = new Records(tables);
  return jobs.map((job): JobConfig => {
    const { select, except } = job;
    const known = (kind: Kind, reasons: Reasons) =>
      reasons[kind].filter((name) =>
        names.has(keyOf(kind, job.sourceUserId, name)) || idOf(records, kind, job.sourceUserId, name) !== undefined
      );
    const cleaned = <R extends Reasons>(reasons: R): R => ({
      ...reasons,
      ...Object.fromEntries(KINDS.map((kind) => [kind, known(kind, reasons)])),
    });
    return {
      ...job,
      ...select === undefined ? {} : { select: cleaned(select) },
      ...except === undefined ? {} : { except: cleaned(except) },
    };
  });
}

/** What the tags are called by which a user's shares choose: nobody else is to have them. */
export function choosingTags({ configured: jobs, memory, records }: Prediction, sourceUserId: string): string[] {
  return jobs.filter((job) => job.sourceUserId === sourceUserId).flatMap(namesIn)
    .filter(({ kind }) => kind === 'tags')
    .flatMap(({ kind, ownerId, name }) => {
      const id = memory.names.get(keyOf(kind, ownerId, name));
      return [name, ...thingsOf(records, kind, ownerId).filter((thing) => thing.id === id).map((thing) => thing.name)];
    });
}

interface Name {
  readonly kind: Kind;
  readonly ownerId: string;
  readonly name: string;
}

function namesIn({ sourceUserId, select, except }: JobConfig): Name[] {
  return [select, except].flatMap((reasons) =>
    reasons === undefined
      ? []
      : KINDS.flatMap((kind) => reasons[kind].map((name) => ({ kind, ownerId: sourceUserId, name })))
  );
}

function keyOf(kind: Kind, ownerId: string, name: string): string {
  return `${kind} ${ownerId} ${name}`;
}

function idOf(records: Records, kind: Kind, ownerId: string, name: string): string | undefined {
  const found = thingsOf(records, kind, ownerId).find((thing) => thing.id === name || thing.name === name);
  return found?.id;
}

/** Whether a user still sees it. */
function isThere(records: Records, kind: Kind, ownerId: string, id: string): boolean {
  return thingsOf(records, kind, ownerId).some((thing) => thing.id === id);
}

/** The albums, people or tags that a user sees. */
function thingsOf(records: Records, kind: Kind, ownerId: string): { id: string; name: string }[] {
  if (kind === 'tags') {
    return records.all('tag').filter(({ userId }) => userId === ownerId)
      .map(({ id, value }) => ({ id: String(id), name: String(value) }));
  }
  if (kind === 'people') {
    const key = records.has('person_group') ? 'personGroupId' : 'id';
    return records.all('person').filter((row) => row['ownerId'] === ownerId)
      .map((row) => ({ id: String(row[key]), name: String(row['name']) }));
  }
  const isMember = (albumId: unknown) =>
    records.all('album_user').some((row) => row['albumId'] === albumId && row['userId'] === ownerId);
  return records.all('album')
    .filter((row) => row['deletedAt'] === null && (row['ownerId'] === ownerId || isMember(row['id'])))
    .map(({ id, albumName }) => ({ id: String(id), name: String(albumName) }));
}
