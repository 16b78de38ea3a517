import type { Module } from './module.ts';

/** A value as ExifTool takes and gives it: text, a number, a list, or a structure. */
export type TagValue = string | number | boolean | readonly TagValue[] | { readonly [field: string]: TagValue };

/** Tags by their full names in ExifTool's notation, group included: `XMP-dc:Subject`. null takes a tag away. */
export type Tags = Readonly<Record<string, TagValue | null>>;

/** What of a file's tags is ours: the ledger keeps it, so that a value we wrote can be taken back, and no other. */
export interface OwnValues {
  /** Entries of list tags that we added, by tag. */
  readonly lists: Readonly<Record<string, readonly OwnEntry[]>>;
  /** Tags with a single value that we set, by tag. Of a tag that we only added to (face regions), what we added. */
  readonly values: Readonly<Record<string, TagValue>>;
}

/** An entry may be wanted by several modules (a person and a tag of the same name); it goes when none wants it any more. */
export interface OwnEntry {
  readonly value: string;
  readonly modules: readonly Module[];
}

export const NOTHING_OWN: OwnValues = Object.freeze({ lists: Object.freeze({}), values: Object.freeze({}) });

/** One change to one file, as a dry run shows it (`+ ~ -`) and the writer makes it. */
export interface TagChange {
  readonly tag: string;
  readonly before: TagValue | null;
  readonly after: TagValue | null;
}

/** Everything that will be done to one file (a media file or a sidecar). A dry run prints it; the writer consumes it. */
export interface FilePlan {
  /** As this program sees it. */
  readonly path: string;
  readonly kind: 'media' | 'sidecar';
  /** The sidecar has to be made. */
  readonly isNew: boolean;
  readonly changes: readonly TagChange[];
  /** What will be ours once the plan is applied. */
  readonly own: OwnValues;
  /** The file as it was when the plan was made; a file that changed since is not written. undefined for a new sidecar. */
  readonly seen: FileStamp | undefined;
  /** All of IPTC has to be written anew in UTF-8, as what is added cannot be said in its encoding. */
  readonly recodesIptc: boolean;
}

export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
}
