import { getLogger } from '@logtape/logtape';
import { asFileProblem, FileProblem } from '../../files/problem.ts';
import { readRegularFile } from '../../files/regular.ts';
import type { Box } from '../../immich/edits.ts';
import { describeProblem, type Problem } from '../../problems/problem.ts';
import { inSlices } from '../cycle/slices.ts';
import type { Files } from '../cycle/tools.ts';
import { type JournalEntry, notRemoved, removeFiles } from '../mirrors/journal.ts';
import { cutPortrait } from './portrait.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** The cover a mirrored person gets. */
export interface CoverPlan {
  readonly mirrorPersonId: string;
  /** The mirrored face that the source's cover shows, if the target can see that photo. */
  readonly coverFaceId: string | null;
  /** Otherwise the face that they have chosen, or the largest that they can see; the thumbnail is cut out of its photo's preview. */
  readonly fallbackFaceId: string | null;
  readonly sourceThumbnailPath: string;
  /** Where the face is, and the preview of the mirror that it is on; null without one. */
  readonly cut: (Box & { readonly previewPath: string }) | null;
}

/** A cover that a mirrored person has. */
export interface KnownCover extends CoverPlan {
  /** No thumbnail is known of. */
  readonly isMissing: boolean;
  /** The last attempt at it that failed (find_covers.ts, `attemptOf`). */
  readonly uncut: string | null;
}

/** A cover and where its thumbnail lies. */
export interface Cover extends CoverPlan {
  readonly path: string;
  readonly keep: string;
}

export function entryOf({ mirrorPersonId, path, keep }: Cover): JournalEntry {
  return { mirrorId: mirrorPersonId, path, keep };
}

/** How an attempt at a thumbnail ended. */
export type Making =
  | 'made'
  /** It cannot be made of what is there; Immich makes it. */
  | 'failed'
  /** There was no time left; the next cycle makes it. */
  | 'postponed';

/** A cover and what became of its thumbnail. */
export interface TriedCover extends Cover {
  readonly making: Making;
}

/** A preview takes 0.1 to 1 s: after so long the rest of a page waits for the next cycle, which looks for locked photos first. */
const CUTTING_MS = 10_000;

/** No preview that is cut (portrait.ts) is larger, in bytes. */
const LARGEST_PREVIEW_BYTES = 40_000_000;

/**
 * Makes the thumbnails of these covers: a copy of the source's where the target sees its photo, else one that is cut out of a photo that they see. A copy and not a
 * link: Immich writes a new cover into the file in place, and either side would see the other's, be it of a private photo (docs/immich.md). Others have their turn
 * after each. Throws what `signal` is aborted with. `cuttingMs`: for tests.
 */
export async function makeThumbnails(
  covers: readonly Cover[],
  files: Files,
  signal: AbortSignal,
  cuttingMs = CUTTING_MS,
): Promise<TriedCover[]> {
  const tried: TriedCover[] = [];
  const untilMs = performance.now() + cuttingMs;
  await inSlices(covers, async (cover) => {
    if (copySource(cover, files)) tried.push({ ...cover, making: 'made' });
    else if (performance.now() > untilMs) tried.push({ ...cover, making: 'postponed' });
    else tried.push({ ...cover, making: await cutFromPreview(cover, files) ? 'made' : 'failed' });
  }, signal);
  return tried;
}

/** Removes what is left of thumbnails that were not made anew. Returns the others, and these but for those that could not be removed: the next cycle tries again. */
export function removeUnmade(
  covers: readonly TriedCover[],
  files: Files,
  onProblem: (problem: Problem) => void,
): TriedCover[] {
  return covers.filter((cover) => {
    const [failed] = cover.making === 'made' ? [] : removeFiles([entryOf(cover)], files);
    if (failed !== undefined) onProblem(notRemoved(failed));
    return failed === undefined;
  });
}

function copySource({ coverFaceId, sourceThumbnailPath, path }: Cover, { linker, paths }: Files): boolean {
  const [source, target] = [paths.toLocal(sourceThumbnailPath), paths.toLocal(path)];
  if (coverFaceId === null || source === undefined || target === undefined) return false;
  return attempt(() => void linker.copy(linker.inspect(source), target));
}

async function cutFromPreview({ cut, path }: Cover, { linker, paths }: Files): Promise<boolean> {
  const [preview, target] = [cut === null ? undefined : paths.toLocal(cut.previewPath), paths.toLocal(path)];
  if (cut === null || preview === undefined || target === undefined) return false;
  let bytes: Uint8Array | undefined;
  if (!attempt(() => void (bytes = readPreview(linker.inspect(preview).realPath)))) return false;
  const portrait = bytes === undefined ? undefined : await cutPortrait(bytes, cut);
  return portrait !== undefined && attempt(() => linker.write(portrait, target));
}

function readPreview(path: string): Uint8Array | undefined {
  try {
    return readRegularFile(path, LARGEST_PREVIEW_BYTES);
  } catch (error) {
    throw asFileProblem(error, path);
  }
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    logger.warn('thumbnail of a person: {problem}', { problem: describeProblem(error.toProblem({})) });
    return false;
  }
}
