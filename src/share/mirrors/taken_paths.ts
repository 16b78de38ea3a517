import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';

/**
 * Which of these paths other mirrors of ours have: a source that was deleted and imported again comes back with a new id, while
 * a brake, or a file that could not be removed, keeps the mirror of the old one. Linking would succeed, as it is the same file.
 */
export async function findTakenPaths(sql: Sql, job: Job, mirrorPaths: readonly string[]): Promise<Set<string>> {
  if (mirrorPaths.length === 0) return new Set();
  const rows = await sql<{ path: string }[]>`
    SELECT mirror."originalPath" AS path
    FROM asset mirror
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = mirror.id
    WHERE mirror."originalPath" = ANY (${mirrorPaths as string[]})
      AND mirror."libraryId" = ${job.targetLibraryId}`;
  return new Set(rows.map(({ path }) => path));
}
