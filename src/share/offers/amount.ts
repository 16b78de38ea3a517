import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { jobsSelecting } from '../selection/job_rows.ts';
import { isSelectedNow } from '../selection/selection.ts';

/** How much something is. */
export interface Amount {
  /** Photos and videos. */
  readonly photos: number;
  /** Of their originals, each once. */
  readonly bytes: number;
}

export const NO_AMOUNT: Amount = Object.freeze({ photos: 0, bytes: 0 });

/**
 * How much jobs mean together, whether it is shared already or not: what a dry run counts as selected. What several of them mean counts once, as it
 * is stored once. One statement; reads only.
 *
 * @param hasMap whether our own tables are there, in whatever version
 */
export async function readAmount(sql: Sql, jobs: readonly Job[], hasMap: boolean): Promise<Amount> {
  if (jobs.length === 0) return NO_AMOUNT;
  const [row] = await sql<Amount[]>`
    SELECT count(*)::int AS photos, coalesce(sum(e."fileSizeInByte"), 0)::float8 AS bytes
    FROM asset a
    LEFT JOIN asset_exif e ON e."assetId" = a.id
    WHERE a."ownerId" = ANY (${[...new Set(jobs.map(({ sourceUserId }) => sourceUserId))]}::uuid[])
      AND EXISTS (${jobsSelecting(sql, jobs, hasMap)})`;
  return row ?? NO_AMOUNT;
}

/**
 * In which of these directories of Immich's the originals of a job lie, with so many in each; the most first. What lies in none of them is left
 * out. Reads only.
 */
export async function readPlaces(
  sql: Sql,
  job: Job,
  hasMap: boolean,
  directories: readonly string[],
): Promise<{ readonly directory: string; readonly photos: number }[]> {
  return await sql<{ directory: string; photos: number }[]>`
    SELECT place.directory, count(*)::int AS photos
    FROM asset a
    JOIN LATERAL (
      SELECT directory
      FROM unnest(${directories as string[]}::text[]) AS directory
      WHERE starts_with(a."originalPath", rtrim(directory, '/') || '/')
      ORDER BY length(directory) DESC
      LIMIT 1
    ) AS place ON true
    WHERE a."ownerId" = ${job.sourceUserId}
      AND ${isSelectedNow(sql, job, hasMap)}
    GROUP BY 1
    ORDER BY 2 DESC, 1`;
}
