import { isExtractedMotion } from '../../immich/motion.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isLookedAt } from '../mirrors/pages.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** A mirrored still and the mirror of its motion part. */
export interface LivePhotoPlan {
  readonly sourceAssetId: string;
  readonly stillId: string;
  /** Null: the source is a live photo no longer. */
  readonly motionId: string | null;
}

/** Links the two parts of mirrored live photos, and unlinks those that the source has unlinked. */
export const livePhotos = definePhase({
  name: 'live-photos',
  what: 'Links the two parts of shared live photos, or takes them apart as the source did.',
  per: 'pair',
  counts: { livePhotosLinked: 'live photos linked or taken apart' },
  plan: (view, job: Job) => {
    const { search } = view.limits;
    return searchPages((after?: LivePhotoPlan) => findLivePhotos(view, job, after), search);
  },
  apply: eachPage(async ({ database }, _job: Job, page: LivePhotoPlan[], tally: Tally<'livePhotosLinked'>) => {
    const linked = await countInBatches(
      database,
      page,
      linkParts,
      ({ sourceAssetId }, error) => tally.problem(refused(error, { assetId: sourceAssetId })),
    );
    tally.add('livePhotosLinked', linked);
  }),
  describe: (page) =>
    linesOf(
      '~',
      'live photos to link or to take apart',
      page,
      ({ stillId, motionId }) => `${motionId === null ? 'take apart' : 'link'} live photo ${stillId}`,
    ),
});

async function findLivePhotos(
  { sql, scope, limits }: View,
  job: Job,
  after: LivePhotoPlan | undefined,
): Promise<LivePhotoPlan[]> {
  return await sql<LivePhotoPlan[]>`
    WITH found AS MATERIALIZED (
      SELECT still.id AS "sourceAssetId", mirror.id AS "stillId", wanted.id AS "motionId"
      FROM immich_sidecar.asset_map m
      JOIN asset still ON still.id = m.source_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      LEFT JOIN LATERAL (${motionMirror(sql)}) AS wanted ON true
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${after === undefined ? sql`true` : sql`m.mirror_asset_id > ${after.stillId}`}
        AND mirror."livePhotoVideoId" IS DISTINCT FROM wanted.id
        AND (
          wanted.id IS NOT NULL
          OR (
            SELECT own.mirror_asset_id
            FROM immich_sidecar.asset_map own
            WHERE own.mirror_asset_id = mirror."livePhotoVideoId"
          ) IS NOT NULL
        )
    )
    SELECT *
    FROM found
    ORDER BY "stillId"
    LIMIT ${limits.search}`;
}

/** The mirror of the motion part of the source `still`, with the mapping `m`; or the one that it shares with another motion photo. */
function motionMirror(sql: Sql): Fragment {
  return sql`
    SELECT coalesce(
      (
        SELECT motion_mirror.id
        FROM immich_sidecar.asset_map motion
        JOIN asset motion_mirror ON motion_mirror.id = motion.mirror_asset_id
        WHERE motion.source_asset_id = still."livePhotoVideoId"
          AND motion.target_user_id = m.target_user_id
      ),
      (
        SELECT twin.id
        FROM asset part
        JOIN asset twin
          ON twin."ownerId" = m.target_user_id
          AND twin."libraryId" = mirror."libraryId"
          AND twin.checksum = part.checksum
        WHERE part.id = still."livePhotoVideoId"
          AND ${isExtractedMotion(sql, 'part')}
      )
    ) AS id`;
}

async function linkParts(tx: Sql, pairs: readonly LivePhotoPlan[]): Promise<number> {
  const linked = await tx`
    UPDATE asset mirror
    SET "livePhotoVideoId" = pair."motionId"
    FROM jsonb_to_recordset(${tx.json(pairs as never)}) AS pair ("stillId" uuid, "motionId" uuid)
    WHERE mirror.id = pair."stillId"`;
  return linked.count;
}
