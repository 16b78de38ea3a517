import { getLogger } from '@logtape/logtape';
import type { Config } from '../../config/config.ts';
import { messageOf } from '../../errors.ts';
import { ImmichApi } from '../../immich/api/client.ts';
import { createLibrary } from '../../immich/api/libraries.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Member } from './members.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** A cycle waits for it, and may have locked photos to look for. */
const TIMEOUT_MS = 10_000;

/** Where what somebody gets from a member of their albums lies. */
export interface WantedLibrary {
  readonly source: Member;
  readonly target: Member;
  /** The configured one, with a slash at its end. */
  readonly directory: string;
}

/** The external library for it. */
export interface PairLibrary extends WantedLibrary {
  /** Without a slash at its end; nothing but what is ours lies below it. */
  readonly importPath: string;
  /** Undefined: it is still to be made. */
  readonly id: string | undefined;
  /** It was there, and its owner has deleted it: it is not made again by itself. */
  readonly isDeleted: boolean;
  /** It is not remembered yet. */
  readonly isNew: boolean;
}

/** By what a library is the same as another. */
export function libraryKey(sourceUserId: string, targetUserId: string, directory: string | undefined): string {
  return `${sourceUserId} ${targetUserId} ${directory}`;
}

/** What a library of this kind is called when it is made. Its owner may call it otherwise. */
function nameOf({ source }: WantedLibrary): string {
  return `Shared by ${source.label}`;
}

/**
 * The libraries for these pairs, by `libraryKey`: the one that is remembered, as long as it is there, else one that has the name and the import path
 * of it, as when our tables were lost. Reads only.
 */
export async function findLibraries(
  sql: Sql,
  wanted: readonly WantedLibrary[],
  hasOwnTables: boolean,
): Promise<ReadonlyMap<string, PairLibrary>> {
  const libraries = await sql<{ id: string; ownerId: string; name: string; importPaths: string[] }[]>`
    SELECT id, "ownerId", name, "importPaths"
    FROM library
    WHERE "deletedAt" IS NULL
    ORDER BY id`;
  const known = hasOwnTables
    ? await sql<{ sourceUserId: string; targetUserId: string; directory: string; id: string }[]>`
      SELECT source_user_id AS "sourceUserId", target_user_id AS "targetUserId", directory, library_id AS id
      FROM immich_sidecar_albums.library`
    : [];
  const remembered = new Map(
    known.map((
      { sourceUserId, targetUserId, directory, id },
    ) => [libraryKey(sourceUserId, targetUserId, directory), id]),
  );
  return new Map(wanted.map((pair): [string, PairLibrary] => {
    const { source, target, directory } = pair;
    const key = libraryKey(source.userId, target.userId, directory);
    const importPath = `${directory}${target.directory}`;
    const own = libraries.filter(({ ownerId }) => ownerId === target.userId);
    const isFor = (path: string) => path === importPath || path === `${importPath}/`;
    const library = own.find(({ id }) => id === remembered.get(key)) ??
      own.find(({ name, importPaths }) => name === nameOf(pair) && importPaths.some(isFor));
    const isNew = library !== undefined && library.id !== remembered.get(key);
    const isDeleted = library === undefined && remembered.has(key);
    return [key, { ...pair, importPath, id: library?.id, isDeleted, isNew }];
  }));
}

/** Remembers libraries that are there. */
export async function writeLibraries(tx: Sql, libraries: readonly PairLibrary[]): Promise<void> {
  const rows = libraries.map(({ source, target, directory, id }) => ({
    sourceUserId: source.userId,
    targetUserId: target.userId,
    directory,
    id,
  }));
  await tx`
    INSERT INTO immich_sidecar_albums.library (source_user_id, target_user_id, directory, library_id)
    SELECT "sourceUserId", "targetUserId", directory, id
    FROM jsonb_to_recordset(${tx.json(rows as never)})
      AS input ("sourceUserId" uuid, "targetUserId" uuid, directory text, id uuid)
    ON CONFLICT (source_user_id, target_user_id, directory) DO UPDATE
    SET library_id = excluded.library_id`;
}

/**
 * Makes the libraries that are missing, through Immich's API with the key that is configured, which has to be an administrator's. Returns why some
 * could not be made, as a sentence; undefined when all are there, or there is no key.
 */
export async function makeLibraries(
  { url, apiKey }: Config['immich'],
  libraries: readonly PairLibrary[],
  signal: AbortSignal | undefined,
): Promise<{ readonly made: number; readonly problem: string | undefined }> {
  const missing = libraries.filter(({ id, isDeleted }) => id === undefined && !isDeleted);
  if (missing.length === 0 || apiKey === undefined) return { made: 0, problem: undefined };
  const api = new ImmichApi({ url, apiKey, concurrency: 1, signal, retries: 1, timeoutMs: TIMEOUT_MS });
  let made = 0;
  try {
    for (const library of missing) {
      const { source, target, importPath } = library;
      const { id } = await createLibrary(api, { ownerId: target.userId, name: nameOf(library), importPath });
      logger.info('made the library {name} for {target}, with the import path {path}', {
        name: nameOf(library),
        target: target.label,
        path: importPath,
        source: source.label,
        libraryId: id,
      });
      made += 1;
    }
  } catch (error) {
    signal?.throwIfAborted();
    return { made, problem: messageOf(error) };
  }
  return { made, problem: undefined };
}
