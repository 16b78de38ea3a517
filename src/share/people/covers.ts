import { readFileSync } from 'node:fs';
import { getLogger } from '@logtape/logtape';
import { FileProblem } from '../../files/problem.ts';
import type { Box } from '../../immich/edits.ts';
import { describeProblem, type Problem } from '../../problems/problem.ts';
import type { Files } from '../cycle/tools.ts';
import { type JournalEntry, notRemoved, removeFiles } from '../mirrors/journal.ts';
import { cutPortrait } from './portrait.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** The cover a mirrored person gets. */
export interface CoverPlan {
  readonly mirrorPersonId: string;
  /** The mirrored face that the source's cover shows, if the target can see that photo. */
  readonly coverFaceId: string | null;
  /** Otherwise the largest face that they can see; the thumbnail is cut out of its photo's preview. */
  readonly fallbackFaceId: string | null;
  readonly sourceThumbnailPath: string;
  /** Where that face is, and the preview of the mirror that it is on; null without one. */
  readonly cut: (Box & { readonly previewPath: string }) | null;
}

/** A cover and where its thumbnail lies. */
export interface Cover extends CoverPlan {
  readonly path: string;
  readonly keep: string;
}

export function entryOf({ mirrorPersonId, path, keep }: Cover): JournalEntry {
  return { mirrorId: mirrorPersonId, path, keep };
}

/** A cover that has its thumbnail, or that Immich will make one of. */
export interface MadeCover extends Cover {
  readonly hasThumbnail: boolean;
}

/** A preview takes 0.1 s: so many are cut in a page, and Immich makes the rest. */
const CUTS_PER_PAGE = 200;

/**
 * Makes the thumbnails of these covers: a copy of the source's where the target sees its photo, else one that is cut out of a photo that they see; where neither can
 * be made, ours goes and Immich makes one by itself. A copy and not a link: Immich writes a new cover into the file in place, and either side would see the
 * other's, be it of a private photo (docs/immich.md). Covers whose thumbnail could not be taken away are left out; the next cycle tries again.
 */
export function makeThumbnails(
  covers: readonly Cover[],
  files: Files,
  onProblem: (problem: Problem) => void,
): MadeCover[] {
  let cuts = 0;
  return covers.flatMap((cover): MadeCover[] => {
    const isMade = copySource(cover, files) ||
      (cover.coverFaceId === null && cuts < CUTS_PER_PAGE && cutFromPreview(cover, files));
    if (isMade) {
      if (cover.coverFaceId === null) cuts++;
      return [{ ...cover, hasThumbnail: true }];
    }
    const [failed] = removeFiles([entryOf(cover)], files);
    if (failed === undefined) return [{ ...cover, hasThumbnail: false }];
    onProblem(notRemoved(failed));
    return [];
  });
}

function copySource({ coverFaceId, sourceThumbnailPath, path }: Cover, { linker, paths }: Files): boolean {
  const [source, target] = [paths.toLocal(sourceThumbnailPath), paths.toLocal(path)];
  if (coverFaceId === null || source === undefined || target === undefined) return false;
  return attempt(() => void linker.copy(linker.inspect(source), target));
}

function cutFromPreview({ cut, path }: Cover, { linker, paths }: Files): boolean {
  const [preview, target] = [cut === null ? undefined : paths.toLocal(cut.previewPath), paths.toLocal(path)];
  if (cut === null || preview === undefined || target === undefined) return false;
  return attempt(() => {
    const portrait = cutPortrait(readFileSync(linker.inspect(preview).realPath), cut);
    if (portrait === undefined) return false;
    linker.write(portrait, target);
  });
}

/** `work` returns false when there is nothing to be made. */
function attempt(work: () => boolean | void): boolean {
  try {
    return work() !== false;
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    logger.warn('thumbnail of a person: {problem}; Immich will make one', {
      problem: describeProblem(error.toProblem({})),
    });
    return false;
  }
}
