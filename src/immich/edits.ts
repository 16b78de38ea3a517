/** One step of what a user did to a picture: a row of `asset_edit`, or an item of `GET /assets/:id/edits`. */
export interface Edit {
  /** `crop`, `rotate` (clockwise by `angle`) or `mirror` (`axis` horizontal = upside down); others move nothing. */
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A box in pixels of a picture of this size. */
export interface Box {
  readonly imageWidth: number;
  readonly imageHeight: number;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Where a box of the edited picture lies in the picture before. Immich crops first, in pixels of the oriented original,
 * whatever the order of the steps, and then rotates and mirrors one after the other (utils/transform.ts of Immich).
 *
 * @param original the size of the oriented original
 */
export function undoEdits(box: Box, edits: readonly Edit[], original: Size): Box {
  if (edits.length === 0) return box;
  let undone = box;
  for (const edit of edits.toReversed()) {
    if (edit.action === 'rotate') undone = turnBack(undone, Number(edit.parameters.angle));
    if (edit.action === 'mirror') undone = mirror(undone, edit.parameters.axis === 'horizontal');
  }
  const crop = edits.find(({ action }) => action === 'crop')?.parameters;
  const [left, top] = [Number(crop?.x ?? 0), Number(crop?.y ?? 0)];
  return {
    imageWidth: original.width,
    imageHeight: original.height,
    x1: undone.x1 + left,
    y1: undone.y1 + top,
    x2: undone.x2 + left,
    y2: undone.y2 + top,
  };
}

/** A quarter turn counter-clockwise for each 90 degrees. */
function turnBack(box: Box, angle: number): Box {
  const quarters = ((Math.round(angle / 90) % 4) + 4) % 4;
  let turned = box;
  for (let quarter = 0; quarter < quarters; quarter++) {
    const { imageWidth, imageHeight, x1, y1, x2, y2 } = turned;
    turned = {
      imageWidth: imageHeight,
      imageHeight: imageWidth,
      x1: y1,
      y1: imageWidth - x2,
      x2: y2,
      y2: imageWidth - x1,
    };
  }
  return turned;
}

function mirror(box: Box, upsideDown: boolean): Box {
  const { imageWidth, imageHeight, x1, y1, x2, y2 } = box;
  return upsideDown
    ? { ...box, y1: imageHeight - y2, y2: imageHeight - y1 }
    : { ...box, x1: imageWidth - x2, x2: imageWidth - x1 };
}
