import { readCatalog } from '../../../src/immich/catalog.ts';
import type { Sql } from '../../../src/postgres/connect.ts';
import { insertBulkRows } from './rows.ts';
import type { BulkPlan } from './plan.ts';
import { bulkAsset, bulkPersonId, portraitOf } from './plan.ts';
import type { LibraryContext } from '../../../src/demo/library_generator/context.ts';
import { contextOf } from '../../../src/demo/library_generator/context.ts';
import type { LibraryRoots } from '../../../src/demo/library_generator/foundation.ts';
import { fileWriter, insertAccounts, makeFolders } from '../../../src/demo/library_generator/foundation.ts';
import { userIdOf } from '../../../src/demo/library_generator/ids.ts';
import { portraitPathOf } from '../../../src/demo/library_generator/paths.ts';
import type { GeneratedAccounts } from '../../../src/demo/library_generator/result.ts';
import { describeAccounts } from '../../../src/demo/library_generator/result.ts';
import type { FileWriter } from '../../../src/demo/library_generator/write_files.ts';

export interface BulkOptions extends LibraryRoots {
  /** How many plain photos Alice gets, below `family/bulk/`. */
  readonly assets: number;
  readonly facesPerAsset: number;
  /** Whom the faces belong to, at least 1. */
  readonly people: number;
  /** The seed of the library this is added to. Default: 1. */
  readonly seed?: number;
  /** Number of the first photo, to add more to what is there already. Default: 1. */
  readonly first?: number;
}

/**
 * Adds many plain, fully processed photos to Alice's external library, for benchmarks: 5,000 with two faces each
 * took 2.5 s on a memory disk, and up to 15 s on a slow one, nearly all of it for creating 15,000 files. Makes the users and libraries of `generateLibrary` if they are not there yet. Embeddings are random.
 */
export async function generateBulk(sql: Sql, options: BulkOptions): Promise<GeneratedAccounts> {
  const catalog = await readCatalog(sql);
  const context = contextOf(catalog, options);
  const first = options.first ?? 1;
  const plan: BulkPlan = {
    first,
    last: first + options.assets - 1,
    facesPerAsset: options.facesPerAsset,
    people: options.people,
  };
  const writer = fileWriter(options);
  const known = await sql`SELECT FROM "user" WHERE id = ${userIdOf(context, 'alice')}`;
  if (known.length === 0) {
    makeFolders(writer, context);
    await insertAccounts(sql, catalog, context);
  }
  writeFiles(writer, plan, context);
  await insertBulkRows(sql, catalog, plan, context);
  return describeAccounts(context, (path) => writer.locate(path));
}

function writeFiles(writer: FileWriter, plan: BulkPlan, context: LibraryContext): void {
  for (let number = plan.first; number <= plan.last; number++) {
    const asset = bulkAsset(number, context);
    writer.write(asset.originalPath, asset.original(), asset.modifiedAt);
    writer.write(asset.previewPath, asset.preview());
    writer.write(asset.thumbnailPath, asset.thumbnail());
  }
  const aliceId = userIdOf(context, 'alice');
  for (let number = 1; number <= plan.people; number++) {
    writer.write(portraitPathOf(context, aliceId, bulkPersonId(context, number)), portraitOf(number));
  }
}
