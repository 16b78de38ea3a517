import { basename } from 'node:path/posix';
import { quotedPath } from '../../config/quote.ts';
import type { Sql } from '../../postgres/connect.ts';
import { newestVersion, schemaVersion } from '../../postgres/migrate.ts';
import { type Problem, problem } from '../../problems/problem.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Files, Tools, View } from '../cycle/tools.ts';
import { FileProblem } from '../../files/problem.ts';
import { isBelow } from '../../files/path_map.ts';
import { removeOriginals } from '../kept/remove_originals.ts';
import {
  forgetEntries,
  isUnfinished,
  type JournalEntry,
  notRemoved,
  type RemovalFailure,
  removeFiles,
  stampColumns,
} from '../mirrors/journal.ts';
import type { Job } from '../jobs/job.ts';
import { isOfUnknown } from '../mirrors/unjournaled.ts';
import { MIGRATIONS } from '../schema/migrations.ts';
import { stoppedAndAway } from '../stops/away.ts';
import { leftOutForNow } from '../stops/stops.ts';
import { definePhase, linesOf, type Tally } from './phase.ts';

/** A journal row without a mirror. */
export interface UnfinishedEntry extends JournalEntry {
  /** The source of a mirror whose rows went before its files, as it was locked; null of what a killed run has left. */
  readonly lockedSourceId: string | null;
  /** What is done about its file; the row goes in any case. */
  readonly file: 'stays' | 'goes' | 'goes unless it is the last name';
}

/**
 * Removes the files of locked photos, whose rows went before them. A full cycle also undoes what a run that was killed, or a batch that
 * failed, left behind: files that were linked, or were about to be, for mirrors that do not exist. Needs the instance lock, as another
 * instance's work in progress looks the same.
 *
 * A row that was committed says that a link was going to be made, not that it was. So a file with a single name stays,
 * as it cannot be a link of ours, unless it is named after the mirror; and so does one that a mirror has been given since,
 * and one of an asset that is there though no mapping knows it (share/adoption/ knows what to do with that).
 */
export const unfinished = definePhase({
  name: 'unfinished',
  what:
    'Removes files of locked photos; in full syncs also what a run that was killed has made for photos that were never shared.',
  per: 'cycle',
  isNeverDelayed: true,
  counts: { settled: 'files of no shared photo settled' },
  plan: (view) => planUnfinished({ ...view, away: directoriesThatMayBeAway(view) }),
  apply: async (tools, _unit, pages, tally: Tally<'settled'>) => {
    const settled = await settle(tools, pages, (problem) => tally.problem(problem));
    tally.add('settled', settled);
  },
  describe: (page: readonly UnfinishedEntry[]) =>
    linesOf('-', 'files of no shared photo to settle', page, ({ path, file }) => `${quotedPath(path)} ${file}`),
});

/** The same for commands that are not cycles. Returns how many journal rows were settled. */
export async function undoUnfinished(
  tools: Pick<Tools, 'database' | 'files' | 'limits'>,
  onProblem: (problem: Problem) => void,
): Promise<number> {
  const { database: { sql }, files, limits } = tools;
  return await settle(tools, planUnfinished({ sql, files, limits, scope: 'all', away: [] }), onProblem);
}

/** Whether there are files of locked photos whose rows went before them. False where our own tables are not yet. */
export async function hasLockedFiles(sql: Sql): Promise<boolean> {
  if (await schemaVersion(sql, MIGRATIONS) < newestVersion(MIGRATIONS)) return false;
  const [row] = await sql<{ isThere: boolean }[]>`
    SELECT EXISTS (SELECT 1 FROM immich_sidecar.link WHERE locked_source_id IS NOT NULL) AS "isThere"`;
  return row?.isThere === true;
}

/**
 * Removes the files of locked photos where there can be no cycle, as no job can be worked on. What is not there may be on a disk that is away:
 * a cycle decides that.
 */
export async function removeLockedFiles(
  tools: Pick<Tools, 'database' | 'files'>,
  { sql, files, limits, jobs, mediaLocation }: Omit<View, 'scope' | 'rechecks'>,
  onProblem: (problem: Problem) => void,
): Promise<void> {
  const away = [mediaLocation, ...jobs.map(directoryOf)];
  await settle(tools, planUnfinished({ sql, files, limits, scope: [], away }), onProblem);
}

type Found = Omit<UnfinishedEntry, 'file'> & { readonly isInUse: boolean; readonly isOfUnknown: boolean };

