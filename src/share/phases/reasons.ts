import type { Sql } from '../../postgres/connect.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { type MirrorPage, mirrorPages, mirrorsOn } from '../mirrors/pages.ts';
import { reasonsToSelect } from '../selection/job_rows.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** Why a mirror is there, or is there no more. */
interface ReasonChange {
  readonly mirrorAssetId: string;
  readonly criterion: string;
  readonly thing: string;
  readonly isGone: boolean;
}

/**
 * It comes when everything that is new is there. What nothing selects any more keeps its last reasons, as long as it is there: only they tell what
 * was in an album that was deleted (selection/revoked.ts).
 */
export const reasons = definePhase({
  name: 'reasons',
  what: 'Notes which albums, people, tags and paths are the reasons for what is shared, and since when.',
  per: 'pair',
  counts: { reasonsNoted: 'reasons noted' },
  plan: async function* (view: View, { sourceUserId, targetUserId, leftAlone }: Job): AsyncGenerator<ReasonChange[]> {
    const { sql, scope, limits } = view;
    const jobs = view.jobs.filter((job) => job.sourceUserId === sourceUserId && job.targetUserId === targetUserId);
    const [pair] = jobs;
    if (pair === undefined || jobs.every(({ selection }) => selection.anyOf === undefined)) return;
    for await (const page of mirrorPages(sql, { ...pair, leftAlone }, scope, limits.mirrors)) {
      const changes = await compare(sql, jobs, { ...pair, leftAlone }, page);
      if (changes.length > 0) yield changes;
    }
  },
  apply: eachPage(
    async ({ database }: Tools, _pair: Job, page: readonly ReasonChange[], tally: Tally<'reasonsNoted'>) => {
      const noted = await countInBatches(
        database,
        page,
        write,
        ({ mirrorAssetId }, error) => tally.problem(refused(error, { assetId: mirrorAssetId, table: 'reason' })),
      );
      tally.add('reasonsNoted', noted);
    },
  ),
  describe: (page) =>
    linesOf(
      '~',
      'reasons to note',
      page,
      ({ mirrorAssetId, criterion, thing, isGone }) =>
        `${mirrorAssetId}: ${isGone ? 'not any more' : 'now'} because of ${criterion} ${thing}`,
    ),
});

/** What is noted of the mirrors on a page and not true, or true and not noted. */
async function compare(sql: Sql, jobs: readonly Job[], pair: Job, page: MirrorPage): Promise<ReasonChange[]> {
  return await sql<ReasonChange[]>`
    WITH wanted AS MATERIALIZED (
      SELECT DISTINCT m.mirror_asset_id, reason.criterion, reason.thing -- somebody may be on a photo twice
      FROM ${mirrorsOn(sql, pair, page)}
      JOIN asset a ON a.id = m.source_asset_id
      CROSS JOIN LATERAL (${reasonsToSelect(sql, jobs, true)} OFFSET 0) AS reason
    ),
    known AS MATERIALIZED (
      SELECT mirror_asset_id, criterion, thing
      FROM immich_sidecar_albums.reason
      WHERE mirror_asset_id IN (SELECT mirror_asset_id FROM wanted)
    )
    SELECT
      coalesce(wanted.mirror_asset_id, known.mirror_asset_id) AS "mirrorAssetId",
      coalesce(wanted.criterion, known.criterion) AS criterion,
      coalesce(wanted.thing, known.thing) AS thing,
      wanted.mirror_asset_id IS NULL AS "isGone"
    FROM wanted
    FULL JOIN known
      ON (known.mirror_asset_id, known.criterion, known.thing) = (wanted.mirror_asset_id, wanted.criterion, wanted.thing)
    WHERE wanted.mirror_asset_id IS NULL OR known.mirror_asset_id IS NULL
    ORDER BY 1, 2, 3`;
}

async function write(tx: Sql, changes: readonly ReasonChange[]): Promise<number> {
  const rows = (isGone: boolean) =>
    tx`
      jsonb_to_recordset(${tx.json(changes.filter((change) => change.isGone === isGone) as never)})
        AS change ("mirrorAssetId" uuid, criterion text, thing text)`;
  const gone = await tx`
    DELETE FROM immich_sidecar_albums.reason known
    USING ${rows(true)}
    WHERE (known.mirror_asset_id, known.criterion, known.thing) = (change."mirrorAssetId", change.criterion, change.thing)`;
  const added = await tx`
    INSERT INTO immich_sidecar_albums.reason (mirror_asset_id, criterion, thing)
    SELECT "mirrorAssetId", criterion, thing
    FROM ${rows(false)}
    ON CONFLICT DO NOTHING`;
  return gone.count + added.count;
}
