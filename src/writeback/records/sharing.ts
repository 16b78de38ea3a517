import type { Config, JobConfig } from '../../config/config.ts';
import { isId } from '../../config/values.ts';
import type { Sql } from '../../postgres/connect.ts';

/** What is asked about an asset. */
export interface MirroredRecord {
  readonly id: string;
  readonly originalPath: string;
  readonly isExternal: boolean;
}

/** What sharing has to do with some assets, by id. */
export interface FileSharing {
  /** Mirrors made by sharing. */
  readonly mirrors: ReadonlySet<string>;
  /** Of which somebody else has a mirror, and with it the very same file. */
  readonly shared: ReadonlySet<string>;
}

export type FindSharing = (assets: readonly MirroredRecord[]) => Promise<FileSharing>;

/**
 * Without a database. Mirrors lie in a library below the path to which one of the user's shares goes: nothing else can, as it is a directory
 * of the share's own. Shared is what lies where a job with symbolic links takes it from; what has hard links, the file itself tells by
 * its names.
 *
 * @param userId whose assets these are
 * @param hasLinks whether the target directory of a job is reached by a symbolic link
 */
export function sharingByPath(
  { jobs, sharedAlbums }: Pick<Config, 'jobs' | 'sharedAlbums'>,
  userId: string,
  hasLinks: (job: JobConfig) => boolean,
): FindSharing {
  // Without a database nobody knows whose an e-mail or a name is: such a job may be this user's, and its directory is nobody else's.
  const isMaybe = (user: string) => user === userId || !isId(user);
  const prefixes = [
    ...jobs.filter((job) => isMaybe(job.targetUserId)).map((job) => job.targetPathPrefix),
    ...sharedAlbums?.directories ?? [],
  ];
  const sources = jobs.filter((job) => isMaybe(job.sourceUserId) && hasLinks(job));
  const isTaken = ({ isExternal, originalPath }: MirroredRecord) =>
    sources.some(({ sourcePathPrefix }) =>
      sourcePathPrefix === undefined ? !isExternal : originalPath.startsWith(sourcePathPrefix)
    );
  return (assets) =>
    Promise.resolve({
      mirrors: idsOf(
        assets.filter(({ isExternal, originalPath }) =>
          isExternal && prefixes.some((prefix) => originalPath.startsWith(prefix))
        ),
      ),
      shared: idsOf(assets.filter(isTaken)),
    });
}

/** With a database: what the share has noted. A database in which nothing was ever shared has no mirrors. */
export async function sharingByMap(sql: Sql): Promise<FindSharing> {
  const [table] = await sql<{ found: boolean }[]>`
    SELECT to_regclass('immich_sidecar.asset_map') IS NOT NULL AS found`;
  if (table?.found !== true) return () => Promise.resolve({ mirrors: new Set(), shared: new Set() });
  return async (assets) => {
    const ids = assets.map(({ id }) => id);
    const rows = await sql<{ id: string; isMirror: boolean }[]>`
      SELECT mirror_asset_id AS id, true AS "isMirror"
      FROM immich_sidecar.asset_map
      WHERE mirror_asset_id = ANY (${ids}::uuid[])
      UNION
      SELECT source_asset_id, false
      FROM immich_sidecar.asset_map
      WHERE source_asset_id = ANY (${ids}::uuid[])`;
    return {
      mirrors: idsOf(rows.filter(({ isMirror }) => isMirror)),
      shared: idsOf(rows.filter(({ isMirror }) => !isMirror)),
    };
  };
}

function idsOf(assets: readonly { readonly id: string }[]): ReadonlySet<string> {
  return new Set(assets.map(({ id }) => id));
}
