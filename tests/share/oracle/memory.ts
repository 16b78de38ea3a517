import type { JobConfig } from '../../../src/config/config.ts';
import type { Row } from './state.ts';

/** What belongs to the target's owner as soon as he has touched it, apart from everything else. */
export const GROUPS = [
  'description',
  'date',
  'position',
  'rating',
  'tags',
  'locks',
  'visibility',
  'favorite',
  'edits',
] as const;
export type Group = typeof GROUPS[number];

/** A photo in a target's account that is there because of another photo. */
export interface Mirror {
  readonly sourceId: string;
  readonly sourceOwnerId: string;
  readonly targetId: string;
  readonly id: string;
  /** The share that made it. */
  readonly job: JobConfig;
  /** What the source said about each group when we last wrote it; undefined: nobody knows. */
  readonly bases: Record<Group, string | undefined>;
  /** What its sidecars have said, by field, that its owner never said. */
  said: Set<string>;
  /** Albums that it was put into. */
  readonly albums: Set<string>;
  /** By the face of the source. */
  readonly faces: Map<string, MirrorFace>;
  /** The files that were made for it. */
  readonly files: Set<string>;
  /** The tags that its metadata named, and that it was to have, when they were looked at last. */
  tagged: string | undefined;
  /** The stack that we put it into. */
  stack: string | null;
  /** The target had it in their trash when it was looked at last. */
  isTrashed: boolean;
  /** What each group is worth that was found to be the target's. */
  own: Partial<Record<Group, string>>;
  /** The cycle that made it. */
  readonly madeIn: number;
}

/** What the target had done to a mirror that was withdrawn. */
export interface Remembered {
  readonly sourceId: string;
  readonly targetId: string;
  /** The cycle that withdrew it. */
  readonly goneIn: number;
  readonly own: Partial<Record<Group, string>>;
  /** What of that was written last. */
  readonly bases: Partial<Record<Group, string>>;
  readonly asset: Row;
  readonly exif: Row;
  readonly edits: readonly Row[] | undefined;
  readonly albums: readonly string[];
  readonly covers: readonly string[];
  /** Albums that it is not to be put into again. */
  readonly entries: readonly string[];
  readonly tags: readonly string[];
  readonly memories: readonly string[];
  readonly links: readonly string[];
  /** A stack of the target's own. */
  readonly stackId: string | null;
  readonly isPrimary: boolean;
  /** What took its place as the primary asset. */
  heirId: string | null;
  /** A stack of ours that it was taken out of. */
  readonly leftStackId: string | null;
}

/** A stack of the target's own that was dissolved as too few were left of it. */
export interface DissolvedStack {
  readonly id: string;
  readonly targetId: string;
  members: string[];
  primary: string | null;
}

export interface MirrorFace {
  id: string;
  /** The `updateId` of the source's face that was copied last. */
  version: unknown;
  /** What that said: where it is, whose, and whether it was removed. */
  content: string;
  /** Who the source last said that it is: the person it comes from. */
  said: string | null;
  /** Whom we wrote for him. */
  wrote: string | null;
}

/** Somebody whom a target knows through sharing. */
export interface KnownPerson {
  readonly origin: string;
  readonly originOwnerId: string;
  readonly targetId: string;
  id: string;
  /** False: the target had him already, or has merged ours into him. */
  isOurs: boolean;
  /** What was written last. */
  fields: Record<PersonField, unknown>;
  /** Who shows them, and what they said when we last looked, but for what we have written there. */
  seenBy: string;
  seen: Record<PersonField, unknown>;
  cover: string | null;
  /** His thumbnail is a copy that we made. */
  hasThumbnail: boolean;
}

export const PERSON_FIELDS = ['name', 'isHidden', 'birthDate', 'color'] as const;
export type PersonField = typeof PERSON_FIELDS[number];

/** A stack that was rebuilt for a target. */
export interface MirrorStack {
  readonly sourceStackId: string;
  readonly targetId: string;
  readonly id: string;
  /** What we made its first; another is the target owner's choice. */
  primary: string;
}

/** A tag that was made for a target. */
export interface MadeTag {
  readonly id: string;
  readonly targetId: string;
  readonly value: string;
}

/** All that the next cycle depends on besides what is in Immich. */
export interface Memory {
  mirrors: Mirror[];
  /** Mirrors of stopped shares, gone with their library: their files are left, and what is noted of them. */
  parked: Mirror[];
  /** Names of jobs whose target has deleted the library, until somebody lifts that. */
  stopped: Set<string>;
  people: KnownPerson[];
  stacks: MirrorStack[];
  tags: MadeTag[];
  /** `source target` of photos that the target has trashed or deleted. */
  refused: Set<string>;
  /** Of photos that may come back. */
  remembered: Remembered[];
  dissolved: DissolvedStack[];
  /** Cycles so far. */
  cycles: number;
  /** `source target` of photos that the target had, too. */
  duplicates: Set<string>;
  /** `source target` of photos that are to be shared although the target has them. */
  wanted: Set<string>;
  /** Of shares that go both ways, by name: the fields of which all that differed at the beginning is decided, and how many photos, or people, wait. */
  ways: Map<string, { readonly fields: readonly string[]; readonly waiting: number; readonly isConfirmed: boolean }>;
  /** What was written into sources last, by `source group`. */
  written: Map<string, { readonly job: string; readonly asset: Row; readonly exif: Row }>;
  /** What the names in the configuration stood for when they were first looked up, by kind, owner and name. */
  names: Map<string, string>;
}

export function emptyMemory(): Memory {
  return {
    mirrors: [],
    parked: [],
    stopped: new Set(),
    people: [],
    stacks: [],
    tags: [],
    refused: new Set(),
    remembered: [],
    dissolved: [],
    cycles: 0,
    duplicates: new Set(),
    wanted: new Set(),
    ways: new Map(),
    written: new Map(),
    names: new Map(),
  };
}

/** Which ids the program has given to the things it made: what it cannot choose wrongly, and a model cannot know. */
export interface Witness {
  mirrorOf(sourceId: string, targetId: string): string;
  faceOf(sourceFaceId: string, mirrorId: string): string;
  /** Of a face that was drawn on a mirror, that of the source. */
  sourceFaceOf(mirrorFaceId: string): string;
  /** What was noted of a face of the source: its `updateId`. */
  versionOf(sourceFaceId: string, mirrorId: string): string;
  personOf(origin: string, targetId: string): string;
  /** Whether somebody of the target's is known as somebody of a source's. */
  isPersonTaken(person: string, targetId: string): boolean;
  stackOf(sourceStackId: string, targetId: string): string;
  tagOf(value: string, targetId: string): string;
  /** A tag of somebody's own, whoever made it. */
  ownTagOf(value: string, ownerId: string): string;
  /** Of a stack that was made again without the asset that had been its first: any of its members. */
  primaryOf(stackId: string): string;
}
