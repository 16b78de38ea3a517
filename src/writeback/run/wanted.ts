import { hash } from 'node:crypto';
import type { Destination, Module } from '../module.ts';
import type { AssetRecord } from '../record.ts';

/** What decides, beside the record, which tags are written where. */
export interface Wish {
  readonly modules: readonly Module[];
  readonly destination: Destination;
  /** In characters. */
  readonly captionMaxLength: number;
  /** For photos of which Immich knows no zone. */
  readonly timeZone: string;
}

/**
 * Digests of what is wanted in a file. Two records with the same digest lead to the same tags, if the file is the same.
 *
 * @param mappingVersion changes whenever the same record leads to other tags than before
 */
export function digester(wish: Wish, mappingVersion: number): (record: AssetRecord) => string {
  const { destination, captionMaxLength, timeZone } = wish;
  const preamble = JSON.stringify([mappingVersion, wish.modules.toSorted(), destination, captionMaxLength, timeZone]);
  return (record) => hash('sha256', preamble + JSON.stringify(record), 'base64url');
}

/** Whether Immich knows nothing of what these modules write. */
export function saysNothing(record: AssetRecord, modules: readonly Module[]): boolean {
  return modules.every((module) => SAYS_NOTHING[module](record));
}

const SAYS_NOTHING: Readonly<Record<Module, (record: AssetRecord) => boolean>> = Object.freeze({
  people: ({ people }) => people.length === 0,
  gps: ({ position }) => position === undefined,
  caption: ({ description }) => description === '',
  time: ({ capturedAt }) => capturedAt === undefined,
  rating: ({ rating, isFavorite }) => rating === undefined && !isFavorite,
  albums: ({ albums }) => (albums ?? []).length === 0,
  faces: ({ faces }) => (faces ?? []).length === 0,
  tags: ({ tags }) => (tags ?? []).length === 0,
});
