import type { Sql } from '../../postgres/connect.ts';
import type { Place } from '../../problems/problem.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { pairKey } from '../cycle/concerned.ts';
import { chosenJobs, type Tools, type View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { notRemoved, removeFiles } from '../mirrors/journal.ts';
import {
  filesOfMadeAssets,
  findForsakenAssets,
  findMadeAssets,
  type MadeAsset,
  removeMadeAssets,
} from '../mirrors/made_by_immich.ts';
import { mirrorPages, mirrorsOn } from '../mirrors/pages.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/**
 * Removes the videos that Immich has taken out of mirrored motion photos: the source's own is mirrored, and whatever is shown in its place
 * would stay when the source locks the photo. It comes before the files, as two videos with the same bytes cannot be in one library.
 *
 * Immich deletes the mirror of the motion part when it has made another. That is nobody's decision, so nothing is remembered of it.
 */
export const extractedVideos = definePhase({
  name: 'extracted-videos',
  what: 'Removes videos that Immich has taken out of shared motion photos once more.',
  per: 'pair',
  removesLeftovers: 'in the database',
  counts: { videosRemoved: 'videos removed that Immich took out of shared photos' },
  plan: planExtractedVideos,
  apply: eachPage(removeExtractedVideos),
  describe: (page) =>
    linesOf('-', 'videos to remove that Immich took out of shared photos', page, ({ id }) => `video ${id}`),
});

async function* planExtractedVideos(view: View, job: Job): AsyncGenerator<MadeAsset[]> {
  const { sql, scope, limits } = view;
  for await (const page of mirrorPages(sql, job, scope, limits.versions)) {
    const stills = await sql<{ id: string }[]>`
      SELECT mirror.id
      FROM ${mirrorsOn(sql, job, page)}
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      WHERE mirror."livePhotoVideoId" IS NOT NULL`;
    for (let start = 0; start < stills.length; start += limits.mirrors) {
      const made = await findMadeAssets(sql, stills.slice(start, start + limits.mirrors).map(({ id }) => id));
      if (made.length > 0) yield made;
    }
  }
  if (scope !== 'all') return;
  for (const other of chosenJobs(view).filter((other) => pairKey(other) === pairKey(job)).filter(isFirstOfLibrary)) {
    const forsaken = await findForsakenAssets(sql, other);
    if (forsaken.length > 0) yield forsaken;
  }
}

function isFirstOfLibrary({ targetLibraryId }: Job, index: number, jobs: readonly Job[]): boolean {
  return jobs.findIndex((other) => other.targetLibraryId === targetLibraryId) === index;
}

async function removeExtractedVideos(
  { database, schema, files }: Tools,
  _job: Job,
  page: readonly MadeAsset[],
  tally: Tally<'videosRemoved'>,
): Promise<void> {
  const keyOf = ({ id, mirrorAssetId }: MadeAsset) => mirrorAssetId ?? id;
  const failed = removeFiles(await filesOfMadeAssets(database.sql, schema, page), files);
  const mirrors = new Set(page.map(({ mirrorAssetId }) => mirrorAssetId));
  const placeOf = (id: string | null): Place => id !== null && mirrors.has(id) ? { assetId: id } : {};
  for (const failure of failed) tally.problem(notRemoved(failure, placeOf(failure.entry.mirrorId)));
  const staying = new Set(failed.map(({ entry }) => entry.mirrorId));
  const removed = await countInBatches(
    database,
    page.filter((asset) => !staying.has(keyOf(asset))),
    async (tx, assets) => {
      await forgetDeletions(tx, assets);
      return await removeMadeAssets(tx, assets);
    },
    ({ mirrorAssetId }, error) => tally.problem(refused(error, placeOf(mirrorAssetId))),
  );
  tally.add('videosRemoved', removed);
}

/** Motion parts whose mirrors Immich has deleted for these videos: earlier versions took that for the target's wish. */
async function forgetDeletions(tx: Sql, assets: readonly MadeAsset[]): Promise<void> {
  const mirrors = assets.flatMap(({ mirrorAssetId }) => mirrorAssetId ?? []);
  await tx`
    DELETE FROM immich_sidecar.withdrawn w
    USING immich_sidecar.asset_map m, asset still
    WHERE m.mirror_asset_id = ANY (${mirrors}::uuid[])
      AND still.id = m.source_asset_id
      AND w.source_asset_id = still."livePhotoVideoId"
      AND w.target_user_id = m.target_user_id`;
}
