import { UserError } from '../../errors.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { ProblemCode } from '../../problems/codes.ts';
import type { LeftOut } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';

/** A share that its recipient has stopped: they have deleted the library of what is shared with them. */
export interface StoppedShare {
  /** The configured job that is stopped by it. */
  readonly job: string;
  /** Under which name that is remembered: a job that has another name since is stopped, too. */
  readonly notedAs: string;
  readonly sourceUserId: string;
  readonly targetUserId: string;
  /** The library that was deleted. */
  readonly libraryId: string;
  /** When a cycle has noticed it; null = none has yet. */
  readonly since: Date | null;
}

/** What of a job tells whether a stop is about it. */
type ConfiguredJob = Pick<Job, 'name' | 'sourceUserId' | 'targetUserId' | 'targetLibraryId'>;

const CODE: ProblemCode = 'stopped-by-recipient';

/** The jobs that are stopped, noted or not. Reads only. */
export async function readStops(
  sql: Sql,
  jobs: readonly ConfiguredJob[],
): Promise<StoppedShare[]> {
  if (jobs.length === 0) return [];
  return await sql<StoppedShare[]>`
    WITH job AS MATERIALIZED (
      SELECT *
      FROM ${jobRows(sql, jobs)}
    )
    SELECT DISTINCT ON (job.name)
      job.name AS job,
      coalesce(s.job_name, job.name) AS "notedAs",
      job."sourceUserId",
      job."targetUserId",
      coalesce(s.library_id, job."targetLibraryId") AS "libraryId",
      s.stopped_at AS since
    FROM job
    LEFT JOIN immich_sidecar_stops.share s ON ${isStopOf(sql)}
    WHERE s.stopped_at IS NOT NULL
      OR ${isDeletedNow(sql)}
    ORDER BY job.name, s.stopped_at NULLS LAST`;
}

/** The rows `job` of what is configured. For FROM. */
function jobRows(sql: Sql, jobs: readonly ConfiguredJob[]): Fragment {
  const known = jobs.map(({ name, sourceUserId, targetUserId, targetLibraryId }) => ({
    name,
    sourceUserId,
    targetUserId,
    targetLibraryId,
  }));
  return sql`
    jsonb_to_recordset(${sql.json(known)}) AS job (
      name text, "sourceUserId" uuid, "targetUserId" uuid, "targetLibraryId" uuid
    )`;
}

/** Whether what is noted in `s` is about `job`: by its name, or, once it is stopped, by the library. */
function isStopOf(sql: Sql): Fragment {
  return sql`(
    s.source_user_id = job."sourceUserId"
    AND s.target_user_id = job."targetUserId"
    AND (s.job_name = job.name OR (s.library_id = job."targetLibraryId" AND s.stopped_at IS NOT NULL))
  )`;
}

/** Whether the library of `job` is gone that had its mirrors, and none of these is in another one by now. An account that is gone is another matter. */
function isDeletedNow(sql: Sql): Fragment {
  return sql`(
    NOT EXISTS (
      SELECT 1
      FROM library l
      WHERE l.id = coalesce(s.library_id, job."targetLibraryId") AND l."deletedAt" IS NULL
    )
    AND EXISTS (SELECT 1 FROM "user" u WHERE u.id = job."targetUserId" AND u."deletedAt" IS NULL)
    AND EXISTS (
      SELECT 1
      FROM immich_sidecar.asset_map m
      WHERE m.job_name = job.name
        AND m.source_user_id = job."sourceUserId"
        AND m.target_user_id = job."targetUserId"
        AND m.deleted_at IS DISTINCT FROM '-infinity'
    )
    AND NOT EXISTS (
      SELECT 1
      FROM immich_sidecar.asset_map m
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      JOIN library l ON l.id = mirror."libraryId" AND l."deletedAt" IS NULL
      WHERE m.job_name = job.name
        AND m.source_user_id = job."sourceUserId"
        AND m.target_user_id = job."targetUserId"
    )
  )`;
}

/**
 * Whether the mirror `m` belongs to a share that its recipient has stopped, of a job that is still configured or not.
 *
 * @param stopped the jobs of this cycle that are stopped; those that have just been stopped are not noted yet
 */
