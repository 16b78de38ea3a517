import type { Sql } from '../../postgres/connect.ts';
import { plain } from '../../config/quote.ts';
import { type Tools, type View, workable } from '../cycle/tools.ts';
import { readStops, stoppedJobs } from '../stops/stops.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** In which library the mirrors of a job are, or were. */
export interface NotedShare {
  readonly job: string;
  readonly sourceUserId: string;
  readonly targetUserId: string;
  readonly libraryId: string;
  /** The library was deleted in Immich. */
  readonly isStopped: boolean;
}

/**
 * Notes which shares were stopped, whichever library is configured by then. It comes before anything is withdrawn: when all that a stopped share had is
 * locked or deleted in the same cycle, nothing else is left to tell.
 */
export const stops = definePhase({
  name: 'stops',
  what: 'Notes which shares were stopped by the recipient, who has deleted the library of what is shared.',
  per: 'cycle',
  counts: { sharesStopped: 'shares stopped by their recipients' },
  plan: async function* (view: View) {
    const news = await findStops(view);
    if (news.length > 0) yield news;
  },
  apply: eachPage(async ({ database }: Tools, _unit, page: readonly NotedShare[], tally: Tally<'sharesStopped'>) => {
    tally.add('sharesStopped', await database.transaction((tx) => note(tx, page)));
  }),
  describe: (page) =>
    linesOf(
      '~',
      'shares stopped by their recipients to note',
      page,
      ({ job, libraryId }) => `${plain(job)}: its recipient has deleted the library ${libraryId}`,
    ),
});

/** Notes in which library each job's mirrors are, so that its deletion is seen as what it is, whichever library is configured by then. */
export const libraries = definePhase({
  name: 'libraries',
  what: 'Notes in which library the photos of each share are.',
  per: 'cycle',
  counts: { sharesNoted: 'libraries of shares noted' },
  plan: async function* (view: View) {
    const news = await findLibraries(view);
    if (news.length > 0) yield news;
  },
  apply: eachPage(async ({ database }: Tools, _unit, page: readonly NotedShare[], tally: Tally<'sharesNoted'>) => {
    tally.add('sharesNoted', await database.transaction((tx) => note(tx, page)));
  }),
  describe: (page) =>
    linesOf(
      '~',
      'libraries of shares to note',
      page,
      ({ job, libraryId }) => `${plain(job)}: its photos are in the library ${libraryId}`,
    ),
});

async function findStops({ sql, jobs, leftOut }: View): Promise<NotedShare[]> {
  const news = (await readStops(sql, stoppedJobs({ jobs, leftOut }))).filter(({ since }) => since === null);
  return news.map(({ notedAs, sourceUserId, targetUserId, libraryId }) => ({
    job: notedAs,
    sourceUserId,
    targetUserId,
    libraryId,
    isStopped: true,
  }));
}

async function findLibraries(view: View): Promise<NotedShare[]> {
  const { sql } = view;
  const working = workable(view).map(({ name, sourceUserId, targetUserId, targetLibraryId }) => ({
    job: name,
    sourceUserId,
    targetUserId,
    libraryId: targetLibraryId,
  }));
  const rows = await sql<Omit<NotedShare, 'isStopped'>[]>`
    WITH unnoted AS MATERIALIZED (
      SELECT job.*
      FROM jsonb_to_recordset(${sql.json(working)}) AS job (
        job text, "sourceUserId" uuid, "targetUserId" uuid, "libraryId" uuid
      )
      LEFT JOIN immich_sidecar_stops.share s ON s.job_name = job.job
      WHERE (s.source_user_id, s.target_user_id, s.library_id, s.stopped_at)
        IS DISTINCT FROM (job."sourceUserId", job."targetUserId", job."libraryId", NULL::timestamptz)
    )
    SELECT unnoted.*
    FROM unnoted
    CROSS JOIN LATERAL (
      SELECT -- looked up for each: a semi join would read all that is shared, for a note that is nearly always there
      FROM immich_sidecar.asset_map m
      WHERE m.job_name = unnoted.job
        AND m.target_user_id = unnoted."targetUserId"
        AND (SELECT mirror."libraryId" FROM asset mirror WHERE mirror.id = m.mirror_asset_id) = unnoted."libraryId"
      LIMIT 1
    ) shared
    ORDER BY unnoted.job`;
  return rows.map((row) => ({ ...row, isStopped: false }));
}

async function note(tx: Sql, page: readonly NotedShare[]): Promise<number> {
  const noted = await tx`
    INSERT INTO immich_sidecar_stops.share (job_name, source_user_id, target_user_id, library_id, stopped_at)
    SELECT job, "sourceUserId", "targetUserId", "libraryId", CASE WHEN "isStopped" THEN now() END
    FROM jsonb_to_recordset(${tx.json(page as never)}) AS noted (
      job text, "sourceUserId" uuid, "targetUserId" uuid, "libraryId" uuid, "isStopped" boolean
    )
    ON CONFLICT (job_name) DO UPDATE
    SET source_user_id = excluded.source_user_id,
        target_user_id = excluded.target_user_id,
        library_id = excluded.library_id,
        stopped_at = excluded.stopped_at`;
  return noted.count;
}
