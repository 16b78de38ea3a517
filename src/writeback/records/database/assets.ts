import type { Fragment, Sql } from '../../../postgres/connect.ts';
import type { Presence } from '../source.ts';
import type { ReadSchema } from './schema.ts';
import { MORE_COLUMNS } from '../../fields/fields.ts';
import { isPresentMedia } from '../../../immich/presence.ts';
import { keyOf } from '../../../immich/tables/tables.ts';

/** Which assets are read. */
export interface Selection {
  readonly userIds: readonly string[];
  readonly since: Date | undefined;
  /** Only these; undefined: all. */
  readonly assetIds?: readonly string[] | undefined;
  /** Also what is in somebody's locked folder. */
  readonly includesLocked?: boolean | undefined;
  /** Also how it is called and shown. */
  readonly forExport?: boolean | undefined;
}

/** An asset with its EXIF row, as `AssetFacts` and `ExifFacts` have it. Times are text in ISO 8601, as the API gives them. */
export interface AssetRow {
  readonly id: string;
  readonly originalPath: string;
  readonly type: string;
  readonly libraryId: string | null;
  readonly isFavorite: boolean;
  readonly isEdited: boolean;
  readonly localDateTime: string;
  readonly description: string | null;
  readonly dateTimeOriginal: string | null;
  readonly timeZone: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly rating: number | null;
  readonly exifImageWidth: number | null;
  readonly exifImageHeight: number | null;
  readonly orientation: string | null;
  /** The one that Immich reads; NULL when it knows of none. */
  readonly sidecarPath: string | null;
  /** This and what follows is read for an export only. */
  readonly ownerId?: string;
  readonly originalFileName?: string;
  /** Of the video of a live photo. */
  readonly motionPath?: string | null;
  /** MORE_COLUMNS. */
  readonly [column: string]: unknown;
}

/**
 * The next assets in the order of their ids. PostgreSQL does not see by itself that the EXIF rows before them are not wanted
 * either, and would read them all again for each page.
 */
export async function readAssets(
  sql: Sql,
  schema: ReadSchema,
  selection: Selection,
  after: string | undefined,
  size: number,
): Promise<readonly AssetRow[]> {
  const hasEdits = schema.catalog.get('asset')?.columns.has('isEdited') === true;
  return await sql<AssetRow[]>`
    SELECT
      a.id,
      a."originalPath",
      a.type,
      a."libraryId",
      a."isFavorite",
      ${hasEdits ? sql`a."isEdited"` : sql`false`} AS "isEdited",
      to_jsonb(a."localDateTime") #>> '{}' AS "localDateTime",
      e.description,
      to_jsonb(e."dateTimeOriginal") #>> '{}' AS "dateTimeOriginal",
      e."timeZone",
      e.latitude,
      e.longitude,
      e.rating,
      e."exifImageWidth",
      e."exifImageHeight",
      e.orientation,
      ${sidecarPath(sql, schema)} AS "sidecarPath"
      ${selection.forExport ? exportColumns(sql) : sql``}
      ${MORE_COLUMNS.reduce((before, column) => sql`${before}, e.${sql(column)}`, sql``)}
    FROM asset a
    JOIN asset_exif e ON e."assetId" = a.id
    WHERE ${isSelected(sql, schema, selection)}
      ${after === undefined ? sql`` : sql`AND a.id > ${after} AND e."assetId" > ${after}`}
    ORDER BY a.id
    LIMIT ${size}`;
}

function exportColumns(sql: Sql): Fragment {
  return sql`,
      a."ownerId",
      a."originalFileName",
      (SELECT motion."originalPath" FROM asset motion WHERE motion.id = a."livePhotoVideoId") AS "motionPath"`;
}

/** Of the row `a` of asset; in a column of its own until 2.3. */
function sidecarPath(sql: Sql, { catalog }: ReadSchema): Fragment {
  if (catalog.get('asset')?.columns.has('sidecarPath') === true) return sql`nullif(a."sidecarPath", '')`;
  return sql`(
    SELECT f.path
    FROM asset_file f
    WHERE f."assetId" = a.id
      AND f.type::text = 'sidecar'
    LIMIT 1)`;
}

/** How many there are. */
export async function countAssets(sql: Sql, schema: ReadSchema, selection: Selection): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count
    FROM asset a
    JOIN asset_exif e ON e."assetId" = a.id
    WHERE ${isSelected(sql, schema, selection)}`;
  return row?.count ?? 0;
}

/** See RecordSource. */
export async function readPresence(sql: Sql, assetIds: readonly string[]): Promise<ReadonlyMap<string, Presence>> {
  const rows = await sql<{ id: string; originalPath: string; isPresent: boolean }[]>`
    SELECT a.id, a."originalPath", ${isPresentMedia(sql, 'a')} AS "isPresent"
    FROM asset a
    WHERE a.id = ANY (${assetIds as string[]}::uuid[])`;
  return new Map(rows.map(({ id, originalPath, isPresent }) => [id, isPresent ? { originalPath } : 'away']));
}

/** A condition on the rows `a` of `asset` and `e` of `asset_exif`. */
function isSelected(sql: Sql, schema: ReadSchema, { userIds, since, assetIds, includesLocked }: Selection): Fragment {
  return sql`
    ${isPresentMedia(sql, 'a', includesLocked === true ? ['timeline', 'archive', 'locked'] : undefined)}
    AND a."ownerId" = ANY (${userIds}::uuid[])
    ${assetIds === undefined ? sql`` : sql`AND a.id = ANY (${assetIds as string[]}::uuid[])`}
    ${since === undefined ? sql`` : sql`AND ${isChangedSince(sql, schema, since)}`}`;
}

/** Of the asset itself, its EXIF data, its faces, their people, and its albums. Neither an album nor a face that went is seen. */
function isChangedSince(sql: Sql, { catalog, people }: ReadSchema, since: Date): Fragment {
  const albumKey = keyOf(catalog, 'album_asset', 'album');
  const assetKey = keyOf(catalog, 'album_asset', 'asset');
  return sql`(
    a."updatedAt" >= ${since}
    OR e."updatedAt" >= ${since}
    OR EXISTS (
      SELECT 1
      FROM asset_face f
      LEFT JOIN person p ON p.${sql(people.personKey)} = f.${sql(people.faceKey)} AND p."ownerId" = a."ownerId"
      WHERE f."assetId" = a.id
        AND (f."updatedAt" >= ${since} OR p."updatedAt" >= ${since}))
    OR EXISTS (
      SELECT 1
      FROM album_asset aa
      JOIN album ON album.id = aa.${sql(albumKey)}
      WHERE aa.${sql(assetKey)} = a.id
        AND (aa."updatedAt" >= ${since} OR album."updatedAt" >= ${since})))`;
}
