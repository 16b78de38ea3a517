import type { SavedPerson } from './format.ts';
import { area, type Present } from './match_faces.ts';

/** A saved person, and which of their faces were found. */
export interface SoughtPerson {
  readonly person: SavedPerson;
  /** Photos that they were on, and how many of these are still there. */
  readonly photos: number;
  readonly photosThere: number;
  readonly faces: readonly RefoundFace[];
}

/** A face of today that a saved one is. */
export interface RefoundFace extends Omit<Present, 'embedding'> {
  /** Whose it is now, whether that person is known or not. */
  readonly personId: string | null;
  /** It was on the cover. */
  readonly isCover: boolean;
}

/** Somebody whom the user has now. */
export interface KnownPerson {
  readonly id: string;
  readonly name: string;
  readonly birthDate: string | null;
  readonly isHidden: boolean;
  readonly isFavorite: boolean;
  readonly color: string | null;
  readonly coverFaceId: string | null;
  /** They are here through sharing, and follow whom they come from. */
  readonly isMirror: boolean;
  readonly faces: number;
  /** Those of them on photos that were there when the file was written. */
  readonly oldFaces: number;
}

/**
 * What becomes of a saved person:
 * - `restored`: somebody without a name gets theirs
 * - `made`: their faces are in no person of their own, and get one
 * - `completed`: somebody has the name already, and gets what is missing besides
 * - `there`: all is as it was
 * - `conflict`: their faces are somebody's by now who got another name since
 * - `not-found`: none of their faces is where it was
 */
export const PERSON_OUTCOMES = ['restored', 'made', 'completed', 'there', 'conflict', 'not-found'] as const;

export type PersonOutcome = typeof PERSON_OUTCOMES[number];

/** Person, name and face as they are to be. */
export interface Restoration {
  readonly personId: string;
  readonly outcome: Exclude<PersonOutcome, 'there' | 'conflict' | 'not-found'>;
  /** What they are called now: who is called otherwise when it is written, is left alone. */
  readonly nameNow: string;
  readonly name: string;
  readonly birthDate: string | null;
  readonly isHidden: boolean;
  readonly isFavorite: boolean;
  readonly color: string | null;
  /** undefined: it stays as it is. */
  readonly coverFaceId: string | undefined;
  /** Somebody without a name, all of whose faces are theirs. */
  readonly absorbs: string | undefined;
  readonly moves: readonly { readonly faceId: string; readonly was: string | null }[];
}

/** Where a saved person stands, and what is to be done. */
export interface PersonVerdict {
  readonly person: SavedPerson;
  readonly outcome: PersonOutcome;
  readonly photos: number;
  readonly photosThere: number;
  readonly facesFound: number;
  /** Found faces that stay with whom they are, who has another name. */
  readonly facesLeft: number;
  /** That other name. */
  readonly nameNow?: string;
  /** The birth date that somebody has entered since, and that stays. */
  readonly birthDateNow?: string;
  readonly restoration?: Restoration;
}

/**
 * Says for each saved person who they are now. Nobody is two of them. Pure but for `newId`.
 *
 * Somebody without a name becomes them only with most of their faces, and if most of that somebody's faces of then are theirs: a stranger whom
 * a few of them have gone to does not get their name; the few come back one by one.
 */
export function elect(
  sought: readonly SoughtPerson[],
  known: ReadonlyMap<string, KnownPerson>,
  newId: () => string,
): PersonVerdict[] {
  const elected = electAll(sought, known);
  const isTaken = (candidate: KnownPerson, index: number) =>
    elected.some((other, at) => other === candidate && at !== index);
  return sought.map((one, index) => {
    const same = known.get(one.person.id);
    return judge(one, elected[index], same !== undefined && isTaken(same, index) ? undefined : same, known, newId);
  });
}

/** Who of today each of them is, by the faces. */
function electAll(
  sought: readonly SoughtPerson[],
  known: ReadonlyMap<string, KnownPerson>,
): (KnownPerson | undefined)[] {
  const namesakes = new Map<string, number>();
  for (const { person: { name } } of sought) namesakes.set(name, (namesakes.get(name) ?? 0) + 1);
  const pairs = sought.flatMap(({ person, faces }, index) =>
    [...votesOf(faces, known)].flatMap(([candidate, votes]) => {
      const isCalledSo = person.name !== '' && candidate.name === person.name;
      const isTheirs = isCalledSo || (
        candidate.name === '' && !candidate.isMirror &&
        votes * 2 > assigned(faces, known) && (votes * 2 > candidate.oldFaces || candidate.id === person.id)
      );
      const isSure = candidate.id === person.id || (isCalledSo && namesakes.get(person.name) === 1);
      return isTheirs ? [{ index, candidate, votes, isSure }] : [];
    })
  ).toSorted((a, b) =>
    Number(b.isSure) - Number(a.isSure) || b.votes - a.votes || (a.candidate.id < b.candidate.id ? -1 : 1)
  );
  const elected: (KnownPerson | undefined)[] = sought.map(() => undefined);
  const taken = new Set<KnownPerson>();
  for (const { index, candidate } of pairs) {
    if (elected[index] !== undefined || taken.has(candidate)) continue;
    elected[index] = candidate;
    taken.add(candidate);
  }
  return elected;
}

