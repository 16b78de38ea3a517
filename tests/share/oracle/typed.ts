import { heedFace } from './faces_both_ways.ts';
import { rowsOf, valueOf } from './fields.ts';
import type { Group } from './memory.ts';
import { personSeenBy } from './people.ts';
import type { Prediction } from './prediction.ts';
import { Sidecars } from './sidecars.ts';
import type { Row } from './state.ts';

/** What of a person somebody may say. */
export type PersonGroup = 'name' | 'birthDate';

/** That somebody has said something: of a photo or mirror of theirs, or of somebody whom they have. */
export interface Typed {
  readonly ownerId: string;
  /** Of the photo, or of the person. */
  readonly id: string;
  readonly group: Group | PersonGroup;
}

/** The same, with what it was. */
export interface TypedValue extends Typed {
  readonly value: string;
}

/** A conflict about a face that somebody has decided: what both said of it then, and what is given up. */
export interface FaceResolution {
  readonly kind: 'moved' | 'deleted' | 'added';
  readonly sourceFaceId: string | null;
  readonly lost: 'source' | 'target';
  readonly source: Row | undefined;
  readonly mirror: Row;
}

/** A conflict that somebody has decided. */
export interface Resolution {
  readonly targetId: string;
  /** The target's photo, or the id by which they have the person. */
  readonly mirrorId: string;
  readonly group: Group | PersonGroup | 'face';
  /** Of a face: what was decided about which. */
  readonly face?: FaceResolution;
  /** What counts as what both had last. */
  readonly base: { readonly asset: Row; readonly exif: Row } | string | null;
}

/** A photo, or a person, as one of those has it who have it. */
interface Version {
  readonly ownerId: string;
  readonly id: string;
  /** Undefined: it is gone. */
  readonly value: string | undefined;
  /** What was written there last; undefined: nothing, as it is the source, or nobody knows. */
  readonly base: string | undefined;
  /** Whether anything tells that somebody has said it. */
  readonly isHeld: boolean;
}

/** Takes note of what was decided: what is given up counts as what both had last. */
export function heedResolutions(prediction: Prediction): void {
  const { memory } = prediction;
  for (const { targetId, mirrorId, group, base, face } of prediction.resolutions) {
    if (group === 'face') {
      if (face !== undefined) heedFace(prediction, mirrorId, face);
      continue;
    }
    if (isOfPerson(group)) {
      for (const known of memory.people.filter((one) => one.id === mirrorId && one.targetId === targetId)) {
        known.fields[group] = base;
        known.seen[group] = base;
      }
      continue;
    }
    const mirror = memory.mirrors.find(({ id }) => id === mirrorId);
    if (mirror !== undefined) mirror.bases[group] = valueOf(prediction, group, base as Parameters<typeof valueOf>[2]);
  }
}

/** What was said, and is said still: it is not what was there before anyway, and nobody has decided about it. Before a cycle is predicted. */
export function stillSaid(prediction: Prediction, typed: readonly Typed[]): TypedValue[] {
  return typed.flatMap((one): TypedValue[] => {
    const versions = versionsOf(prediction, one);
    const own = versions.find((version) => isVersion(version, one));
    const value = own?.value;
    const isDecided = prediction.resolutions.some(({ mirrorId, group }) =>
      group === one.group && versions.some(({ id }) => id === mirrorId)
    );
    if (own === undefined || value === undefined || isDecided || !own.isHeld) return [];
    const isNews = (own.base === undefined ? versions : [own]).every(({ base }) => base !== value);
    return isNews && !NOTHING.has(value) ? [{ ...one, value }] : [];
  });
}

/** What was said and is nowhere any more, though what it was said of is there; in words. After the cycles that followed. */
export function findLost(prediction: Prediction, typed: readonly TypedValue[]): string[] {
  return typed.filter((one) => {
    const versions = versionsOf(prediction, one);
    const isThere = versions.some((version) => isVersion(version, one) && version.value !== undefined);
    return isThere && !versions.some(({ value }) => value !== undefined && says(one.group, value, one.value));
  }).map(({ ownerId, id, group, value }) => `${ownerId} has said of ${id}: ${group} ${value}`);
}

/** Tags that are added to it change nothing about what was said. */
function says(group: Typed['group'], value: string, said: string): boolean {
  if (group !== 'tags' || value === said) return value === said;
  const [all, some] = [value, said].map((text) => (JSON.parse(text) as [string[] | null])[0] ?? []);
  return some?.every((tag) => tag === '' || all?.includes(tag)) === true;
}

function versionsOf(prediction: Prediction, { ownerId, id, group }: Typed): Version[] {
  const { memory, records } = prediction;
  if (isOfPerson(group)) {
    const known = memory.people.find((person) => person.id === id && person.targetId === ownerId);
    const { origin, originOwnerId } = known ?? { origin: id, originOwnerId: ownerId };
    const others = memory.people.filter((person) => person.origin === origin);
    const valueIn = (row: Row | undefined) => row && JSON.stringify(row[group]);
    return [
      {
        ownerId: originOwnerId,
        id: origin,
        value: valueIn(prediction.person(originOwnerId, origin)),
        base: undefined,
        isHeld: true,
      },
      ...others.map((person) => ({
        ownerId: person.targetId,
        id: person.id,
        value: valueIn(personSeenBy(prediction, person, person.targetId)),
        base: JSON.stringify(person.fields[group]),
        isHeld: true,
      })),
    ];
  }
  const sourceId = memory.mirrors.find((mirror) => mirror.id === id)?.sourceId ?? id;
  const valueAt = (assetId: string) =>
    records.asset(assetId) === undefined ? undefined : valueOf(prediction, group, rowsOf(prediction, assetId));
  return [
    { ownerId, id: sourceId, value: valueAt(sourceId), base: undefined, isHeld: true },
    ...memory.mirrors.filter((mirror) => mirror.sourceId === sourceId).map((mirror) => ({
      ownerId: mirror.targetId,
      id: mirror.id,
      value: valueAt(mirror.id),
      base: mirror.bases[group],
      isHeld: new Sidecars(prediction, mirror).isTheirs(group),
    })),
  ];
}

function isOfPerson(group: string): group is PersonGroup {
  return group === 'name' || group === 'birthDate';
}

/** A photo has an owner of its own; a person may have the same id with several users. */
function isVersion(version: Version, { ownerId, id, group }: Typed): boolean {
  return version.id === id && (!isOfPerson(group) || version.ownerId === ownerId);
}

/** That there is none is said by nobody. */
const NOTHING: ReadonlySet<string> = new Set(['""', 'null', '[""]', '[null]', '[[""]]']);
