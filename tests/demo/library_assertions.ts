import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { GeneratedAsset } from '../../src/demo/library_generator/result.ts';
import type { Sql } from '../../src/postgres/connect.ts';
import { complaintAbout, kindOf } from './signatures.ts';
import type { TemporaryLibrary } from './temporary_library.ts';

/** What Immich has finished with, whether it may be shared or not. */
const READY = ['shared-external', 'shared-upload', 'private', 'locked', 'archived', 'hidden', 'trashed', 'other-owner'];

export async function assertFilesExist({ db, library, roots }: TemporaryLibrary): Promise<void> {
  const offline = new Set(library.assets.filter((a) => a.expected === 'offline').map((a) => a.originalPath));
  const paths = await pathsInDatabase(db.sql);
  assert.ok(paths.length > 100);
  const isThere = (path: string) => Deno.lstatSync(localOf(path, roots)).isFile;
  for (const path of paths) assert.ok(offline.has(path) ? !exists(localOf(path, roots)) : isThere(path), path);
  for (const folder of ['thumbs', 'upload', 'library', 'encoded-video', 'profile', 'backups']) {
    assert.ok(exists(`${roots.localMedia}/${folder}/.immich`));
  }
  for (const { localImportPath } of Object.values(library.libraries)) assert.ok(exists(localImportPath));
}

/** Every path in a column of the installed release. */
export async function pathsInDatabase(sql: Sql): Promise<readonly string[]> {
  const columns = await sql<{ table: string; column: string }[]>`
    SELECT table_name AS "table", column_name AS "column"
    FROM information_schema.columns
    WHERE table_schema = 'public'
      AND (table_name, column_name) IN (
        ('asset', 'originalPath'), ('asset', 'sidecarPath'), ('asset', 'encodedVideoPath'),
        ('asset_file', 'path'), ('person', 'thumbnailPath')
      )`;
  const paths: string[] = [];
  for (const { table, column } of columns) {
    const rows = await sql<{ path: string | null }[]>`SELECT ${sql(column)} AS path FROM ${sql(table)}`;
    paths.push(...rows.flatMap(({ path }) => path ? [path] : []));
  }
  return paths;
}

export function assertSignatures({ roots }: TemporaryLibrary): void {
  for (const root of [roots.localMedia, roots.localExternal]) {
    for (const path of filesBelow(root)) {
      if (path.endsWith('/.immich')) continue;
      const kind = kindOf(path);
      assert.ok(kind, path);
      assert.equal(complaintAbout(kind, Deno.readFileSync(path)), undefined, path);
    }
  }
}

export async function assertRowsMatchFiles({ db: { sql }, library }: TemporaryLibrary): Promise<void> {
  const rows = await sql<{ id: string; checksum: string; modified: Date; size: string | null; isExternal: boolean }[]>`
    SELECT
      a.id,
      encode(a.checksum, 'hex') AS checksum,
      a."fileModifiedAt" AS modified,
      e."fileSizeInByte" AS size,
      a."isExternal"
    FROM asset a
    LEFT JOIN asset_exif e ON e."assetId" = a.id`;
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const asset of library.assets) {
    const row = byId.get(asset.id);
    assert.ok(row);
    assert.equal(row.checksum, asset.checksum);
    assert.deepEqual(row.modified, asset.modifiedAt);
    assert.equal(row.isExternal, asset.origin === 'external');
    const pathChecksum = createHash('sha1').update(`path:${asset.originalPath}`).digest('hex');
    if (row.isExternal) assert.equal(row.checksum, pathChecksum);
    if (asset.expected === 'offline') continue;
    const info = Deno.statSync(asset.localPath);
    assert.deepEqual(info.mtime, row.modified, asset.key);
    if (row.size !== null) assert.equal(Number(row.size), info.size);
    if (!row.isExternal) assert.equal(row.checksum, digestFile(asset));
  }
  const contents = library.assets.filter(({ expected }) => expected !== 'offline').map(digestFile);
  assert.equal(new Set(contents).size, contents.length);
}

/** Ready is what has a thumbnail, a preview, a CLIP row, and a date for every step that this release knows. */
export async function assertReadiness({ db: { sql }, library }: TemporaryLibrary): Promise<void> {
  const rows = await sql<
    { id: string; status: Record<string, string | null> | null; pictures: number; clip: boolean }[]
  >`
    SELECT
      a.id,
      to_jsonb(j) AS status,
      (
        SELECT count(DISTINCT f.type)::int
        FROM asset_file f
        WHERE f."assetId" = a.id AND f.type IN ('thumbnail', 'preview')
      ) AS pictures,
      EXISTS (SELECT FROM smart_search s WHERE s."assetId" = a.id) AS clip
    FROM asset a
    LEFT JOIN asset_job_status j ON j."assetId" = a.id`;
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const { id, key, expected } of library.assets) {
    const row = byId.get(id);
    assert.ok(row);
    const isDone = row.status !== null && Object.values(row.status).every((value) => value !== null);
    const isReady = isDone && row.pictures === 2 && row.clip;
    if (READY.includes(expected)) assert.ok(isReady, key);
    if (expected === 'pending' || expected === 'motion-part') assert.ok(!isReady, key);
  }
}

export function localOf(path: string, roots: TemporaryLibrary['roots']): string {
  return path.startsWith(roots.mediaLocation)
    ? roots.localMedia + path.slice(roots.mediaLocation.length)
    : roots.localExternal + path.slice(roots.externalRoot.length);
}

export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

export function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    return entry.isDirectory ? filesBelow(path) : [path];
  });
}

export function digestFile({ localPath }: GeneratedAsset): string {
  return createHash('sha1').update(Deno.readFileSync(localPath)).digest('hex');
}

export function digestTree(directory: string): string {
  const hash = createHash('sha1');
  for (const path of filesBelow(directory).sort()) {
    hash.update(path.slice(directory.length)).update(Deno.readFileSync(path));
  }
  return hash.digest('hex');
}
