import type { AssetRecord } from './record.ts';
import type { RegionKind } from './region_kinds.ts';
import type { Tag } from './tag.ts';
import type { OwnValues, Tags, TagValue } from './values.ts';

/**
 * One kind of knowledge that Immich has and files can hold. All that this program knows of it: its flag, where it comes
 * from, its tags with the form of each, and what they are to say. Everything else walks the list in fields.ts.
 */
export interface Field {
  /** Of `write`, without its dashes. */
  readonly flag: string;
  /** Whether `--all` means it too, and `serve` writes it by default. */
  readonly isUsual: boolean;
  /** Whether only its owner knows of it in Immich. It is left out of files that somebody else has too, unless they are asked for. */
  readonly isPrivate?: true;
  /** For `--help`: a few words. */
  readonly help: string;
  /** For docs/writing.md: what its tags say. */
  readonly meaning: string;
  /** What of it does not come with the asset itself and is asked for only when it is wanted. */
  readonly asks?: Asked;
  /** Columns of `asset_exif` beside those that every record is made from; the API has them under the same names. */
  readonly columns?: readonly string[];
  /** Every tag that it reads or writes. */
  readonly tags: readonly Tag[];
  /** Whether Immich knows anything of it about an asset. */
  readonly isKnown: (record: AssetRecord) => boolean;
  /** What it wants in one file. Pure. */
  readonly map: (input: MappingInput) => Wanted;
  /** The values that others wrote, of tags that it reads from them. Without it: lists without our entries. */
  readonly valuesOfOthers?: (tags: Tags, own: OwnValues) => Tags;
}

/** What Immich tells by itself, with requests or statements of its own. */
export type Asked = 'faces' | 'albums' | 'tags';

/** All that a mapping may look at: the same input gives the same wanted tags. */
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
  /** Whether Immich's date is only that of the file, as neither the photo nor its sidecar says one. */
  readonly hasNoDate: boolean;
  readonly options: MappingOptions;
}

/** What a format has room for, beside XMP, which all of them hold. */
export interface Holds {
  readonly exif: boolean;
  /** IPTC-IIM. Where no standard gives it a place, it is not added. */
  readonly iptc: boolean;
  /** Whether a digest of IPTC fits: in TIFF ExifTool (13.59) pads IPTC after it has computed that. */
  readonly iptcDigest: boolean;
  readonly quickTime: boolean;
}

export interface MappingOptions {
  /** Names of the fields that take part. */
  readonly fields: readonly string[];
  /** In characters. */
  readonly captionMaxLength: number;
  /** Of photos whose zone neither Immich nor their file knows; undefined: they get no offset. */
  readonly timeZone: string | undefined;
  /** In which ways faces are written; left out: that of the Metadata Working Group. */
  readonly regions?: readonly RegionKind[];
}

/** What one field wants in one file. Tags that it does not mention stay, but for what was ours. */
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
