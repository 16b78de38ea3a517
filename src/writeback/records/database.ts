import { count } from '../../config/words.ts';
import { RefusedError } from '../../errors.ts';
import { type Catalog, readCatalog } from '../../immich/catalog.ts';
import { assertImmichDatabase, readInstance } from '../../immich/instance.ts';
import { peopleModelOf } from '../../immich/people.ts';
import { missingFrom } from '../../immich/requirements.ts';
import type { Connection, Sql } from '../../postgres/connect.ts';
import { asksFor } from '../fields/fields.ts';
import { MORE_COLUMNS } from '../fields/fields.ts';
import type { AssetRecord } from '../fields/record.ts';
import { type NameRow, readAlbumNames } from './database/albums.ts';
import { type AssetRow, countAssets, readAssets, readPresence, type Selection } from './database/assets.ts';
import { inUneditedPictures } from './database/edited_faces.ts';
import { readFaces } from './database/faces.ts';
import type { ReadSchema } from './database/schema.ts';
import { readTagNames } from './database/tags.ts';
import { readUserIds } from './database/users.ts';
import { recordOf } from './facts.ts';
import { sharingByMap } from './sharing.ts';
import { readAhead } from '../../postgres/read_ahead.ts';
import type { RecordOptions, RecordSource, ShownAs, SourceItem } from './source.ts';

export interface DatabaseSourceOptions {
  /** Whose assets; empty = everybody's. */
  readonly userIds: readonly string[];
  /** Assets per page. */
  readonly batchSize: number;
}

/**
 * Assets straight from Immich's database, of any release from 2.0 to 3.3, a page at a time and only reading.
 *
 * @throws {UserError} when this is no database of Immich, lacks something that records are made of, or has no such user
 */
export async function databaseSource(sql: Connection, options: DatabaseSourceOptions): Promise<RecordSource> {
  await assertImmichDatabase(sql);
  const catalog = await readCatalog(sql);
  assertReadable(catalog);
  const schema: ReadSchema = { catalog, people: peopleModelOf(catalog) };
  const { version } = await readInstance(sql, undefined);
  const userIds = await readUserIds(sql, options.userIds);
  const whose = count(userIds.length, 'user');
  return {
    knowsMirrors: true,
    knowsSidecars: true,
    describe: () => `the database of Immich ${version}, photos of ${whose}`,
    presenceOf: (assetIds) => readPresence(sql, assetIds),
    count: async (wanted) => await countAssets(sql, schema, selectionOf(userIds, wanted)),
    pages: (wanted) => readAhead(readPages(sql, schema, selectionOf(userIds, wanted), wanted, options.batchSize)),
  };
}

function selectionOf(userIds: readonly string[], { since, assetIds, forExport }: RecordOptions): Selection {
  return { userIds, since, assetIds, includesLocked: forExport?.includesLocked, forExport: forExport !== undefined };
}

/** Throws RefusedError, by name, when this database lacks something that records are made of. */
function assertReadable(catalog: Catalog): void {
  const missing = missingFrom(catalog, 'writeBack', MORE_COLUMNS);
  if (missing.length === 0) return;
  throw new RefusedError(`This Immich database is not one that can be read: ${missing.join('; ')}.`, {
    problemCode: 'database-schema',
    remedy:
      'Use WRITE_SOURCE=api, or update immich-sidecar and report these names together with the version of Immich.',
  });
}

/** Pages in the order of the ids, which never change: nothing comes twice and nothing is left out. */
async function* readPages(
  sql: Connection,
  schema: ReadSchema,
  selection: Selection,
  wanted: RecordOptions,
  size: number,
): AsyncGenerator<readonly SourceItem[]> {
  const findSharing = await sharingByMap(sql);
  let after: string | undefined;
  for (;;) {
    const from = after;
    // One snapshot for all statements of a page: a face and its person belong together.
    const { assets, sidecars, shown } = await sql.begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', async (tx) => {
      const rows = await readAssets(tx, schema, selection, from, size);
      return {
        assets: await readRecords(tx, schema, rows, wanted),
        sidecars: sidecarsOf(rows),
        shown: wanted.forExport === undefined ? undefined : shownOf(rows),
      };
    });
    const last = assets.at(-1);
    if (last === undefined) return;
    const { mirrors, shared } = await findSharing(
      assets.map(({ assetId, originalPath, isExternal }) => ({ id: assetId, originalPath, isExternal })),
    );
    yield assets.map((record) => {
      const { assetId, originalPath } = record;
      if (mirrors.has(assetId)) return { kind: 'mirror', assetId, originalPath };
      const sidecarPath = sidecars.get(assetId);
      return { kind: 'record', record, isShared: shared.has(assetId), sidecarPath, shown: shown?.get(assetId) };
    });
    if (assets.length < size) return;
    after = last.assetId;
  }
}

/** Paths of sidecars by asset. */
function sidecarsOf(rows: readonly AssetRow[]): ReadonlyMap<string, string> {
  return new Map(
    rows.flatMap(({ id, sidecarPath }): [string, string][] => sidecarPath === null ? [] : [[id, sidecarPath]]),
  );
}

function shownOf(rows: readonly AssetRow[]): ReadonlyMap<string, ShownAs> {
  return new Map(rows.map(({ id, ownerId, originalFileName, localDateTime, motionPath }) => [id, {
    ...{ ownerId: ownerId ?? '', fileName: originalFileName ?? '', localDateTime },
    motionPath: motionPath ?? undefined,
  }]));
}

/** Everything about a page of assets, with one statement for each kind of knowledge that is wanted. */
async function readRecords(
  sql: Sql,
  schema: ReadSchema,
  assets: readonly AssetRow[],
  { fields }: RecordOptions,
): Promise<readonly AssetRecord[]> {
  const ids = assets.map(({ id }) => id);
  // Sent one after the other without waiting for answers.
  const [faceRows, albums, tags] = await Promise.all([
    readFaces(sql, schema, ids),
    asksFor(fields, 'albums') ? readAlbumNames(sql, schema, ids).then(namesOf) : undefined,
    asksFor(fields, 'tags') ? readTagNames(sql, schema, ids).then(namesOf) : undefined,
  ]);
  const placed = asksFor(fields, 'faces') ? await inUneditedPictures(sql, schema, assets, faceRows) : [];
  const [people, faces] = [faceRows, placed].map((rows) => Map.groupBy(rows, ({ assetId }) => assetId));
  return assets.map((asset) => {
    const own = people?.get(asset.id) ?? [];
    const { id, originalPath, type, libraryId, isFavorite, isEdited, localDateTime } = asset;
    return recordOf({
      ...{ id, originalPath, type, libraryId, isFavorite, isEdited, localDateTime },
      exif: asset,
      people: own.map(({ personId, name, isHidden }) => ({ id: personId, name, isHidden })),
      faces: asksFor(fields, 'faces') ? faces?.get(asset.id) ?? [] : undefined,
      albums: albums && (albums.get(asset.id) ?? []),
      tags: tags && (tags.get(asset.id) ?? []),
    });
  });
}

function namesOf(rows: readonly NameRow[]): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(rows, ({ assetId }) => assetId);
  return new Map([...groups].map(([assetId, names]) => [assetId, names.map(({ name }) => name)]));
}
