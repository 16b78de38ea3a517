import { RefusedError } from '../errors.ts';
import type { Sql } from '../postgres/connect.ts';
import { type Catalog, readCatalog, type Table } from './catalog.ts';
import { COPIED_WITH_ASSET, planColumns, unknownChildTables } from './copy_policy.ts';
import { peopleByGroup, peopleById, type PeopleModel } from './people.ts';
import { missingFrom } from './requirements.ts';

/** A table that is copied row by row with its asset, and the columns that are. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/** The live database of Immich, as far as sharing is concerned: what to copy, and the names that differ by release. */
export interface ImmichSchema {
  readonly catalog: Catalog;
  readonly people: PeopleModel;
  /** Columns copied as they are, besides those that the statements fill in themselves. */
  readonly columns: {
    readonly asset: readonly string[];
    readonly assetFile: readonly string[];
    readonly assetFace: readonly string[];
    readonly faceSearch: readonly string[];
    readonly smartSearch: readonly string[];
    readonly person: readonly string[];
  };
  readonly copiedTables: readonly CopiedTable[];
  readonly albumAsset: { readonly albumKey: string; readonly assetKey: string };
  /** What is left alone because no rule knows it, as sentences for people. */
  readonly notes: readonly string[];
  has(table: string, column?: string): boolean;
}

/** Columns that share/copy/ fills in itself, or leaves at their default on purpose. */
const HANDLED = Object.freeze({
  asset: new Set([
    'id',
    'ownerId',
    'libraryId',
    'originalPath',
    'checksum',
    'checksumAlgorithm',
    'isExternal',
    'fileModifiedAt',
    'sidecarPath',
    'encodedVideoPath',
    'deviceId',
    'isFavorite',
    'livePhotoVideoId',
    'stackId',
    'duplicateId',
    'deletedAt',
    'isOffline',
    'status',
    'isEdited', // owned by the triggers on asset_edit
  ]),
  assetFile: new Set(['assetId', 'path']),
  assetFace: new Set(['assetId', 'personId', 'personGroupId']),
  faceSearch: new Set(['faceId']),
  person: new Set(['ownerId', 'personGroupId', 'thumbnailPath', 'faceAssetId', 'isFavorite']),
  copied: new Set(['assetId']),
});

/**
 * Reads the catalog and decides what is copied. Reads only.
 *
 * Throws RefusedError (exit 4) naming everything that sharing needs and this database lacks.
 */
export async function readImmichSchema(sql: Sql): Promise<ImmichSchema> {
  return planSchema(await readCatalog(sql));
}

/** The same from a catalog in hand. Pure. */
export function planSchema(catalog: Catalog): ImmichSchema {
  const missing = missingFrom(catalog);
  const blocking: string[] = [];
  const notes: string[] = [];
  const columnsOf = (name: string, handled: ReadonlySet<string>): readonly string[] => {
    const table = catalog.get(name);
    if (table === undefined) return [];
    const plan = planColumns(table, handled);
    blocking.push(...plan.blocking.map((column) => `column ${name}.${column} refers to a table that no rule knows`));
    notes.push(
      ...plan.leftAlone.map((column) =>
        `Column ${name}.${column} is a reference that no rule knows; it keeps its default.`
      ),
    );
    return plan.copied;
  };
  const columns = {
    asset: columnsOf('asset', HANDLED.asset),
    assetFile: columnsOf('asset_file', HANDLED.assetFile),
    assetFace: columnsOf('asset_face', HANDLED.assetFace),
    faceSearch: columnsOf('face_search', HANDLED.faceSearch),
    smartSearch: columnsOf('smart_search', HANDLED.copied),
    person: columnsOf('person', HANDLED.person),
  };
  const copiedTables = COPIED_WITH_ASSET
    .filter((name) => catalog.has(name))
    .map((name) => ({ name, columns: columnsOf(name, HANDLED.copied) }));
  const problems = [...missing, ...blocking];
  if (problems.length > 0) {
    throw new RefusedError(`This Immich database is not one that sharing can work on: ${problems.join('; ')}.`, {
      remedy: 'Nothing was changed. Update immich-sidecar, or report these names together with the version of Immich.',
    });
  }
  notes.push(
    ...unknownChildTables(catalog).map((table) =>
      `Table ${table} refers to assets, but no rule knows it; it is not copied.`
    ),
  );
  return Object.freeze({
    catalog,
    people: catalog.has('person_group') ? peopleByGroup : peopleById,
    columns,
    copiedTables,
    albumAsset: {
      albumKey: referenceTo(catalog.get('album_asset'), 'album'),
      assetKey: referenceTo(catalog.get('album_asset'), 'asset'),
    },
    notes,
    has: (table: string, column?: string) =>
      column === undefined ? catalog.has(table) : catalog.get(table)?.columns.has(column) === true,
  });
}

/** The column with which a table refers to another; the names differ by release (`albumsId` until 2.2). */
function referenceTo(table: Table | undefined, referenced: string): string {
  const column = [...table?.columns.values() ?? []].find((candidate) => candidate.references?.table === referenced);
  if (column === undefined) {
    throw new Error(`requirements.ts let a database pass whose album_asset lacks ${referenced}`);
  }
  return column.name;
}