export function isOfStopped(sql: Sql, stopped: readonly ConfiguredJob[]): Fragment {
  return sql`(
    EXISTS (
      SELECT 1
      FROM immich_sidecar_stops.share noted
      WHERE noted.job_name = m.job_name
        AND noted.target_user_id = m.target_user_id
        AND noted.stopped_at IS NOT NULL
    )
    OR ${isOfStoppedJob(sql, stopped)}
  )`;
}

/** Whether the mirror `m` belongs to one of these stopped jobs, whatever that was called when it was stopped. */
export function isOfStoppedJob(sql: Sql, stopped: readonly ConfiguredJob[]): Fragment {
  if (stopped.length === 0) return sql`false`;
  return sql`EXISTS (
    SELECT 1
    FROM ${jobRows(sql, stopped)}
    LEFT JOIN immich_sidecar_stops.share s ON s.stopped_at IS NOT NULL AND ${isStopOf(sql)}
    WHERE job."sourceUserId" = m.source_user_id
      AND job."targetUserId" = m.target_user_id
      AND m.job_name IN (job.name, s.job_name)
  )`;
}

/** Why a stopped job is left out. */
export function stoppedError({ job }: StoppedShare): UserError {
  const name = JSON.stringify(job);
  return new UserError(
    `share ${name}: stopped by the recipient: they have deleted its library in Immich. Its photos count neither as shared nor as declined, and ` +
      'nothing is shared again by itself',
    {
      problemCode: CODE,
      remedy:
        `If it was not meant, give the share a library again (target_library_id, or setup) and run immich-sidecar reshare --job ${name}; ` +
        'if it was, take the share out.',
    },
  );
}

/** Whether a job is left out for good, until somebody lifts it. */
export function isStopped({ reason }: LeftOut): boolean {
  return reason.problemCode === CODE;
}

/** The jobs that are left out for good. */
export function stoppedJobs(
  { jobs, leftOut }: { readonly jobs: readonly Job[]; readonly leftOut: readonly LeftOut[] },
): Job[] {
  const stopped = new Set(leftOut.filter(isStopped).map(({ job }) => job));
  return jobs.filter(({ name }) => stopped.has(name));
}

/** Those that may be worked on again at any moment. */
export function leftOutForNow(leftOut: readonly LeftOut[]): LeftOut[] {
  return leftOut.filter((one) => !isStopped(one));
}

/**
 * Lifts stops: what was in the deleted library is made anew, once there is another one. The next process looks at everything. One
 * statement, which needs no lock. Returns how many shares.
 */
export async function liftStops(sql: Sql, stops: readonly StoppedShare[]): Promise<number> {
  if (stops.length === 0) return 0;
  await sql`
    WITH stop AS (
      SELECT *
      FROM jsonb_to_recordset(${sql.json(stops as never)}) AS stop (
        job text, "notedAs" text, "sourceUserId" uuid, "targetUserId" uuid, "libraryId" uuid
      )
    ),
    lifted AS (
      DELETE FROM immich_sidecar_stops.share s USING stop WHERE s.job_name = stop."notedAs"
    ),
    forgotten AS (
      -- The library for a pair of members of shared albums is made again.
      DELETE FROM immich_sidecar_albums.library l USING stop WHERE l.library_id = stop."libraryId"
    ),
    unmarked AS (
      DELETE FROM immich_sidecar_marks.mark
    )
    UPDATE immich_sidecar.asset_map m
    SET deleted_at = '-infinity'
    FROM stop
    WHERE m.source_user_id = stop."sourceUserId"
      AND m.target_user_id = stop."targetUserId"
      AND m.job_name IN (stop.job, stop."notedAs")
      AND NOT EXISTS (
        SELECT 1
        FROM asset mirror
        JOIN library l ON l.id = mirror."libraryId" AND l."deletedAt" IS NULL
        WHERE mirror.id = m.mirror_asset_id
      )`;
  return stops.length;
}

/** Forgets in which libraries the photos of shares are of which nothing is left, stopped ones too. */
export async function forgetIdleShares(tx: Sql): Promise<void> {
  await tx`
    DELETE FROM immich_sidecar_stops.share s
    WHERE NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map m WHERE m.job_name = s.job_name)`;
}