function votesOf(faces: readonly RefoundFace[], known: ReadonlyMap<string, KnownPerson>): Map<KnownPerson, number> {
  const votes = new Map<KnownPerson, number>();
  for (const { personId } of faces) {
    const person = holder(personId, known);
    if (person !== undefined) votes.set(person, (votes.get(person) ?? 0) + 1);
  }
  return votes;
}

function assigned(faces: readonly RefoundFace[], known: ReadonlyMap<string, KnownPerson>): number {
  return faces.filter(({ personId }) => holder(personId, known) !== undefined).length;
}

function holder(personId: string | null, known: ReadonlyMap<string, KnownPerson>): KnownPerson | undefined {
  return personId === null ? undefined : known.get(personId);
}

function judge(
  sought: SoughtPerson,
  elected: KnownPerson | undefined,
  same: KnownPerson | undefined,
  known: ReadonlyMap<string, KnownPerson>,
  newId: () => string,
): PersonVerdict {
  const { person, faces, photos, photosThere } = sought;
  // Their own row, which some releases keep without a face: the same id is what a configuration and a share know them by.
  const home = same !== undefined && !same.isMirror && (same.name === '' || same.name === person.name)
    ? same
    : undefined;
  const isTyped = elected !== undefined && elected.name !== '';
  const target = isTyped ? elected : home ?? elected;
  const absorbs = target === home && elected !== undefined && elected !== target ? elected.id : undefined;
  const isOthers = ({ personId }: RefoundFace) => {
    const now = holder(personId, known);
    return now !== undefined && now !== target && (now.name !== '' || now.isMirror);
  };
  const left = faces.filter(isOthers);
  const movable = faces.filter((face) =>
    !isOthers(face) && face.personId !== absorbs && (target === undefined || face.personId !== target.id)
  );
  const verdict = { person, photos, photosThere, facesFound: faces.length, facesLeft: left.length };
  const nameNow = mostCommonName(left, known);
  const isTaken = left.length * 2 > assigned(faces, known);
  if (target?.isMirror === true) return { ...verdict, outcome: 'there' };
  if (elected === undefined && nameNow !== undefined && (isTaken || movable.length === 0)) {
    return { ...verdict, outcome: 'conflict', nameNow };
  }
  if (faces.length === 0) {
    const isThere = home !== undefined && home.name === person.name && (home.faces > 0 || person.faces.length === 0);
    return { ...verdict, outcome: isThere ? 'there' : 'not-found' };
  }
  const restoration = restorationOf(person, target, { absorbs, movable, faces, newId });
  return {
    ...verdict,
    ...nameNow === undefined ? {} : { nameNow },
    ...target?.birthDate && person.birthDate !== null && target.birthDate !== person.birthDate
      ? { birthDateNow: target.birthDate }
      : {},
    ...restoration === undefined ? { outcome: 'there' } : { outcome: restoration.outcome, restoration },
  };
}

/** The name of whom most of these faces are now; one of people here through sharing may be none. */
function mostCommonName(faces: readonly RefoundFace[], known: ReadonlyMap<string, KnownPerson>): string | undefined {
  const [first] = [...votesOf(faces, known)].toSorted(([, a], [, b]) => b - a);
  return first?.[0].name;
}

/** undefined when there is nothing to be done. */
function restorationOf(
  person: SavedPerson,
  target: KnownPerson | undefined,
  { absorbs, movable, faces, newId }: {
    readonly absorbs: string | undefined;
    readonly movable: readonly RefoundFace[];
    readonly faces: readonly RefoundFace[];
    readonly newId: () => string;
  },
): Restoration | undefined {
  const isNamed = target !== undefined && person.name !== '' && target.name === person.name;
  const now = target ??
    { name: '', birthDate: null, isHidden: false, isFavorite: false, color: null, coverFaceId: null, faces: 0 };
  // Who has the name already may have been shown again since, on purpose.
  const flag = (before: boolean, after: boolean) => isNamed ? after : after || before;
  const values = {
    name: person.name === '' ? now.name : person.name,
    birthDate: now.birthDate ?? person.birthDate,
    isHidden: flag(person.isHidden, now.isHidden),
    isFavorite: flag(person.isFavorite, now.isFavorite),
    color: now.color ?? person.color,
  };
  const theirs = faces.filter((face) =>
    movable.includes(face) || (face.personId !== null && [target?.id, absorbs].includes(face.personId))
  );
  const cover = theirs.find(({ isCover }) => isCover) ??
    (now.coverFaceId === null ? theirs.toSorted((a, b) => area(b.box) - area(a.box))[0] : undefined);
  const isCoverWritten = cover !== undefined && cover.id !== now.coverFaceId &&
    (!isNamed || now.coverFaceId === null || now.faces === 0);
  const isSame = target !== undefined && absorbs === undefined && movable.length === 0 && !isCoverWritten &&
    Object.entries(values).every(([key, value]) => value === target[key as keyof typeof values]);
  if (isSame) return undefined;
  return {
    personId: target?.id ?? newId(),
    outcome: target === undefined ? 'made' : isNamed ? 'completed' : 'restored',
    nameNow: now.name,
    ...values,
    coverFaceId: isCoverWritten ? cover.id : undefined,
    absorbs,
    moves: movable.map(({ id, personId }) => ({ faceId: id, was: personId })),
  };
}