async function* planUnfinished(
  view: Pick<View, 'sql' | 'files' | 'limits' | 'scope'> & {
    /** Directories that may be on a disk that is away. */
    readonly away: readonly string[];
  },
): AsyncGenerator<UnfinishedEntry[]> {
  const { sql, files, limits: { search: limit }, scope, away } = view;
  const find = (after?: Found) =>
    sql<Found[]>`
      WITH found AS MATERIALIZED (
        SELECT l.*
        FROM immich_sidecar.link l
        WHERE ${scope === 'all' ? sql`true` : sql`l.locked_source_id IS NOT NULL`}
          AND ${isUnfinished(sql)}
          AND ${after === undefined ? sql`true` : sql`(l.mirror_id, l.path) > (${after.mirrorId}, ${after.path})`}
      ),
      page AS MATERIALIZED (
        SELECT *
        FROM found
        ORDER BY mirror_id, path
        LIMIT ${limit}
      ),
      in_use AS MATERIALIZED (
        SELECT l.path
        FROM immich_sidecar.link l
        -- Hashed, whatever PostgreSQL expects: as a join it would read the whole journal for each file that a killed first copy has left.
        WHERE coalesce(l.path IN (SELECT page.path FROM page), false)
          AND (
            EXISTS (SELECT 1 FROM immich_sidecar.asset_map a WHERE a.mirror_asset_id = l.mirror_id)
            OR EXISTS (SELECT 1 FROM immich_sidecar.person_map p WHERE p.mirror_person_id = l.mirror_id)
          )
        UNION
        -- Immich has made the person's thumbnail anew, under the name of one that was cut from a locked photo.
        SELECT page.path
        FROM page
        JOIN person ON person."thumbnailPath" = page.path
        WHERE page.locked_source_id IS NOT NULL
      )
      SELECT
        page.mirror_id AS "mirrorId",
        page.path,
        page.keep,
        page.locked_source_id AS "lockedSourceId",
        ${stampColumns(sql)} AS stamp,
        page.path IN (SELECT path FROM in_use) AS "isInUse",
        ${isOfUnknown(sql)} AS "isOfUnknown"
      FROM page
      ORDER BY page.mirror_id, page.path`;
  for await (const page of searchPages(find, limit)) {
    const entries = page.filter((entry) => !isOutOfReach(entry, away, files));
    if (entries.length === 0) continue;
    yield entries.map(({ isInUse, isOfUnknown, ...entry }): UnfinishedEntry => {
      const isCertain = entry.lockedSourceId !== null || basename(entry.path).includes(entry.mirrorId);
      const stays = isInUse || (isOfUnknown && isBehindLink(entry, files));
      return { ...entry, file: stays ? 'stays' : isCertain ? 'goes' : 'goes unless it is the last name' };
    });
  }
}

/** Those of jobs that cannot be worked on for now, and of those that their recipients have stopped where nothing is there. */
function directoriesThatMayBeAway(view: Pick<View, 'jobs' | 'leftOut' | 'files'>): string[] {
  const leftOut = new Set(leftOutForNow(view.leftOut).map(({ job }) => job));
  return [...view.jobs.filter(({ name }) => leftOut.has(name)), ...stoppedAndAway(view)].map(directoryOf);
}

function directoryOf({ targetPathPrefix }: Job): string {
  return targetPathPrefix.slice(0, -1);
}

/** On a disk that may be away what is not there is not gone; the job says what is wrong with it. */
function isOutOfReach({ path }: JournalEntry, away: readonly string[], { linker, paths }: Files): boolean {
  const local = paths.toLocal(path);
  if (local === undefined || !away.some((directory) => isBelow(path, directory))) return false;
  try {
    return linker.look(local) === undefined;
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    return false;
  }
}

/** With `placement: symlink` the original is the source's own. */
function isBehindLink({ path }: JournalEntry, { linker, paths }: Files): boolean {
  const local = paths.toLocal(path);
  try {
    if (local !== undefined) linker.look(local);
    return false;
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    return error.reason === 'outside-roots';
  }
}

/** Returns how many rows of killed runs were settled. What could not be removed stays, and is tried again. */
async function settle(
  { database, files }: Pick<Tools, 'database' | 'files'>,
  pages: AsyncIterable<readonly UnfinishedEntry[]>,
  onProblem: (problem: Problem) => void,
): Promise<number> {
  let settled = 0;
  for await (const page of pages) {
    database.signal.throwIfAborted();
    const removed = (file: UnfinishedEntry['file'], sparesLast: boolean) =>
      removeFiles(page.filter((entry) => entry.file === file && !isLockedOriginal(entry)), files, { sparesLast });
    const failed = [
      ...removed('goes', false),
      ...removed('goes unless it is the last name', true),
      ...await removeLockedOriginals({ database, files }, page),
    ];
    const sources = new Map(page.map((entry) => [entry.mirrorId, entry.lockedSourceId]));
    for (const failure of failed) onProblem(describeFailure(failure, sources.get(failure.entry.mirrorId) ?? null));
    const failedEntries = new Set(failed.map(({ entry }) => entry));
    const done = page.filter((entry) => !failedEntries.has(entry));
    await database.transaction((tx) => forgetEntries(tx, done));
    settled += done.filter(({ lockedSourceId }) => lockedSourceId === null).length;
  }
  return settled;
}

function isLockedOriginal({ lockedSourceId, stamp, file }: UnfinishedEntry): boolean {
  return file === 'goes' && lockedSourceId !== null && stamp !== null;
}

/** As a withdrawal does it: one that is a name of the source's own file goes in a way that cannot take that one (kept/). */
async function removeLockedOriginals(
  tools: Pick<Tools, 'database' | 'files'>,
  page: readonly UnfinishedEntry[],
): Promise<RemovalFailure[]> {
  const originals = page.filter(isLockedOriginal);
  const going = originals.map(({ mirrorId, lockedSourceId }) => ({
    mirrorAssetId: mirrorId,
    sourceAssetId: lockedSourceId ?? '',
    targetUserId: '',
    jobName: '',
    reason: 'source-locked' as const, // of such a photo nothing is kept, so that nobody asks whose it was
  }));
  return await removeOriginals(tools, going, originals);
}

function describeFailure(failure: RemovalFailure, lockedSourceId: string | null): Problem {
  if (lockedSourceId === null) return notRemoved(failure);
  const { path, sentence } = failure.problem;
  return problem('locked-file-left', { assetId: lockedSourceId, path }, sentence);
}
