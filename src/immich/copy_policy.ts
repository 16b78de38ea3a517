import type { Catalog, Table } from './catalog.ts';

/** Values that Immich or PostgreSQL must make anew for each row; a copied `updateId` would hide the row from phones. */
export const GENERATED_BY_IMMICH: ReadonlySet<string> = new Set([
  'id',
  'updateId',
  'updatedAt',
  'createdAt',
  'createId',
]);

/**
 * Tables whose rows are copied as they are, from source to mirror, over their `assetId`. The tables that need more than
 * that (asset, asset_file, asset_face, person, and the embeddings in smart_search and face_search, which a vector index
 * makes slow) have statements of their own in share/.
 * A release that lacks one of them is older than the feature.
 */
export const COPIED_WITH_ASSET: readonly string[] = Object.freeze([
  'asset_exif',
  'asset_job_status',
  'asset_ocr',
  'ocr_search',
  'asset_video',
  'asset_audio',
  'asset_keyframe',
  'asset_edit',
]);

/** Tables with their own statements. */
export const COPIED_WITH_CARE: readonly string[] = Object.freeze([
  'asset',
  'asset_file',
  'asset_face',
  'face_search',
  'smart_search',
]);

/** Tables that refer to assets or faces but belong to a user, to playback or to housekeeping: never copied. */
export const NEVER_COPIED: readonly string[] = Object.freeze([
  'activity',
  'album',
  'album_asset',
  'tag_asset',
  'memory_asset',
  'shared_link_asset',
  'stack',
  'asset_metadata',
  'integrity_report',
  'person',
  'video_stream_session',
  'video_stream_variant',
  'video_stream_segment',
]);

/** The columns of a table that are copied, and those that are left at their default because nobody knows what they mean. */
export interface ColumnPlan {
  readonly copied: readonly string[];
  /** Foreign keys that no rule mentions. */
  readonly leftAlone: readonly string[];
  /** Foreign keys that no rule mentions and that cannot be left out: copying is impossible. */
  readonly blocking: readonly string[];
}

/** Decides for each column of `table` what happens to it; `handled` are those that a statement fills in itself. */
export function planColumns(table: Table, handled: ReadonlySet<string>): ColumnPlan {
  const copied: string[] = [];
  const leftAlone: string[] = [];
  const blocking: string[] = [];
  for (const column of table.columns.values()) {
    if (column.isGenerated || handled.has(column.name) || GENERATED_BY_IMMICH.has(column.name)) continue;
    if (column.references === undefined) copied.push(column.name);
    else if (column.notNull && !column.hasDefault) blocking.push(column.name);
    else leftAlone.push(column.name);
  }
  return { copied, leftAlone, blocking };
}

const PARENTS: ReadonlySet<string> = new Set(['asset', 'asset_face', 'asset_file', 'asset_ocr']);

/** Tables that refer to an asset or a face and that no rule mentions: they came with a release nobody here has seen. */
export function unknownChildTables(catalog: Catalog): string[] {
  const known = new Set([...COPIED_WITH_ASSET, ...COPIED_WITH_CARE, ...NEVER_COPIED]);
  return [...catalog.values()]
    .filter((table) => !known.has(table.name))
    .filter((table) => [...table.columns.values()].some((column) => PARENTS.has(column.references?.table ?? '')))
    .map((table) => table.name)
    .sort();
}
