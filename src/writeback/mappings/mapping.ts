import type { Module } from '../module.ts';
import type { AssetRecord } from '../record.ts';
import type { OwnValues, Tags, TagValue } from '../tags.ts';
import type { Holds } from '../formats.ts';

/** All that a mapping may look at. Mappings are pure: the same input gives the same wanted tags. */
export interface MappingInput {
  readonly record: AssetRecord;
  readonly kind: 'media' | 'sidecar';
  /** What the format of the file can hold. */
  readonly holds: Holds;
  /** What is in the file. */
  readonly current: Tags;
  /** Of a sidecar: what others wrote into the media file, which Immich reads where the sidecar says nothing. Else empty. */
  readonly beneath: Tags;
  readonly own: OwnValues;
  readonly options: MappingOptions;
}

export interface MappingOptions {
  readonly modules: readonly Module[];
  /** In characters. */
  readonly captionMaxLength: number;
  /** Of photos whose zone Immich does not know; undefined: they get no offset. */
  readonly timeZone: string | undefined;
}

/** What one module wants in one file. Tags that it does not mention stay, but for what was ours. */
export interface Wanted {
  /** Entries that lists should have, whatever else they have. */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  /** Tags with one value; null takes the tag away. */
  readonly values?: Readonly<Record<string, TagValue | null>>;
  /** What of a value is ours, where that is not the whole value. */
  readonly own?: Readonly<Record<string, TagValue | null>>;
  /** What no file can hold, as sentences without full stop. */
  readonly refused?: readonly string[];
}

export type Mapping = (input: MappingInput) => Wanted;
