import type { Catalog, Trigger } from './catalog.ts';

/** What the statements in share/ name, table by table; a release without one of these cannot be worked on. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  user: ['id'],
  library: ['id', 'ownerId', 'importPaths', 'exclusionPatterns', 'deletedAt'],
  asset: [
    'id',
    'ownerId',
    'libraryId',
    'type',
    'originalPath',
    'originalFileName',
    'checksum',
    'isExternal',
    'isOffline',
    'isFavorite',
    'fileModifiedAt',
    'livePhotoVideoId',
    'stackId',
    'duplicateId',
    'thumbhash',
    'deletedAt',
    'status',
    'visibility',
    'updateId',
  ],
  asset_exif: ['assetId', 'dateTimeOriginal'],
  asset_file: ['id', 'assetId', 'type', 'path'],
  asset_job_status: ['assetId', 'metadataExtractedAt', 'facesRecognizedAt'],
  asset_face: ['id', 'assetId', 'sourceType', 'deletedAt', 'updateId', ...box()],
  asset_audit: ['assetId'],
  smart_search: ['assetId', 'embedding'],
  face_search: ['faceId', 'embedding'],
  person: ['ownerId', 'name', 'thumbnailPath', 'isHidden', 'birthDate', 'faceAssetId', 'color', 'updateId'],
  album: ['id', 'albumThumbnailAssetId', 'deletedAt'],
  album_asset: [],
  stack: ['id', 'primaryAssetId', 'ownerId'],
  system_metadata: ['key', 'value'],
});

/** Both ways of keeping people; one of them must be whole. */
const PEOPLE_BY_ID: Readonly<Record<string, readonly string[]>> = Object.freeze({
  person: ['id'],
  asset_face: ['personId'],
});
const PEOPLE_BY_GROUP: Readonly<Record<string, readonly string[]>> = Object.freeze({
  user: ['clusterGroupId'],
  person: ['personGroupId'],
  person_group: ['id', 'clusterGroupId'],
  asset_face: ['personGroupId'],
});

interface RequiredTrigger extends Pick<Trigger, 'function' | 'timing'> {
  readonly table: string;
  readonly event: Trigger['events'][number];
  /** Why sharing would go wrong without it. */
  readonly because: string;
}

/** Recognised by what they do, not by name: databases from before 1.133 carry other names. */
const TRIGGERS: readonly RequiredTrigger[] = Object.freeze([
  ...['asset', 'asset_face', 'person'].map((table): RequiredTrigger => ({
    table,
    function: 'updated_at',
    timing: 'BEFORE',
    event: 'UPDATE',
    because: 'changes could not be noticed',
  })),
  {
    table: 'asset',
    function: 'asset_delete_audit',
    timing: 'AFTER',
    event: 'DELETE',
    because: 'phones would never hear of a withdrawn photo',
  },
  {
    table: 'asset_edit',
    function: 'asset_edit_insert',
    timing: 'AFTER',
    event: 'INSERT',
    because: 'edited photos would not be marked as edited',
  },
]);

/** Unique keys that keep a mirror from being made twice. Columns sorted by name. */
const UNIQUES: Readonly<Record<string, readonly string[]>> = Object.freeze({
  asset: ['checksum', 'libraryId', 'ownerId'],
});

/** Names everything that sharing needs and `catalog` lacks, as sentences. Empty when all is well. Pure. */
export function missingFrom(catalog: Catalog): string[] {
  return [...missingColumns(catalog), ...missingTriggers(catalog), ...missingUniques(catalog)];
}

function missingColumns(catalog: Catalog): string[] {
  const people = catalog.has('person_group') ? PEOPLE_BY_GROUP : PEOPLE_BY_ID;
  return [...Object.entries(COLUMNS), ...Object.entries(people)].flatMap(([tableName, columns]) => {
    const table = catalog.get(tableName);
    if (table === undefined) return [`table ${tableName} is missing`];
    return columns
      .filter((column) => !table.columns.has(column))
      .map((column) => `column ${tableName}.${column} is missing`);
  });
}

function missingTriggers(catalog: Catalog): string[] {
  return TRIGGERS
    .filter(({ table }) => catalog.has(table))
    .filter((required) =>
      !catalog.get(required.table)?.triggers.some((trigger) =>
        trigger.function === required.function && trigger.timing === required.timing &&
        trigger.events.includes(required.event)
      )
    )
    .map(({ table, function: name, timing, event, because }) =>
      `the ${timing} ${event} trigger on ${table} that calls ${name}() is missing or disabled (without it ${because})`
    );
}

function missingUniques(catalog: Catalog): string[] {
  return Object.entries(UNIQUES)
    .filter(([table, columns]) => !catalog.get(table)?.uniques.some((unique) => unique.join() === columns.join()))
    .map(([table, columns]) => `the unique index on ${table}(${columns.join(', ')}) is missing`);
}

/** The columns of a face's box. */
function box(): string[] {
  return ['boundingBoxX1', 'boundingBoxY1', 'boundingBoxX2', 'boundingBoxY2'];
}
