import type { Box } from '../../immich/edits.ts';
import { MORE_COLUMNS } from '../fields/fields.ts';
import type { AssetRecord, CaptureTime, FaceRecord, PersonRecord, Position } from '../fields/record.ts';

/** What Immich has of one asset, as it is written in its tables and answers. */
export interface AssetFacts {
  readonly id: string;
  readonly originalPath: string;
  readonly type: string;
  readonly libraryId?: string | null | undefined;
  readonly isFavorite: boolean;
  readonly isEdited: boolean;
  readonly localDateTime: string;
  readonly exif: ExifFacts;
  readonly people: readonly PersonFacts[];
  /** Undefined when nobody asked. */
  readonly faces: readonly FaceFacts[] | undefined;
  readonly albums: readonly string[] | undefined;
  readonly tags: readonly string[] | undefined;
}

export interface ExifFacts {
  readonly description?: string | null | undefined;
  readonly dateTimeOriginal?: string | null | undefined;
  readonly timeZone?: string | null | undefined;
  readonly latitude?: number | null | undefined;
  readonly longitude?: number | null | undefined;
  readonly rating?: number | null | undefined;
  readonly exifImageWidth?: number | null | undefined;
  readonly exifImageHeight?: number | null | undefined;
  readonly orientation?: string | null | undefined;
  /** MORE_COLUMNS. */
  readonly [column: string]: unknown;
}

export interface PersonFacts {
  readonly id: string;
  readonly name: string;
  readonly isHidden: boolean;
}

/** In the frame of the oriented, unedited picture. */
export interface FaceFacts extends Box {
  readonly personId: string | null | undefined;
}

/** Whether there is anything in an asset of this type that could be written (Immich also knows AUDIO and OTHER). */
export function isWritableType(type: string): type is AssetRecord['type'] {
  return type === 'IMAGE' || type === 'VIDEO';
}

/** Whether a person is written: named, and not hidden by the user. */
export function isNamed({ name, isHidden }: PersonFacts): boolean {
  return !isHidden && name.trim() !== '';
}

/**
 * The record of an asset, whichever way its facts came. Pure. Lone surrogates, which no file can hold, become the
 * replacement character here, so that what is written can be compared with what was wanted.
 */
export function recordOf(facts: AssetFacts): AssetRecord {
  const { exif } = facts;
  const people = peopleOf(facts.people);
  return {
    assetId: facts.id,
    originalPath: facts.originalPath,
    type: facts.type === 'VIDEO' ? 'VIDEO' : 'IMAGE',
    isExternal: facts.libraryId !== null && facts.libraryId !== undefined,
    isFavorite: facts.isFavorite,
    isEdited: facts.isEdited,
    description: (exif.description ?? '').toWellFormed(),
    capturedAt: captureTimeOf(exif, facts.localDateTime),
    position: positionOf(exif),
    rating: ratingOf(exif.rating),
    storedSize: sizeOf(exif),
    orientation: orientationOf(exif.orientation),
    people,
    faces: facts.faces && facesOf(facts.faces, people),
    albums: facts.albums && texts(facts.albums),
    tags: facts.tags && texts(deepest(facts.tags)),
    ...(MORE_COLUMNS.length === 0 ? {} : { more: moreOf(exif) }),
  };
}

/** What fields want beside: texts without blanks, and numbers. */
function moreOf(exif: ExifFacts): NonNullable<AssetRecord['more']> {
  return Object.fromEntries(MORE_COLUMNS.flatMap((column): [string, string | number][] => {
    const value = exif[column];
    if (typeof value === 'number') return [[column, value]];
    return typeof value === 'string' && value.trim() !== '' ? [[column, value.toWellFormed()]] : [];
  }));
}

function peopleOf(facts: readonly PersonFacts[]): readonly PersonRecord[] {
  const named = facts.filter(isNamed).map(({ id, name }): [string, PersonRecord] => [
    id,
    { id, name: name.toWellFormed() },
  ]);
  return [...new Map(named).values()].sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
}

function facesOf(facts: readonly FaceFacts[], people: readonly PersonRecord[]): readonly FaceRecord[] {
  const nameOf = new Map(people.map(({ id, name }) => [id, name]));
  const faces = facts.flatMap(({ personId, imageWidth, imageHeight, x1, y1, x2, y2 }): FaceRecord[] => {
    const personName = nameOf.get(personId ?? '');
    const hasArea = x2 > x1 && y2 > y1 && imageWidth > 0 && imageHeight > 0;
    return personName === undefined || !hasArea ? [] : [{ personName, imageWidth, imageHeight, x1, y1, x2, y2 }];
  });
  return faces.sort((a, b) =>
    compare(a.personName, b.personName) || a.x1 - b.x1 || a.y1 - b.y1 || a.x2 - b.x2 || a.y2 - b.y2
  );
}

/** Until Immich has read the file there is no `dateTimeOriginal`. Years that ISO 8601 has no four digits for are none. */
function captureTimeOf(exif: ExifFacts, localDateTime: string): CaptureTime | undefined {
  const [instant, local] = [exif.dateTimeOriginal, localDateTime].map(isoOf);
  if (instant === undefined || local === undefined) return undefined;
  // Immich keeps the wall clock as if it were UTC.
  return { instant, timeZone: exif.timeZone?.trim() || undefined, localDateTime: local.slice(0, -1) };
}

function isoOf(text: string | null | undefined): string | undefined {
  const time = Date.parse(text ?? '');
  const iso = Number.isNaN(time) ? '' : new Date(time).toISOString();
  return /^\d{4}-/.test(iso) ? iso : undefined;
}

/** 0/0 is what broken cameras write; Immich itself ignores it when it reads a file. */
function positionOf({ latitude, longitude }: ExifFacts): Position | undefined {
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return undefined;
  const isPlace = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && (latitude !== 0 || longitude !== 0);
  return isPlace ? { latitude, longitude } : undefined;
}

function ratingOf(rating: number | null | undefined): number | undefined {
  return typeof rating === 'number' && Number.isInteger(rating) && rating >= 1 && rating <= 5 ? rating : undefined;
}

function sizeOf({ exifImageWidth: width, exifImageHeight: height }: ExifFacts): AssetRecord['storedSize'] {
  return width && height && width > 0 && height > 0 ? { width, height } : undefined;
}

function orientationOf(text: string | null | undefined): number | undefined {
  return /^[1-8]$/.test(text ?? '') ? Number(text) : undefined;
}

/**
 * Tags without those that are implied by one below them: who has `family/kids` has `family`. The API cannot tell more,
 * as a search for a tag also finds what has one below it.
 */
function deepest(values: readonly string[]): readonly string[] {
  return values.filter((value) => !values.some((other) => other.startsWith(`${value}/`)));
}

/** Sorted, without repetitions and blanks. */
function texts(values: readonly string[]): readonly string[] {
  return [...new Set(values.map((value) => value.toWellFormed()).filter((value) => value.trim() !== ''))].sort(compare);
}

/** By code units: the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
