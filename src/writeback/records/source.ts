import type { FieldName } from '../fields/fields.ts';
import type { AssetRecord } from '../fields/record.ts';

/** What a run wants to know. */
export interface RecordOptions {
  /** Faces, albums and tags are only asked for when one of these writes them. */
  readonly fields: readonly FieldName[];
  /**
   * Only what Immich changed since. The API knows changes of the asset itself; the database also those of its faces,
   * their people and its albums, but not what was removed.
   */
  readonly since?: Date | undefined;
  /** Only these, as far as they may be written. Only the database can be asked for them. */
  readonly assetIds?: readonly string[] | undefined;
  /** What an export needs besides. Only the database tells it. */
  readonly forExport?: { readonly includesLocked: boolean } | undefined;
}

/** An asset that may be written. */
export interface RecordItem {
  readonly kind: 'record';
  readonly record: AssetRecord;
  /** Whether somebody else has a mirror of it, as far as the source knows. */
  readonly isShared: boolean;
  /** The sidecar that Immich reads, as it sees it: that of an upload lies elsewhere. undefined when it has none, or the source does not tell. */
  readonly sidecarPath?: string | undefined;
  /** When Immich has changed something of it last, where the source does not tell sidecars. */
  readonly changedAt?: Date | undefined;
  /** With `forExport`. */
  readonly shown?: ShownAs | undefined;
}

/** How an asset is shown in Immich. */
export interface ShownAs {
  readonly ownerId: string;
  readonly fileName: string;
  /** Wall clock, as ISO 8601 without a zone. */
  readonly localDateTime: string;
  /** The original of the video of a live photo. */
  readonly motionPath: string | undefined;
}

/** One asset on its way through a run. */
export type SourceItem =
  | RecordItem
  /** A copy made by sharing: its source is the one that is written. */
  | { readonly kind: 'mirror'; readonly assetId: string; readonly originalPath: string };

/**
 * Where records come from. Both sources tell the same of the same library: assets in the timeline and the archive that
 * Immich has read; no trashed, offline, locked or hidden ones (the video of a live photo is hidden).
 */
/** What has become of an asset: its path where it can be written, else `away`: in the trash, offline, hidden, or in a locked folder. */
export type Presence = { readonly originalPath: string } | 'away';

export interface RecordSource {
  /** Whether it knows of every mirror. Where it does not, a file with several names counts as shared. */
  readonly knowsMirrors: boolean;
  /** Whether it tells the sidecars that Immich has on record. Where it does not, uploads that may have one elsewhere are left alone. */
  readonly knowsSidecars: boolean;
  /** For people: `Immich 3.1.0 at http://immich:2283, photos of Alice`. */
  describe(): string;
  /** About how many items there will be; undefined when that is not known beforehand. */
  count(options: RecordOptions): Promise<number | undefined>;
  /** Whatever is left of these assets, whosever they are; without those that are not there. undefined: the source cannot tell. */
  readonly presenceOf?: (assetIds: readonly string[]) => Promise<ReadonlyMap<string, Presence>>;
  /** Every asset once, a page at a time. A page is read ahead, so that the consumer need not wait. */
  pages(options: RecordOptions): AsyncIterable<readonly SourceItem[]>;
}
