import type { JobConfig } from '../../config/config.ts';
import type { Sql } from '../../postgres/connect.ts';

/** What is asked about an asset. */
export interface Candidate {
  readonly id: string;
  readonly originalPath: string;
  readonly isExternal: boolean;
}

/** Says which of these assets are mirrors made by sharing. */
export type FindMirrors = (assets: readonly Candidate[]) => Promise<ReadonlySet<string>>;

/**
 * Without a database: what lies in a library below the path to which one of the user's shares goes. Nothing else can lie
 * there, as it is a directory of the share's own.
 *
 * @param userId whose assets these are
 */
export function mirrorsByPath(jobs: readonly JobConfig[], userId: string): FindMirrors {
  const prefixes = jobs.filter((job) => job.targetUserId === userId).map((job) => job.targetPathPrefix);
  return (assets) =>
    Promise.resolve(
      new Set(
        assets
          .filter(({ isExternal, originalPath }) =>
            isExternal && prefixes.some((prefix) => originalPath.startsWith(prefix))
          )
          .map(({ id }) => id),
      ),
    );
}

/** With a database: what the share has noted. A database in which nothing was ever shared has no mirrors. */
export async function mirrorsByMap(sql: Sql): Promise<FindMirrors> {
  const [table] = await sql<{ found: boolean }[]>`
    SELECT to_regclass('immich_sidecar.asset_map') IS NOT NULL AS found`;
  if (table?.found !== true) return () => Promise.resolve(new Set());
  return async (assets) => {
    const rows = await sql<{ id: string }[]>`
      SELECT mirror_asset_id AS id
      FROM immich_sidecar.asset_map
      WHERE mirror_asset_id = ANY (${assets.map(({ id }) => id)}::uuid[])`;
    return new Set(rows.map(({ id }) => id));
  };
}
