import { count } from '../../config/words.ts';
import type { TwoWayField } from '../../config/two_way_fields.ts';
import type { Sql } from '../../postgres/connect.ts';
import { newestVersion, schemaVersion } from '../../postgres/migrate.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { MIGRATIONS } from '../schema/migrations.ts';

/** A job whose way back waits for a person: what its target has corrected is not written into the originals yet. */
export interface WaitingJob {
  readonly job: string;
  /** How many photos would be changed. */
  readonly photos: number;
  readonly since: Date;
  /** When a person said that this many may be changed. */
  readonly confirmedAt: Date | null;
}

/** What is remembered of the way back of a job. */
export interface RememberedWay extends WaitingJob {
  /** The fields that went both ways when all that differed was decided. */
  readonly fields: readonly TwoWayField[];
}

/** What is confirmed may grow by this much until it is done, as for withdrawals (brake/brake.ts). */
const MAY_GROW_BY = 0.1;

const PEOPLE = ' (people)';

const FACES = ' (faces)';

/** Under which name it is remembered what of a job's people waits: they come without photos. */
export function peopleWay(job: string): string {
  return `${job}${PEOPLE}`;
}

/** Under which name it is remembered what of faces waits on a job's photos. */
export function facesWay(job: string): string {
  return `${job}${FACES}`;
}

/** Which job waits with what. Its name alone is what people can write. */
export function waitingOf({ job, photos }: Pick<WaitingJob, 'job' | 'photos'>): { name: string; what: string } {
  if (job.endsWith(PEOPLE)) return { name: job.slice(0, -PEOPLE.length), what: count(photos, 'person', 'people') };
  if (job.endsWith(FACES)) return { name: job.slice(0, -FACES.length), what: `faces of ${count(photos, 'original')}` };
  return { name: job, what: count(photos, 'original') };
}

/**
 * Whether what a job would write into originals waits until a person has confirmed that: all that differs when it begins, what waits already, and more than the brake lets pass of one
 * source in a cycle, whatever jobs it is of. `number`: how many photos, or people, that are.
 */
export async function isHeldBack(
  { sql, settings, beganMs = Date.now() }: Pick<View, 'sql' | 'settings' | 'beganMs'>,
  { sourceUserId }: Pick<Job, 'sourceUserId'>,
  way: RememberedWay | undefined,
  { isBegin, number, what }: {
    readonly isBegin: boolean;
    readonly number: number;
    readonly what: 'photos' | 'people';
  },
): Promise<boolean> {
  if (number === 0 || isConfirmedWay(way, number)) return false;
  if (isBegin || isWaitingWay(way)) return true;
  return number + await countWrittenSince(sql, sourceUserId, beganMs, what) > settings.brake.minimum;
}

/** Whether anything of a job waits. */
export function isWaitingWay(way: RememberedWay | undefined): boolean {
  return way !== undefined && way.photos > 0;
}

function isConfirmedWay(way: RememberedWay | undefined, number: number): boolean {
  return way !== undefined && way.confirmedAt !== null && number <= Math.floor(way.photos * (1 + MAY_GROW_BY));
}

/** What is remembered of a job; undefined: it has never gone both ways. */
export async function readWay(sql: Sql, job: string): Promise<RememberedWay | undefined> {
  const [row] = await sql<RememberedWay[]>`
    SELECT job_name AS job, fields, held AS photos, since, confirmed_at AS "confirmedAt"
    FROM immich_sidecar_both_ways.job
    WHERE job_name = ${job}`;
  return row;
}

/** All jobs that wait. Reads only; none where our own tables are not the newest. */
export async function readWaitingJobs(sql: Sql): Promise<WaitingJob[]> {
  if (await schemaVersion(sql, MIGRATIONS) < newestVersion(MIGRATIONS)) return [];
  return await sql<WaitingJob[]>`
    SELECT job_name AS job, held AS photos, since, confirmed_at AS "confirmedAt"
    FROM immich_sidecar_both_ways.job
    WHERE held > 0
    ORDER BY job_name`;
}

/** Notes how many photos wait; fewer or more than before, and what was confirmed no longer counts. */
export async function noteWaiting(tx: Sql, job: string, photos: number): Promise<void> {
  await tx`
    INSERT INTO immich_sidecar_both_ways.job AS known (job_name, fields, held)
    VALUES (${job}, '{}', ${photos})
    ON CONFLICT (job_name) DO UPDATE
    SET held = excluded.held,
        confirmed_at = NULL,
        since = CASE WHEN known.held = 0 THEN now() ELSE known.since END
    WHERE known.held <> excluded.held`;
}

/** Notes that all was decided that differed in these fields. `left`: so many of what was confirmed failed, and may still be changed. */
export async function noteDecided(tx: Sql, job: string, fields: readonly string[], left: number): Promise<void> {
  await tx`
    INSERT INTO immich_sidecar_both_ways.job AS known (job_name, fields, held)
    VALUES (${job}, ${fields as string[]}, 0)
    ON CONFLICT (job_name) DO UPDATE
    SET held = ${left},
        fields = excluded.fields,
        confirmed_at = CASE WHEN ${left} > 0 THEN known.confirmed_at END`;
}

/** Jobs of which something is remembered and that are none of these. Reads only. */
export async function findEndedWays(sql: Sql, jobs: readonly string[]): Promise<string[]> {
  const rows = await sql<{ job: string }[]>`
    SELECT job_name AS job
    FROM immich_sidecar_both_ways.job
    WHERE job_name <> ALL (${jobs as string[]})
    ORDER BY job_name`;
  return rows.map(({ job }) => job);
}

/** Forgets jobs that go both ways no more: when they do so again, they begin anew. Returns how many. */
export async function forgetWays(tx: Sql, jobs: readonly string[]): Promise<number> {
  const gone = await tx`DELETE FROM immich_sidecar_both_ways.job WHERE job_name = ANY (${jobs as string[]})`;
  return gone.count;
}

/**
 * Says that what waits may be written into the originals: of one job, or of all. The next cycle does it, whichever instance runs it. Returns the jobs that are confirmed now.
 */
export async function confirmCorrections(sql: Sql, job: string | undefined): Promise<WaitingJob[]> {
  if (await schemaVersion(sql, MIGRATIONS) < newestVersion(MIGRATIONS)) return [];
  return await sql<WaitingJob[]>`
    UPDATE immich_sidecar_both_ways.job
    SET confirmed_at = coalesce(confirmed_at, now())
    WHERE held > 0
      AND ${job === undefined ? sql`true` : sql`job_name IN (${job}, ${peopleWay(job)}, ${facesWay(job)})`}
    RETURNING job_name AS job, held AS photos, since, confirmed_at AS "confirmedAt"`;
}

/** How many photos, or people, of a source were changed since a moment, in milliseconds since the epoch: by all jobs together. */
async function countWrittenSince(
  sql: Sql,
  sourceUserId: string,
  sinceMs: number,
  what: 'photos' | 'people',
): Promise<number> {
  const [row] = await sql<{ number: number }[]>`
    SELECT count(DISTINCT source_asset_id)::int AS number
    FROM immich_sidecar_both_ways.written
    WHERE source_user_id = ${sourceUserId}
      AND (before ? 'person') = ${what === 'people'}
      AND written_at >= to_timestamp(${sinceMs / 1_000}::float8)`;
  return row?.number ?? 0;
}
