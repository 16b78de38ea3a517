import { isSharing } from '../config/config.ts';
import { list, named } from '../config/words.ts';
import { type Features, type ImmichSettings, readSettings } from '../immich/settings.ts';
import type { Job } from '../share/jobs/job.ts';
import { isHidden } from '../share/jobs/placement.ts';
import { ok, skipped, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';

export async function lookAtSettings(subject: Subject): Promise<readonly Verdict[]> {
  await subject.catalog.use();
  if (!isSharing(await subject.config.use())) {
    return [skipped('Nothing is to be shared, so no setting of Immich can hurt.')];
  }
  const instance = await subject.instance.use(); // what is not there is told by immich.schema
  const settings = await readSettings(await subject.sql.use());
  const verdicts = (await subject.jobs.use()).flatMap((job) => judgeSettings(job, settings, instance.features));
  return verdicts.length > 0 ? verdicts : [ok('No setting of Immich would hurt what is shared.')];
}

/** Which of Immich's settings hurt a job, with its placement. See docs/placements.md. */
export function judgeSettings(
  job: Pick<
    Job,
    'name' | 'kind' | 'placement' | 'sourcePathPrefix' | 'targetPathPrefix' | 'features' | 'mediaLocation'
  >,
  settings: Omit<ImmichSettings, 'features'>,
  features: Features,
): Verdict[] {
  const name = named(job.name);
  const verdicts: Verdict[] = [];
  if (settings.isWatching && !isHidden(job.targetPathPrefix)) {
    verdicts.push(warn(
      `${name}: Immich watches libraries, and would import new links before their rows exist.`,
      'Choose a hidden target_path_prefix (docs/placements.md), or turn watching off in Immich (Settings > External Library).',
    ));
  }
  if (job.placement === 'symlink' && (!settings.hasTrash || settings.trashDays < 1)) {
    verdicts.push(warn(
      `${name}: Immich keeps no trash, so what the target deletes is deleted from the source's disk at once.`,
      "Turn the trash on in Immich (Settings > Trash), or use placement: hardlink, which keeps the source's file.",
    ));
  }
  // Where the link leads to the directory into which the template moves them, all is well.
  const isWhereTheyGo = job.sourcePathPrefix?.startsWith(`${job.mediaLocation}/library/`) === true;
  if (job.placement === 'symlink' && job.kind === 'upload' && settings.hasStorageTemplate && !isWhereTheyGo) {
    verdicts.push(warn(
      `${name}: Immich moves uploads to where its storage template says, and a symbolic link does not lead there.`,
      'Use placement: hardlink for this share, or turn the storage template off in Immich.',
    ));
  }
  const off = (['clip', 'faces', 'ocr'] as const).filter((kind) => job.features[kind] && !features[kind]);
  if (off.length > 0) {
    verdicts.push(warn(
      `${name}: waits for ${list(off.map((kind) => FEATURES[kind]))}, which Immich has turned off.`,
      `Turn it on in Immich (Settings > Machine Learning), or set ${
        list(off.map((kind) => `require.${kind}`))
      } to auto or ignored.`,
    ));
  }
  return verdicts;
}

const FEATURES: Readonly<Record<keyof Features, string>> = Object.freeze({
  clip: 'smart search',
  faces: 'face detection',
  ocr: 'text recognition',
});
