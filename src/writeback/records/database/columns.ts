import { RefusedError } from '../../../errors.ts';
import type { Catalog } from '../../../immich/catalog.ts';
import { MORE_COLUMNS } from '../../fields/fields.ts';

/** What the statements in this folder name, table by table. Names that differ by release are found by what they refer to. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  user: ['id', 'deletedAt'],
  asset: [
    'id',
    'ownerId',
    'libraryId',
    'type',
    'originalPath',
    'localDateTime',
    'isFavorite',
    'isOffline',
    'deletedAt',
    'visibility',
    'updatedAt',
  ],
  asset_exif: [
    'assetId',
    'description',
    'dateTimeOriginal',
    'timeZone',
    'latitude',
    'longitude',
    'rating',
    'exifImageWidth',
    'exifImageHeight',
    'orientation',
    ...MORE_COLUMNS,
    'updatedAt',
  ],
  asset_face: [
    'id',
    'assetId',
    'imageWidth',
    'imageHeight',
    'boundingBoxX1',
    'boundingBoxY1',
    'boundingBoxX2',
    'boundingBoxY2',
    'deletedAt',
    'updatedAt',
  ],
  person: ['ownerId', 'name', 'isHidden', 'updatedAt'],
  album: ['id', 'albumName', 'deletedAt', 'updatedAt'],
  album_asset: ['updatedAt'],
  album_user: [],
  tag: ['id', 'value'],
  tag_asset: [],
});

/** Throws RefusedError, by name, when this database lacks something that records are made of. */
export function assertReadable(catalog: Catalog): void {
  const missing = Object.entries(COLUMNS).flatMap(([table, columns]) => {
    const found = catalog.get(table);
    if (found === undefined) return [`table ${table}`];
    return columns.filter((column) => !found.columns.has(column)).map((column) => `column ${table}.${column}`);
  });
  if (missing.length === 0) return;
  throw new RefusedError(`This Immich database is not one that can be read: it lacks ${missing.join(', ')}.`, {
    remedy:
      'Use WRITE_SOURCE=api, or update immich-sidecar and report these names together with the version of Immich.',
  });
}

/** The column with which a table refers to another: `albumId`, or `albumsId` until 2.2. */
export function columnTo(catalog: Catalog, table: string, referenced: string): string {
  const columns = [...catalog.get(table)?.columns.values() ?? []];
  const column = columns.find(({ references }) => references?.table === referenced);
  if (column !== undefined) return column.name;
  throw new RefusedError(
    `This Immich database is not one that can be read: ${table} does not refer to ${referenced}.`,
    {
      remedy: 'Use WRITE_SOURCE=api, or update immich-sidecar and report this together with the version of Immich.',
    },
  );
}
