import { dirname } from 'node:path/posix';
import type { GeneratedAccounts } from '../../src/demo/library_generator/result.ts';
import { columnList, copied, valueList } from '../../src/share/copy/columns.ts';
import type { Connection, Sql } from '../../src/postgres/connect.ts';

/** Copied over their `assetId`, all columns but the generated ones. */
const CHILD_TABLES = ['asset_exif', 'asset_file', 'asset_job_status', 'smart_search', 'asset_ocr', 'ocr_search'];

/**
 * Writes the rows that a share of Alice's library to Bob consists of, with nothing around it: ids are decided before the
 * clock starts, then one INSERT … SELECT per table in one transaction. Returns the seconds that took.
 */
export async function writeFloor(sql: Connection, accounts: GeneratedAccounts): Promise<number> {
  const [alice, bob, library] = [accounts.users.alice.id, accounts.users.bob.id, accounts.libraries.bobShared.id];
  await sql`
    CREATE TEMP TABLE asset_pair AS
    SELECT id AS source_id, gen_random_uuid() AS mirror_id
    FROM asset
    WHERE "ownerId" = ${alice}`;
  await sql`
    CREATE TEMP TABLE face_pair AS
    SELECT f.id AS source_id, gen_random_uuid() AS mirror_id, p.mirror_id AS mirror_asset_id
    FROM asset_face f
    JOIN asset_pair p ON p.source_id = f."assetId"`;
  await sql`
    CREATE TEMP TABLE person_pair AS
    SELECT id AS source_id, gen_random_uuid() AS mirror_id
    FROM person
    WHERE "ownerId" = ${alice}`;
  await sql`CREATE INDEX ON asset_pair (source_id)`;
  await sql`ANALYZE asset_pair, face_pair, person_pair`;
  const columns = await columnsOf(sql);
  const started = performance.now();
  await sql.begin(async (tx) => {
    const assetColumns = columns('asset', ['id', 'ownerId', 'libraryId', 'originalPath', 'checksum', 'isEdited']);
    await tx`
      INSERT INTO asset (id, "ownerId", "libraryId", "originalPath", checksum, ${names(tx, assetColumns)})
      SELECT p.mirror_id, ${bob}, ${library}, '/mirror' || a."originalPath", a.checksum, ${
      values(tx, 'a', assetColumns)
    }
      FROM asset a
      JOIN asset_pair p ON p.source_id = a.id`;
    for (const table of CHILD_TABLES) {
      const tableColumns = columns(table, ['assetId', 'id']);
      await tx`
        INSERT INTO ${tx(table)} ("assetId", ${names(tx, tableColumns)})
        SELECT p.mirror_id, ${values(tx, 't', tableColumns)}
        FROM ${tx(table)} t
        JOIN asset_pair p ON p.source_id = t."assetId"`;
    }
    const personColumns = columns('person', ['id', 'ownerId', 'faceAssetId']);
    await tx`
      INSERT INTO person (id, "ownerId", ${names(tx, personColumns)})
      SELECT p.mirror_id, ${bob}, ${values(tx, 't', personColumns)}
      FROM person t
      JOIN person_pair p ON p.source_id = t.id`;
    const faceColumns = columns('asset_face', ['id', 'assetId', 'personId']);
    await tx`
      INSERT INTO asset_face (id, "assetId", "personId", ${names(tx, faceColumns)})
      SELECT p.mirror_id, p.mirror_asset_id, person.mirror_id, ${values(tx, 't', faceColumns)}
      FROM asset_face t
      JOIN face_pair p ON p.source_id = t.id
      LEFT JOIN person_pair person ON person.source_id = t."personId"`;
    await tx`
      INSERT INTO face_search ("faceId", embedding)
      SELECT p.mirror_id, t.embedding
      FROM face_search t
      JOIN face_pair p ON p.source_id = t."faceId"`;
  });
  return (performance.now() - started) / 1000;
}

const GENERATED = new Set(['updateId', 'updatedAt', 'createdAt']);

async function columnsOf(sql: Sql): Promise<(table: string, without: readonly string[]) => string[]> {
  const rows = await sql<{ table: string; column: string }[]>`
    SELECT table_name AS "table", column_name AS "column"
    FROM information_schema.columns
    WHERE table_schema = 'public'`;
  return (table, without) =>
    rows
      .filter((row) => row.table === table && !GENERATED.has(row.column) && !without.includes(row.column))
      .map((row) => row.column);
}

const names = (sql: Sql, columns: readonly string[]) => columnList(sql, copied(sql, 't', columns));
const values = (sql: Sql, alias: string, columns: readonly string[]) => valueList(sql, copied(sql, alias, columns));

/**
 * Gives each file below `directory` a second name below `to`, in directories of the same names, with nothing around it: what there is to link is known before the clock
 * starts. Returns the seconds that took, and how many files there are.
 */
export async function linkFloor(directory: string, to: string): Promise<{ seconds: number; links: number }> {
  const files = await filesBelow(directory);
  const made = new Set<string>();
  const started = performance.now();
  for (const file of files) {
    const target = to + file.slice(directory.length);
    const parent = dirname(target);
    if (!made.has(parent)) {
      Deno.mkdirSync(parent, { recursive: true });
      made.add(parent);
    }
    Deno.linkSync(file, target);
  }
  return { seconds: (performance.now() - started) / 1000, links: files.length };
}

async function filesBelow(directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) found.push(...await filesBelow(path));
    else found.push(path);
  }
  return found;
}
