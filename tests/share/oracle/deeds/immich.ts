import { extractMotionVideo } from '../../../harness/immich_jobs/motion.ts';
import { videoIn } from '../photos.ts';
import { extract } from './photos.ts';
import { type Deeds, type Scene, traced } from './scene.ts';

/** What Immich's own jobs do, to own photos and to mirrors alike: it does not know which is which. */
export const IMMICH_DEEDS: Deeds = {
  extractMotion: traced(async (scene) => {
    const still = await scene.any(isMotionPhoto(scene));
    if (still === undefined) return;
    await extract(scene, still);
    await extractMotionVideo(scene.home, still.id, new TextEncoder().encode(videoIn(still.originalFileName)));
    return `Immich extracts the motion photo ${scene.call(still)}`;
  }),
};

/** A still with a video in it: the one that it shows, or the one of the same name somewhere, was taken out of it. */
function isMotionPhoto({ sql }: Scene) {
  return sql`(
    a.type = 'IMAGE'
    AND EXISTS (SELECT FROM asset_exif e WHERE e."assetId" = a.id)
    AND a."originalFileName" IN (
      SELECT still."originalFileName"
      FROM asset still
      JOIN asset part ON part.id = still."livePhotoVideoId" AND part."originalPath" LIKE '%-MP.mp4'
    )
  )`;
}
