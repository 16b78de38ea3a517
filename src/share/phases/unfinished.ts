import { basename } from 'node:path/posix';
import { quotedPath } from '../../config/quote.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Tools } from '../cycle/tools.ts';
import { forgetEntries, isUnfinished, type JournalEntry, notRemoved, removeFiles } from '../mirrors/journal.ts';
import { definePhase, linesOf, type Tally } from './phase.ts';

/** A journal row without a mirror. */
export interface UnfinishedEntry extends JournalEntry {
  /** What is done about its file; the row goes in any case. */
  readonly file: 'stays' | 'goes' | 'goes unless it is the last name';
}

/**
 * Undoes what a run that was killed, or a batch that failed, left behind: files that were linked, or were about to be,
 * for mirrors that do not exist. Needs the instance lock, as another instance's work in progress looks the same.
 *
 * A row that was committed says that a link was going to be made, not that it was. So a file with a single name stays,
 * as it cannot be a link of ours, unless it is named after the mirror; and so does one that a mirror has been given since,
 * and one of an asset that is there though no mapping knows it (share/adoption/ knows what to do with that).
 */
export const unfinished = definePhase({
  name: 'unfinished',
  what: 'Removes files that a run that was killed has made for photos that were never shared.',
  per: 'cycle',
  isFullOnly: true,
  counts: { settled: 'files of no mirror settled' },
  plan: ({ sql, limits }) => planUnfinished(sql, limits.search),
  apply: async (tools, _unit, pages, tally: Tally<'settled'>) => {
    const settled = await settle(tools, pages, (problem) => tally.problem(problem));
    tally.add('settled', settled);
  },
  describe: (page: readonly UnfinishedEntry[]) =>
    linesOf('-', 'files of no mirror to settle', page, ({ path, file }) => `${quotedPath(path)} ${file}`),
});

/** The same for commands that are not cycles. Returns how many journal rows were settled. */
export async function undoUnfinished(
  tools: Pick<Tools, 'database' | 'files' | 'limits'>,
  onProblem: (problem: Problem) => void,
): Promise<number> {
  return await settle(tools, planUnfinished(tools.database.sql, tools.limits.search), onProblem);
}

async function* planUnfinished(sql: Sql, limit: number): AsyncGenerator<UnfinishedEntry[]> {
  const find = (after?: JournalEntry & { readonly isInUse: boolean }) =>
    sql<(JournalEntry & { readonly isInUse: boolean })[]>`
      WITH found AS MATERIALIZED (
        SELECT l.mirror_id, l.path, l.keep
        FROM immich_sidecar.link l
        WHERE ${isUnfinished(sql)}
          AND ${after === undefined ? sql`true` : sql`(l.mirror_id, l.path) > (${after.mirrorId}, ${after.path})`}
      ),
      page AS MATERIALIZED (
        SELECT *
        FROM found
        ORDER BY mirror_id, path
        LIMIT ${limit}
      )
      SELECT
        page.mirror_id AS "mirrorId",
        page.path,
        page.keep,
        EXISTS (
          SELECT 1
          FROM immich_sidecar.link l
          WHERE l.path = page.path
            AND (
              EXISTS (SELECT 1 FROM immich_sidecar.asset_map a WHERE a.mirror_asset_id = l.mirror_id)
              OR EXISTS (SELECT 1 FROM immich_sidecar.person_map p WHERE p.mirror_person_id = l.mirror_id)
            )
        ) AS "isInUse"
      FROM page
      ORDER BY page.mirror_id, page.path`;
  for await (const page of searchPages(find, limit)) {
    yield page.map(({ isInUse, ...entry }): UnfinishedEntry => {
      const isNamedAfterMirror = basename(entry.path).includes(entry.mirrorId);
      return {
        ...entry,
        file: isInUse ? 'stays' : isNamedAfterMirror ? 'goes' : 'goes unless it is the last name',
      };
    });
  }
}

/** Returns how many rows were settled. What could not be removed stays, and is tried again. */
async function settle(
  { database, files }: Pick<Tools, 'database' | 'files'>,
  pages: AsyncIterable<readonly UnfinishedEntry[]>,
  onProblem: (problem: Problem) => void,
): Promise<number> {
  let settled = 0;
  for await (const page of pages) {
    database.signal.throwIfAborted();
    const removed = (file: UnfinishedEntry['file'], sparesLast: boolean) =>
      removeFiles(page.filter((entry) => entry.file === file), files, { sparesLast });
    const failed = [...removed('goes', false), ...removed('goes unless it is the last name', true)];
    for (const failure of failed) onProblem(notRemoved(failure));
    const failedEntries = new Set(failed.map(({ entry }) => entry));
    const done = page.filter((entry) => !failedEntries.has(entry));
    await database.transaction((tx) => forgetEntries(tx, done));
    settled += done.length;
  }
  return settled;
}
