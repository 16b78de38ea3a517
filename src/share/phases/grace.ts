import type { Sql } from '../../postgres/connect.ts';
import { isWithin } from '../cycle/scope.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Database, Tools, View } from '../cycle/tools.ts';
import { isMissed } from '../../immich/presence.ts';
import { graceEnds } from '../selection/selection.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** A source with mirrors that is offline, or is not any more. */
export interface Missed {
  readonly sourceAssetId: string;
  /** Since when Immich does not find it; null when it is there again. As PostgreSQL writes it: it knows microseconds. */
  readonly missedAt: string | null;
  /** When its mirrors go if it stays so; null when they should have gone already. */
  readonly dueAt: string | null;
}

/** What photos are looked for with that Immich does not find. */
type Search = Pick<View, 'sql' | 'scope' | 'limits' | 'beganMs'> & {
  readonly settings: Pick<View['settings'], 'graceHours'>;
};

/**
 * Notes when the mirrors of photos have to go that are offline: nothing in Immich's tables changes at that moment. And that they are, as Immich
 * deletes what stays so for a month, which then looks like the owner's wish. It comes after the phase that removes what was looked at, which may
 * have been asked of the same photo.
 */
export const grace = definePhase({
  name: 'grace',
  what: 'Notes which shared photos Immich does not find any more, and until when they stay.',
  per: 'cycle',
  counts: {
    missed: 'photos that Immich does not find any more',
    found: 'photos that Immich finds again',
  },
  plan: planMissed,
  apply: eachPage(async ({ database }: Tools, _unit, page: readonly Missed[], tally: Tally<'missed' | 'found'>) => {
    await database.transaction((tx) => note(tx, page));
    const missed = page.filter(({ missedAt }) => missedAt !== null).length;
    tally.add('missed', missed);
    tally.add('found', page.length - missed);
  }),
  describe: (page) => [
    ...linesOf(
      '~',
      'photos that Immich does not find any more',
      page.filter(({ missedAt }) => missedAt !== null),
      ({ sourceAssetId, missedAt, dueAt }) =>
        dueAt === null
          ? `photo ${sourceAssetId} is missing since ${missedAt}`
          : `photo ${sourceAssetId} stays shared until ${dueAt}`,
    ),
    ...linesOf(
      '~',
      'photos that Immich finds again',
      page.filter(({ missedAt }) => missedAt === null),
      ({ sourceAssetId }) => `photo ${sourceAssetId}`,
    ),
  ],
});

/** The same where there can be no cycle, as for as long as the disk of the only job is away. */
export async function noteMissed({ transaction }: Database, search: Search): Promise<void> {
  for await (const page of planMissed(search)) await transaction((tx) => note(tx, page));
}

function planMissed(search: Search): AsyncGenerator<Missed[]> {
  return searchPages((after?: Missed) => findMissed(search, after), search.limits.search);
}

/**
 * Those of which not all is noted, or only a later time. Also those whose time ran out in this cycle, as they still had it when the
 * cycle looked at what has to go.
 */
async function findMissed(
  { sql, scope, settings, limits, beganMs }: Search,
  after: Missed | undefined,
): Promise<Missed[]> {
  const began = beganMs === undefined ? sql`now()` : sql`to_timestamp(${beganMs / 1000}::float8)`;
  const isBehind = after === undefined ? sql`true` : sql`m.source_asset_id > ${after.sourceAssetId}`;
  return await sql<Missed[]>`
    WITH missed AS MATERIALIZED (
      SELECT
        m.source_asset_id,
        coalesce(a."deletedAt", now()) AS missed_at,
        ${graceEnds(sql, 'a', settings.graceHours)} AS ends_at,
        bool_or(m.missed_at IS NULL) AS is_news
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.source_asset_id
      WHERE ${isBehind}
        AND ${isWithin(sql, scope, sql`m.source_asset_id`)}
        AND ${isMissed(sql, 'a')}
      GROUP BY 1, 2, 3
    ),
    judged AS MATERIALIZED (
      SELECT
        missed.source_asset_id,
        missed.missed_at,
        CASE WHEN missed.ends_at > ${began} THEN missed.ends_at END AS due_at,
        missed.is_news
      FROM missed
    ),
    found AS MATERIALIZED (
      SELECT DISTINCT m.source_asset_id
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.source_asset_id
      WHERE m.missed_at IS NOT NULL
        AND ${isBehind}
        AND ${isWithin(sql, scope, sql`m.source_asset_id`)}
        AND NOT ${isMissed(sql, 'a')}
    )
    SELECT
      judged.source_asset_id AS "sourceAssetId",
      judged.missed_at::text AS "missedAt",
      judged.due_at::text AS "dueAt"
    FROM judged
    LEFT JOIN immich_sidecar_decisions.recheck r ON r.source_asset_id = judged.source_asset_id
    WHERE judged.is_news
      OR (judged.due_at IS NOT NULL AND (r.due_at IS NULL OR r.due_at > judged.due_at))
    UNION ALL
    SELECT source_asset_id, NULL, NULL
    FROM found
    ORDER BY 1
    LIMIT ${limits.search}`;
}

async function note(tx: Sql, page: readonly Missed[]): Promise<void> {
  await tx`
    INSERT INTO immich_sidecar_decisions.recheck (source_asset_id, due_at)
    SELECT missed."sourceAssetId", missed."dueAt"
    FROM jsonb_to_recordset(${tx.json(page as never)}) AS missed ("sourceAssetId" uuid, "dueAt" timestamptz)
    WHERE missed."dueAt" IS NOT NULL
    ON CONFLICT (source_asset_id) DO UPDATE SET due_at = least(recheck.due_at, excluded.due_at)`;
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET missed_at = missed."missedAt"
    FROM jsonb_to_recordset(${tx.json(page as never)}) AS missed ("sourceAssetId" uuid, "missedAt" timestamptz)
    WHERE m.source_asset_id = missed."sourceAssetId"
      AND (m.missed_at IS NULL) <> (missed."missedAt" IS NULL)`;
}
