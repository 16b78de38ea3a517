import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';
import type { Job } from '../jobs/job.ts';

/**
 * Fields that belong together and to the target's owner as soon as they have changed one of them on a mirror. Each follows its
 * source as long as the mirror has what we wrote last (`asset_map.base_…`).
 */
export interface FieldGroup {
  readonly name: GroupName;
  /** Columns of asset_map. */
  readonly base: string;
  /** Columns of `asset`, in this release. */
  readonly asset: readonly string[];
  /** Columns of `asset_exif`, in this release. */
  readonly exif: readonly string[];
}

export type GroupName =
  | 'description'
  | 'date'
  | 'position'
  | 'rating'
  | 'tags'
  | 'locks'
  | 'visibility'
  | 'favorite'
  | 'edits';

/** What Immich lets a user change on a photo. Locked properties keep what they wrote through the next extraction. */
const GROUPS: Readonly<Record<GroupName, { readonly asset?: readonly string[]; readonly exif?: readonly string[] }>> =
  Object.freeze({
    description: { exif: ['description'] },
    date: { asset: ['localDateTime', 'fileCreatedAt'], exif: ['dateTimeOriginal', 'timeZone'] },
    position: { exif: ['latitude', 'longitude', 'city', 'state', 'country'] },
    rating: { exif: ['rating'] },
    tags: { exif: ['tags'] },
    locks: { exif: ['lockedProperties'] },
    visibility: { asset: ['visibility'] },
    favorite: { asset: ['isFavorite'] },
    // The rows of asset_edit; these columns show their effect.
    edits: { asset: ['width', 'height', 'thumbhash'] },
  });

/** The groups that this release has. */
export function fieldGroups(schema: Pick<ImmichSchema, 'has'>): FieldGroup[] {
  return Object.entries(GROUPS).map(([name, columns]) => ({
    name: name as GroupName,
    base: `base_${name}`,
    asset: (columns.asset ?? []).filter((column) => schema.has('asset', column)),
    exif: (columns.exif ?? []).filter((column) => schema.has('asset_exif', column)),
  })).filter(({ name, asset, exif }) => name === 'edits' ? schema.has('asset_edit') : asset.length + exif.length > 0);
}

/** Those of them that follow the source in a job: a favourite only where that is configured. */
export function followingGroups(
  schema: Pick<ImmichSchema, 'has'>,
  { favorites }: Pick<Job, 'favorites'>,
): FieldGroup[] {
  return fieldGroups(schema).filter(({ name }) => name !== 'favorite' || favorites !== undefined);
}

/** What a mirror is to be given of a group, as groupSum says it: the value of its source, the rows `asset` and `exif`; no locks, ever. */
export function sourceSum(sql: Sql, group: FieldGroup, asset: string, exif: string): Fragment {
  return group.name === 'locks' ? sql`md5(ROW(NULL::text)::text)::uuid` : groupSum(sql, group, asset, exif);
}

/**
 * The value of a group as an MD5, of the row `asset` of asset and the row `exif` of asset_exif. Times and numbers are written as
 * connect.ts sets it for every session, so equal values have equal sums for years.
 */
export function groupSum(sql: Sql, group: FieldGroup, asset: string, exif: string): Fragment {
  if (group.name === 'edits') {
    return sql`
      md5(coalesce(
        (
          SELECT string_agg(ROW(edit.action, edit.parameters)::text, ',' ORDER BY edit.sequence)
          FROM asset_edit edit
          WHERE edit."assetId" = ${sql(asset)}.id
        ),
        ''
      ))::uuid`;
  }
  const columns = [
    ...group.asset.map((column) => sql`${sql(asset)}.${sql(column)}`),
    ...group.exif.map((column) => sql`${sql(exif)}.${sql(column)}`),
  ];
  return sql`md5(ROW(${commaSeparated(sql, columns)})::text)::uuid`;
}

/**
 * Whether the owner of a mirror has cropped or turned it, so that Immich has decided there what of faces and text is to be seen: its edits are neither the source's nor what we wrote
 * last. Of the rows `source` and `mirror` of asset, and `m` of asset_map.
 */
export function hasOwnEdits(sql: Sql, schema: Pick<ImmichSchema, 'has'>): Fragment {
  const edits = fieldGroups(schema).find(({ name }) => name === 'edits');
  if (edits === undefined) return sql`false`;
  const here = groupSum(sql, edits, 'mirror', 'mirror');
  return sql`(${here} <> ${groupSum(sql, edits, 'source', 'source')} AND ${here} IS DISTINCT FROM m.${
    sql(edits.base)
  })`;
}
