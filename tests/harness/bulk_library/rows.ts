import type { Catalog } from '../../../src/immich/catalog.ts';
import type { Sql } from '../../../src/postgres/connect.ts';
import { SIZES } from '../../../src/demo/library_generator/media/media.ts';
import type { BulkAsset, BulkPlan } from './plan.ts';
import { BULK_CAMERA, bulkAsset, bulkPersonId } from './plan.ts';
import type { LibraryContext } from '../../../src/demo/library_generator/context.ts';
import { clusterGroupIdOf, libraryIdOf, userIdOf } from '../../../src/demo/library_generator/ids.ts';
import { columnName, insertRows, insertSelect } from '../../../src/demo/library_generator/insert.ts';
import { portraitPathOf } from '../../../src/demo/library_generator/paths.ts';

/** Assets per statement: 5,000 rows of asset are 3 MB of JSON. */
const BATCH = 5_000;

const PROCESSED_AT = '2024-11-10T10:00:00.250Z';

/** Rows from TypeScript for what refers to files, everything else is made by PostgreSQL from those rows. */
export async function insertBulkRows(
  sql: Sql,
  catalog: Catalog,
  plan: BulkPlan,
  context: LibraryContext,
): Promise<void> {
  await insertPeople(sql, catalog, plan, context);
  for (let start = plan.first; start <= plan.last; start += BATCH) {
    const length = Math.min(BATCH, plan.last - start + 1);
    const assets = Array.from({ length }, (_, index) => bulkAsset(start + index, context));
    await insertAssets(sql, catalog, assets, context);
    await insertDerived(sql, catalog, assets.map(({ id }) => id), plan, context);
  }
  await chooseCovers(sql, catalog, plan, context);
}

async function insertPeople(sql: Sql, catalog: Catalog, plan: BulkPlan, context: LibraryContext): Promise<void> {
  const ownerId = userIdOf(context, 'alice');
  const ids = Array.from({ length: plan.people }, (_, index) => bulkPersonId(context, index + 1));
  const known = await sql`SELECT FROM person WHERE ${sql(personColumn(catalog))} = ANY (${ids})`;
  if (known.length > 0) return;
  const clusterGroupId = clusterGroupIdOf(context, 'alice');
  await insertRows(sql, catalog, 'person_group', ids.map((id) => ({ id, clusterGroupId })));
  await insertRows(
    sql,
    catalog,
    'person',
    ids.map((id, index) => ({
      personGroupId: id,
      ownerId,
      name: `Person ${index + 1}`,
      thumbnailPath: portraitPathOf(context, ownerId, id),
    })),
  );
}

async function insertAssets(
  sql: Sql,
  catalog: Catalog,
  assets: readonly BulkAsset[],
  context: LibraryContext,
): Promise<void> {
  const ownerId = userIdOf(context, 'alice');
  const libraryId = libraryIdOf(context, 'alice');
  const { width, height } = SIZES.jpeg;
  await insertRows(
    sql,
    catalog,
    'asset',
    assets.map((asset) => ({
      id: asset.id,
      ownerId,
      libraryId,
      isExternal: true,
      type: 'IMAGE',
      originalPath: asset.originalPath,
      originalFileName: asset.originalFileName,
      checksum: `\\x${asset.checksum}`,
      checksumAlgorithm: 'sha1-path',
      deviceId: 'Library Import',
      deviceAssetId: asset.originalFileName,
      fileCreatedAt: asset.takenAt,
      fileModifiedAt: asset.modifiedAt,
      localDateTime: asset.takenAt,
      thumbhash: `\\x${asset.checksum}`,
      width,
      height,
    })),
  );
  const files = assets.flatMap((asset) => [
    { assetId: asset.id, type: 'preview', path: asset.previewPath },
    { assetId: asset.id, type: 'thumbnail', path: asset.thumbnailPath },
  ]);
  await insertRows(sql, catalog, 'asset_file', files);
}

