import type { Sql } from '../../postgres/connect.ts';
import type { CrawledFile } from './disk.ts';
import type { KnownLibrary, Originals, ScannedLibrary } from './exposure.ts';

/** All external libraries that are not being deleted. Reads only. */
export async function readLibraries(sql: Sql): Promise<readonly KnownLibrary[]> {
  return await sql<KnownLibrary[]>`
    SELECT id, "ownerId", name, "importPaths", "exclusionPatterns"
    FROM library
    WHERE "deletedAt" IS NULL
    ORDER BY id`;
}

/**
 * Assets at or below these places, in the trash or not, that a scan of the library does not know as its own: by directory and owner.
 * An asset that is itself such a place counts under its own path.
 */
export async function readOriginals(
  sql: Sql,
  { id }: Pick<ScannedLibrary, 'id'>,
  places: readonly string[],
  isCaseBlind: boolean,
): Promise<readonly Originals[]> {
  const path = isCaseBlind ? sql`lower(a."originalPath")` : sql`a."originalPath"`;
  const folded = places.map((place) => isCaseBlind ? place.toLowerCase() : place);
  return await sql<Originals[]>`
    SELECT found.directory, found."ownerId", count(*)::int AS assets
    FROM (
      SELECT
        a."ownerId",
        CASE
          WHEN ${path} = ANY (${folded}::text[]) THEN a."originalPath"
          ELSE coalesce(nullif(regexp_replace(a."originalPath", '/[^/]*$', ''), ''), '/')
        END AS directory
      FROM asset a
      WHERE NOT (a."isExternal" AND a."libraryId" IS NOT DISTINCT FROM ${id ?? null}::uuid)
        AND EXISTS (
          SELECT 1
          FROM unnest(${folded}::text[]) AS place (path)
          WHERE ${path} = place.path
            OR starts_with(${path}, CASE WHEN place.path = '/' THEN '/' ELSE place.path || '/' END)
        )
    ) AS found
    GROUP BY found.directory, found."ownerId"
    ORDER BY found.directory, found."ownerId"`;
}

/** Files looked up with one query. */
const PAGE = 5_000;

/** Those of the files of which no asset has one of their paths. */
export async function readUnknown(
  sql: Sql,
  files: readonly CrawledFile[],
  pageSize: number = PAGE,
): Promise<readonly string[]> {
  const unknown: string[] = [];
  for (let start = 0; start < files.length; start += pageSize) {
    const rows = await sql<{ path: string }[]>`
      SELECT file.path
      FROM jsonb_to_recordset(${
      sql.json(files.slice(start, start + pageSize) as never)
    }) AS file (path text, "realPath" text)
      WHERE NOT EXISTS (SELECT 1 FROM asset a WHERE a."originalPath" = file.path)
        AND NOT EXISTS (SELECT 1 FROM asset a WHERE a."originalPath" = file."realPath")`;
    unknown.push(...rows.map(({ path }) => path));
  }
  return unknown;
}

/** How many assets of a library lie outside of these import paths and of those prefixes, and so would go offline. Reads only. */
export async function countOutside(
  sql: Sql,
  libraryId: string,
  importPaths: readonly string[],
  prefixes: readonly string[],
): Promise<number> {
  const kept = [...importPaths.map((path) => `${path}/`), ...prefixes];
  const [row] = await sql<{ assets: number }[]>`
    SELECT count(*)::int AS assets
    FROM asset a
    WHERE a."libraryId" = ${libraryId}
      AND a."isExternal"
      AND NOT EXISTS (SELECT 1 FROM unnest(${kept}::text[]) AS place (path) WHERE starts_with(a."originalPath", place.path))`;
  return row?.assets ?? 0;
}
