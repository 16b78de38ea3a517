import type { Sql } from '../../postgres/connect.ts';
import { isWithin } from '../cycle/scope.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Tools, View } from '../cycle/tools.ts';
import { isMissed } from '../../immich/presence.ts';
import { graceEnds } from '../selection/selection.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** A source that is offline and has mirrors, and when these go if it stays so. */
export interface Missed {
  readonly sourceAssetId: string;
  /** As PostgreSQL writes it: it knows microseconds. */
  readonly dueAt: string;
}

/**
 * Notes when the mirrors of photos have to go that are offline: nothing in Immich's tables changes at that moment. It comes after the
 * phase that removes what was looked at, which may have been asked of the same photo.
 */
export const grace = definePhase({
  name: 'grace',
  what: 'Notes until when shared photos stay that Immich does not find any more.',
  per: 'cycle',
  counts: { missed: 'photos that Immich does not find any more' },
  plan: (view: View) => searchPages((after?: Missed) => findMissed(view, after), view.limits.search),
  apply: eachPage(async ({ database }: Tools, _unit, page: readonly Missed[], tally: Tally<'missed'>) => {
    const noted = await database.transaction((tx) => note(tx, page));
    tally.add('missed', noted);
  }),
  describe: (page) =>
    linesOf(
      '~',
      'photos that Immich does not find any more',
      page,
      ({ sourceAssetId, dueAt }) => `photo ${sourceAssetId} stays shared until ${dueAt}`,
    ),
});

/**
 * Those of which nothing is noted, or only a later time. Also those whose time ran out in this cycle, as they still had it when the
 * cycle looked at what has to go.
 */
async function findMissed(
  { sql, scope, settings, limits, beganMs }: View,
  after: Missed | undefined,
): Promise<Missed[]> {
  return await sql<Missed[]>`
    WITH missed AS MATERIALIZED (
      SELECT DISTINCT m.source_asset_id, ${graceEnds(sql, 'a', settings.graceHours)} AS due_at
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.source_asset_id
      WHERE ${after === undefined ? sql`true` : sql`m.source_asset_id > ${after.sourceAssetId}`}
        AND ${isWithin(sql, scope, sql`m.source_asset_id`)}
        AND ${isMissed(sql, 'a')}
        AND ${graceEnds(sql, 'a', settings.graceHours)} > ${
    beganMs === undefined ? sql`now()` : sql`to_timestamp(${beganMs / 1000}::float8)`
  }
    )
    SELECT missed.source_asset_id AS "sourceAssetId", missed.due_at::text AS "dueAt"
    FROM missed
    LEFT JOIN immich_sidecar_decisions.recheck r ON r.source_asset_id = missed.source_asset_id
    WHERE r.due_at IS NULL OR r.due_at > missed.due_at
    ORDER BY 1
    LIMIT ${limits.search}`;
}

async function note(tx: Sql, page: readonly Missed[]): Promise<number> {
  const noted = await tx`
    INSERT INTO immich_sidecar_decisions.recheck (source_asset_id, due_at)
    SELECT missed."sourceAssetId", missed."dueAt"
    FROM jsonb_to_recordset(${tx.json(page as never)}) AS missed ("sourceAssetId" uuid, "dueAt" timestamptz)
    ON CONFLICT (source_asset_id) DO UPDATE SET due_at = least(recheck.due_at, excluded.due_at)`;
  return noted.count;
}
