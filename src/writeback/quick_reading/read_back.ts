import { readRegular, RegularFile } from '../regular_file.ts';
import { isFromNothing, type WritePlan } from '../tags.ts';
import type { Tags } from '../fields/values.ts';
import type { Losses } from '../rest/loss.ts';
import { isSameExif } from '../rest/exif_rest.ts';
import { isSamePhotoshop } from '../rest/photoshop_rest.ts';
import { xmpLosses } from '../rest/xmp_rest.ts';
import { commonOfFiles } from '../undo_delta/common.ts';
import { blocksOf } from './blocks.ts';
import type { JpegHeader } from './jpeg.ts';
import { quickSidecar, readMetadata } from './quick_reading.ts';
import { isSameBesidesMetadata, readJpegHeader } from './same_picture.ts';

/** What the new file says, and whether it is the old one in everything else. */
export interface ReadBack {
  readonly tags: Tags;
  readonly isSamePicture: boolean;
  /** What else has changed; undefined where that cannot be told here. */
  readonly losses: Losses | undefined;
}

/**
 * Reads a file that was written for a plan without asking ExifTool: a second opinion, and in a quarter of the time. Only
 * JPEGs and sidecars; undefined for everything else, and for what is in any way unusual.
 *
 * @param suffix how many bytes a photo and the new one end with
 */
export function readBack(
  plan: WritePlan,
  temporaryPath: string,
  suffix = plan.kind === 'media' ? commonOfFiles(temporaryPath, plan.path).suffix : 0,
): ReadBack | undefined {
  if (plan.kind === 'sidecar') return readSidecarBack(plan, temporaryPath);
  using file = RegularFile.open(temporaryPath);
  const header = readJpegHeader(file);
  const tags = header === undefined ? undefined : readMetadata(header);
  if (header === undefined || tags === undefined) return undefined;
  using original = RegularFile.open(plan.path);
  const before = readJpegHeader(original);
  const isSamePicture = before !== undefined &&
    isSameBesidesMetadata({ size: original.size, header: before }, { size: file.size, header }, suffix);
  return { tags, isSamePicture, losses: isSamePicture ? lossesOf(before, header, plan) : undefined };
}

function readSidecarBack(plan: WritePlan, temporaryPath: string): ReadBack | undefined {
  const bytes = readRegular(temporaryPath);
  const reading = quickSidecar(bytes);
  if (reading === undefined) return undefined;
  const losses = isFromNothing(plan)
    ? []
    : xmpLosses([decode(readRegular(plan.path))], [decode(bytes)], plan.changes.map(({ tag }) => tag));
  return { tags: reading.tags, isSamePicture: true, losses };
}

/** Of two JPEGs that are the same but for their metadata. */
function lossesOf(before: JpegHeader, after: JpegHeader, { changes }: WritePlan): Losses | undefined {
  const tags = changes.map(({ tag }) => tag);
  const [old, made] = [blocksOf(before), blocksOf(after)];
  if (old === undefined || made === undefined) return undefined;
  const isSame = isSameExif(old.exif, made.exif, tags) && isSamePhotoshop(old.photoshop, made.photoshop, tags);
  if (!isSame) return undefined;
  if (old.xmp === undefined) return [];
  return xmpLosses([decode(old.xmp)], made.xmp === undefined ? [] : [decode(made.xmp)], tags);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