/** One statement per table, for the assets with these ids. */
async function insertDerived(
  sql: Sql,
  catalog: Catalog,
  ids: readonly string[],
  plan: BulkPlan,
  context: LibraryContext,
): Promise<void> {
  const { make, model, lensModel, fNumber, focalLength, iso, exposureTime } = BULK_CAMERA;
  const { width, height } = SIZES.jpeg;
  const batch = sql`FROM asset a WHERE a.id = ANY (${[...ids]}::uuid[])`;
  // Referring to the outer row makes PostgreSQL draw new numbers for each.
  const embedding = (row: string) =>
    sql`(
      SELECT array_agg((random() - 0.5)::real)
      FROM generate_series(1, 512)
      WHERE ${sql(row)} IS NOT NULL
    )::vector`;
  const processedAt = sql`${PROCESSED_AT}::timestamptz`;
  await insertSelect(sql, catalog, 'asset_exif', {
    assetId: sql`a.id`,
    make: sql`${make}::text`,
    model: sql`${model}::text`,
    lensModel: sql`${lensModel}::text`,
    fNumber: sql`${fNumber}::float8`,
    focalLength: sql`${focalLength}::float8`,
    iso: sql`${iso}::integer`,
    exposureTime: sql`${exposureTime}::text`,
    orientation: sql`'1'`,
    exifImageWidth: sql`${width}::integer`,
    exifImageHeight: sql`${height}::integer`,
    dateTimeOriginal: sql`a."fileCreatedAt"`,
    modifyDate: sql`a."fileModifiedAt"`,
    timeZone: sql`'UTC'`,
    city: sql`(ARRAY['Berlin', 'Nice', 'Tokyo'])[1 + abs(hashtext(a.id::text)) % 3]`,
    fileSizeInByte: sql`6000`,
  }, batch);
  await insertSelect(sql, catalog, 'asset_job_status', {
    assetId: sql`a.id`,
    metadataExtractedAt: processedAt,
    previewAt: processedAt,
    thumbnailAt: processedAt,
    facesRecognizedAt: processedAt,
    duplicatesDetectedAt: processedAt,
    ocrAt: processedAt,
  }, batch);
  await insertSelect(sql, catalog, 'smart_search', { assetId: sql`a.id`, embedding: embedding('a.id') }, batch);
  const people = Array.from({ length: plan.people }, (_, index) => bulkPersonId(context, index + 1));
  await insertSelect(
    sql,
    catalog,
    'asset_face',
    {
      assetId: sql`a.id`,
      personGroupId: sql`(${people}::uuid[])[1 + abs(hashtext(a.id::text || face)) % ${plan.people}::integer]`,
      imageWidth: sql`${width}::integer`,
      imageHeight: sql`${height}::integer`,
      boundingBoxX1: sql`10 + 40 * face`,
      boundingBoxY1: sql`60`,
      boundingBoxX2: sql`40 + 40 * face`,
      boundingBoxY2: sql`100`,
    },
    sql`
    FROM asset a
    CROSS JOIN generate_series(1, ${plan.facesPerAsset}::integer) AS face
    WHERE a.id = ANY (${[...ids]}::uuid[])`,
  );
  await insertSelect(
    sql,
    catalog,
    'face_search',
    { faceId: sql`f.id`, embedding: embedding('f.id') },
    sql`
    FROM asset_face f
    WHERE f."assetId" = ANY (${[...ids]}::uuid[])`,
  );
}

async function chooseCovers(sql: Sql, catalog: Catalog, plan: BulkPlan, context: LibraryContext): Promise<void> {
  const people = Array.from({ length: plan.people }, (_, index) => bulkPersonId(context, index + 1));
  const personId = personColumn(catalog);
  const facePersonId = columnName(catalog, 'asset_face', 'personGroupId') ?? 'personId';
  await sql`
    UPDATE person
    SET "faceAssetId" = (
      SELECT f.id
      FROM asset_face f
      WHERE f.${sql(facePersonId)} = person.${sql(personId)}
      ORDER BY f.id
      LIMIT 1
    )
    WHERE ${sql(personId)} = ANY (${people}::uuid[])`;
}

function personColumn(catalog: Catalog): string {
  return columnName(catalog, 'person', 'personGroupId') ?? 'id';
}
