import type { Catalog } from '../../immich/catalog.ts';
import { readCatalog } from '../../immich/catalog.ts';
import type { Sql } from '../../postgres/connect.ts';
import { makePortrait } from './media/media.ts';
import { digestOf } from './media/random.ts';
import type { LibraryContext } from './context.ts';
import { contextOf } from './context.ts';
import type { LibraryRoots } from './foundation.ts';
import { fileWriter, insertAccounts, makeFolders } from './foundation.ts';
import { personIdOf, userIdOf } from './ids.ts';
import type { Row } from './insert.ts';
import { columnName, insertRows } from './insert.ts';
import { portraitPathOf } from './paths.ts';
import type { PersonSpec } from './people.ts';
import { PEOPLE, PERSON_KEYS } from './people.ts';
import type { PlannedAsset } from './plan.ts';
import { planAssets } from './plan.ts';
import type { GeneratedLibrary } from './result.ts';
import { describe } from './result.ts';
import * as accounts from './rows/accounts.ts';
import { assetRow, exifRow, jobStatusRow } from './rows/asset.ts';
import { editRows } from './rows/edits.ts';
import { demoFiles, fileRows } from './rows/files.ts';
import * as learning from './rows/machine_learning.ts';
import * as people from './rows/people.ts';
import * as personal from './rows/personal.ts';
import { audioRow, keyframeRow, videoRow } from './rows/video.ts';
import { allSpecs } from './specs/all.ts';
import type { FileWriter } from './write_files.ts';

export interface LibraryOptions extends LibraryRoots {
  /** Ids, contents and times follow from it. Default: 1. */
  readonly seed?: number;
  /** From 3.2: Alice's and Bob's faces are clustered together. Default: each user for themselves. */
  readonly sameClusterGroup?: boolean;
  /** How many more plain photos Alice shares, below `family/extra/`. Default: none. */
  readonly extraImages?: number;
}

/**
 * Fills an empty Immich database of any release from 2.0 to 3.3 with four users and about 50 assets, one for each
 * thing that can matter to a share, and writes every file that the rows mention. Takes 1.6 s, of which 1.3 s go into
 * drawing; the pictures are remembered, so that the next library of the process takes 0.3 s.
 *
 * The same options give the same ids, paths, contents and times.
 */
export async function generateLibrary(sql: Sql, options: LibraryOptions): Promise<GeneratedLibrary> {
  const catalog = await readCatalog(sql);
  const context = contextOf(catalog, options);
  const writer = fileWriter(options);
  const assets = planAssets(allSpecs(options.extraImages ?? 0), context);
  makeFolders(writer, context);
  writeAssetFiles(writer, assets, context);
  writePortraits(writer, context);
  await insertAccounts(sql, catalog, context);
  await insertAssets(sql, catalog, assets, context);
  await insertPersonal(sql, catalog, assets, context);
  return describe(assets, context, (path) => writer.locate(path));
}

function writeAssetFiles(writer: FileWriter, assets: readonly PlannedAsset[], context: LibraryContext): void {
  for (const asset of assets) {
    if (!asset.spec.isOffline) writer.write(asset.originalPath, asset.content, asset.modifiedAt);
    for (const file of demoFiles(asset, context)) writer.write(file.path, file.content, asset.modifiedAt);
  }
}

function writePortraits(writer: FileWriter, context: LibraryContext): void {
  for (const key of PERSON_KEYS) {
    const person: PersonSpec = PEOPLE[key];
    const path = portraitPathOf(context, userIdOf(context, person.owner), personIdOf(context, key));
    const [variant = 0] = digestOf(context.seed, person.sameHumanAs ?? key);
    writer.write(path, makePortrait(variant, `${context.seed} ${key}`));
  }
}

async function insertAssets(
  sql: Sql,
  catalog: Catalog,
  assets: readonly PlannedAsset[],
  context: LibraryContext,
): Promise<void> {
  const insert = (table: string, rowsOf: (asset: PlannedAsset) => Row | undefined | readonly Row[]) =>
    insertRows(sql, catalog, table, assets.flatMap((asset) => rowsOf(asset) ?? []));
  await insert('asset', (asset) => assetRow(asset, context));
  await insert('asset_exif', (asset) => exifRow(asset, context));
  await insert('asset_job_status', (asset) => jobStatusRow(asset, context));
  await insert('asset_file', (asset) => fileRows(asset, context));
  await insert('asset_edit', (asset) => editRows(asset, context));
  await insert('asset_video', videoRow);
  await insert('asset_audio', audioRow);
  await insert('asset_keyframe', keyframeRow);
  await insert('smart_search', (asset) => learning.smartSearchRow(asset, context));
  await insert('asset_ocr', (asset) => learning.textRows(asset, context));
  await insert('ocr_search', learning.textSearchRow);
  await insertRows(sql, catalog, 'person_group', people.personGroupRows(context));
  await insertRows(sql, catalog, 'person', people.personRows(context));
  await insert('asset_face', (asset) => learning.faceRows(asset, context));
  await insert('face_search', (asset) => learning.faceSearchRows(asset, context));
  await chooseCovers(sql, catalog, assets, context);
}

async function chooseCovers(
  sql: Sql,
  catalog: Catalog,
  assets: readonly PlannedAsset[],
  context: LibraryContext,
): Promise<void> {
  const personId = columnName(catalog, 'person', 'personGroupId') ?? 'id';
  const covers = people.covers(assets.map(({ spec }) => spec), context);
  await sql`
    UPDATE person
    SET "faceAssetId" = cover."faceId"
    FROM jsonb_to_recordset(${sql.json(covers as never)}) AS cover ("ownerId" uuid, "personId" uuid, "faceId" uuid)
    WHERE person.${sql(personId)} = cover."personId"
      AND person."ownerId" = cover."ownerId"`;
}

async function insertPersonal(
  sql: Sql,
  catalog: Catalog,
  assets: readonly PlannedAsset[],
  context: LibraryContext,
): Promise<void> {
  const tagged = assets.flatMap((asset) => personal.tagAssetRows(asset, context));
  const stacks = personal.stackRows(assets, context);
  await insertRows(sql, catalog, 'tag', personal.tagRows(context));
  await insertRows(sql, catalog, 'tag_closure', personal.tagClosureRows(context));
  await insertRows(sql, catalog, 'tag_asset', tagged);
  await insertRows(sql, catalog, 'stack', stacks);
  for (const member of personal.stackMembers(assets, context)) {
    await sql`UPDATE asset SET "stackId" = ${member.stackId} WHERE id = ${member.assetId}`;
  }
  await insertRows(sql, catalog, 'memory', personal.memoryRows(context));
  await insertRows(sql, catalog, 'memory_asset', personal.memoryAssetRows(context));
  await insertRows(sql, catalog, 'asset_metadata', personal.assetMetadataRows(context));
  await insertRows(sql, catalog, 'album', accounts.albumRows(context));
  await insertRows(sql, catalog, 'album_user', accounts.albumUserRows(context));
  await insertRows(sql, catalog, 'album_asset', accounts.albumAssetRows(context));
}
