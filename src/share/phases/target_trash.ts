import type { Sql } from '../../postgres/connect.ts';
import { isTrashed } from '../../immich/presence.ts';
import { isWithin } from '../cycle/scope.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Tools, View } from '../cycle/tools.ts';
import { isDeletedInAudit } from '../mirrors/gone.ts';
import { isStopped } from '../stops/stops.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** What a target has done to a mirror. */
export interface TargetsDoing {
  readonly mirrorAssetId: string;
  readonly what: 'trashed' | 'restored' | 'deleted' | 'returned';
}

const WORDS: Readonly<Record<TargetsDoing['what'], string>> = Object.freeze({
  trashed: 'is in the trash of the receiving user',
  restored: 'is out of the trash again',
  deleted: 'is gone from the account of the receiving user',
  returned: 'is there again',
});

/**
 * Notes what targets have in their trash: when it is gone later, they did not want it, and Immich's own notes about that last a month only. What
 * is gone otherwise and still known by now is held by a brake, or belongs to a job that is left out. A library that is being deleted looks as if
 * all in it had been trashed.
 */
export const targetTrash = definePhase({
  name: 'target-trash',
  what: 'Notes which shared photos their receiving users have in the trash, or have deleted.',
  per: 'cycle',
  counts: { trashNoted: 'photos noted as trashed, restored or deleted by the receiving user' },
  plan: (view: View) => searchPages((after?: TargetsDoing) => find(view, after), view.limits.search),
  apply: eachPage(async ({ database }: Tools, _unit, page: TargetsDoing[], tally: Tally<'trashNoted'>) => {
    tally.add('trashNoted', await database.transaction((tx) => note(tx, page)));
  }),
  describe: (page) =>
    linesOf(
      '~',
      'photos to note as trashed, restored or deleted',
      page,
      ({ mirrorAssetId, what }) => `shared photo ${mirrorAssetId} ${WORDS[what]}`,
    ),
});

async function find({ sql, scope, limits, leftOut }: View, after: TargetsDoing | undefined): Promise<TargetsDoing[]> {
  return await sql<TargetsDoing[]>`
    WITH found AS MATERIALIZED (
      SELECT
        m.mirror_asset_id AS "mirrorAssetId",
        CASE
          WHEN mirror.id IS NULL AND m.trashed_at IS NULL AND m.deleted_at IS NULL AND ${isDeletedInAudit(sql)}
            THEN 'deleted'
          WHEN mirror.id IS NULL THEN NULL
          WHEN m.deleted_at IS NOT NULL THEN 'returned'
          WHEN l.id IS NULL OR l."deletedAt" IS NOT NULL THEN NULL
          WHEN ${isTrashed(sql, 'mirror')} AND m.trashed_at IS NULL THEN 'trashed'
          WHEN NOT ${isTrashed(sql, 'mirror')} AND m.trashed_at IS NOT NULL THEN 'restored'
        END AS what
      FROM immich_sidecar.asset_map m
      LEFT JOIN asset mirror ON mirror.id = m.mirror_asset_id
      LEFT JOIN library l ON l.id = mirror."libraryId"
      WHERE ${isWithin(sql, scope, sql`m.source_asset_id`)}
        AND m.job_name <> ALL (${
    leftOut.filter(isStopped).map(({ job }) => job)
  }) -- of which nothing is decided photo by photo
        AND ${after === undefined ? sql`true` : sql`m.mirror_asset_id > ${after.mirrorAssetId}`}
    )
    SELECT *
    FROM found
    WHERE what IS NOT NULL
    ORDER BY "mirrorAssetId"
    LIMIT ${limits.search}`;
}

async function note(tx: Sql, page: readonly TargetsDoing[]): Promise<number> {
  const noted = await tx`
    UPDATE immich_sidecar.asset_map m
    SET trashed_at = CASE doing.what WHEN 'trashed' THEN now() WHEN 'restored' THEN NULL ELSE m.trashed_at END,
        deleted_at = CASE doing.what WHEN 'deleted' THEN now() WHEN 'returned' THEN NULL ELSE m.deleted_at END
    FROM jsonb_to_recordset(${tx.json(page as never)}) AS doing ("mirrorAssetId" uuid, what text)
    WHERE m.mirror_asset_id = doing."mirrorAssetId"`;
  return noted.count;
}
