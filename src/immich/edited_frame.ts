import { type Box, type Edit, undoEdits } from './edits.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A face of a picture that was edited, as Immich has it in its table. */
export interface StoredFace {
  readonly box: Box;
  /** Found by machine learning: others are always noted in the unedited picture. */
  readonly isDetected: boolean;
  /** Whether faces were looked for again after the last edit; undefined: nobody knows. */
  readonly isLookedForSince: boolean | undefined;
}

/**
 * The box of a face in the unedited picture. From 3.2 on Immich looks for faces in the edited one if there is one (docs/immich.md#faces), and notes
 * nowhere in which. The shape of the picture in which it was found tells, which is noted; where both pictures have the same shape, the time of the last search.
 *
 * @param original the size of the oriented original, in whose pixels crops are
 * @returns undefined when it fits neither picture, as after another edit
 */
export function inUneditedPicture(
  { box, isDetected, isLookedForSince }: StoredFace,
  edits: readonly Edit[],
  original: Size,
): Box | undefined {
  if (!isDetected || edits.length === 0 || original.width === 0 || original.height === 0) return box;
  const edited = sizeAfter(edits, original);
  const [fitsOriginal, fitsEdited] = [fits(box, original), fits(box, edited)];
  if (!fitsOriginal && !fitsEdited) return undefined;
  const isEdited = fitsOriginal && fitsEdited ? isLookedForSince === true : fitsEdited;
  return isEdited ? undoEdits(scaledTo(box, edited), edits, original) : box;
}

function sizeAfter(edits: readonly Edit[], original: Size): Size {
  const crop = edits.find(({ action }) => action === 'crop')?.parameters;
  const [width, height] = [Number(crop?.width ?? original.width), Number(crop?.height ?? original.height)];
  const quarters = edits.filter(({ action }) => action === 'rotate')
    .reduce((sum, { parameters }) => sum + Math.round(Number(parameters.angle) / 90), 0);
  return quarters % 2 === 0 ? { width, height } : { width: height, height: width };
}

/** Previews are whole pixels: a side may be one off. */
function fits({ imageWidth, imageHeight }: Box, { width, height }: Size): boolean {
  return Math.abs(imageWidth * height / width - imageHeight) <= 1 ||
    Math.abs(imageHeight * width / height - imageWidth) <= 1;
}

function scaledTo(box: Box, { width, height }: Size): Box {
  const [x, y] = [width / box.imageWidth, height / box.imageHeight];
  return { imageWidth: width, imageHeight: height, x1: box.x1 * x, y1: box.y1 * y, x2: box.x2 * x, y2: box.y2 * y };
}
