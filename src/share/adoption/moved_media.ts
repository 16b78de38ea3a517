import type { Sql } from '../../postgres/connect.ts';

/** Where Immich's media lay when our tables were written, and where they lie now; as Immich sees it, without a slash at the end. */
export interface MovedMedia {
  readonly was: string;
  readonly now: string;
}

/** Our tables that hold paths as Immich sees them, with their columns. */
const PATHS = [
  { table: ['immich_sidecar', 'link'], columns: ['path', 'keep'] },
  { table: ['immich_sidecar_kept', 'file'], columns: ['path', 'photo', 'mirror_path'] },
] as const;

/** How many rows are rewritten in one transaction. */
const ROWS = 10_000;

/**
 * Whether Immich has another media location than when our journal was written: when it starts with one, it rewrites its paths of files, all in one
 * transaction (DatabaseRepository.migrateFilePaths, all releases), and knows nothing of the journal, nor of import paths of libraries. Believed only where Immich's
 * row of a generated file has the path that the journal's would have. Reads only; the journal has to be there, in any version.
 *
 * @param isThorough looks at the whole journal, of which a run that was killed may have rewritten some; else any of its rows tells
 */
export async function findMovedMedia(sql: Sql, mediaLocation: string, isThorough: boolean): Promise<MovedMedia[]> {
  return await sql<MovedMedia[]>`
    WITH former AS (
      SELECT DISTINCT left(l.keep, -length('/thumbs')) AS was
      FROM immich_sidecar.link l
      WHERE l.keep LIKE '%/thumbs'
        AND l.keep <> ${`${mediaLocation}/thumbs`}
        AND (
          ${isThorough}
          OR (SELECT any_one.keep FROM immich_sidecar.link any_one WHERE any_one.keep LIKE '%/thumbs' LIMIT 1)
            <> ${`${mediaLocation}/thumbs`}
        )
    )
    SELECT former.was, ${mediaLocation} AS now
    FROM former
    WHERE EXISTS (
      SELECT 1
      FROM immich_sidecar.link l
      JOIN asset_file f ON f."assetId" = l.mirror_id
      WHERE l.keep = former.was || '/thumbs'
        AND f.path = ${mediaLocation} || substr(l.path, length(former.was) + 1)
    )
    ORDER BY 1`;
}

/**
 * Import paths of libraries with mirrors, which would take all of them offline in the next scan, and which Immich's API refuses to set inside of its media
 * location. Returns how many libraries were changed.
 */
export async function moveImportPaths(tx: Sql, moved: readonly MovedMedia[]): Promise<number> {
  let changed = 0;
  for (const { was, now } of moved) {
    const { count } = await tx`
      UPDATE library
      SET "importPaths" = array(
        SELECT CASE WHEN starts_with(path || '/', ${`${was}/`}) THEN ${now} || substr(path, ${
      was.length + 1
    }) ELSE path END
        FROM unnest("importPaths") WITH ORDINALITY AS import (path, position)
        ORDER BY position
      )
      WHERE EXISTS (SELECT 1 FROM unnest("importPaths") AS path WHERE starts_with(path || '/', ${`${was}/`}))
        AND EXISTS (
          SELECT 1
          FROM asset mirror
          JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = mirror.id
          WHERE mirror."libraryId" = library.id
        )`;
    changed += count;
  }
  return changed;
}

/**
 * Rewrites paths in our tables, some rows at a time; what is left is found again. Where an earlier version has noted a file under its new path as well, that row
 * stays. Returns how many rows were rewritten: 0 when all are.
 */
export async function moveNotedPaths(tx: Sql, { was, now }: MovedMedia): Promise<number> {
  const below = `${was}/`;
  const moved = (column: string) =>
    tx`
    CASE
      WHEN starts_with(noted.${tx(column)} || '/', ${below}) THEN ${now} || substr(noted.${tx(column)}, ${
      was.length + 1
    })
      ELSE noted.${tx(column)}
    END`;
  await tx`
    DELETE FROM immich_sidecar.link former
    USING immich_sidecar.link known
    WHERE starts_with(former.path, ${below})
      AND known.mirror_id = former.mirror_id
      AND known.path = ${now} || substr(former.path, ${was.length + 1})`;
  let rewritten = 0;
  for (const { table: [schema, name], columns: [first, ...others] } of PATHS) {
    const table = tx`${tx(schema)}.${tx(name)}`;
    const isBelow = others.reduce(
      (any, column) => tx`${any} OR starts_with(${tx(column)} || '/', ${below})`,
      tx`starts_with(${tx(first)}, ${below})`,
    );
    const { count } = await tx`
      UPDATE ${table} noted
      SET ${
      others.reduce((all, column) => tx`${all}, ${tx(column)} = ${moved(column)}`, tx`${tx(first)} = ${moved(first)}`)
    }
      WHERE noted.ctid IN (SELECT ctid FROM ${table} WHERE ${isBelow} LIMIT ${ROWS})`;
    rewritten += count;
  }
  return rewritten;
}
