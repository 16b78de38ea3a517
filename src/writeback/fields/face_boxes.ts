import type { FaceRecord } from './record.ts';
import type { TagValue } from './values.ts';

/** A region as the Metadata Working Group describes it: centre and size as shares of the picture. */
export interface RegionBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Boxes that are this near each other are the same: Immich's are whole pixels of a preview of some 1,440. */
const TOLERANCE = 1e-4;

/**
 * A face in the frame of the stored picture. Immich has it in the oriented, unedited picture, in pixels of an image of
 * whatever size (docs/immich.md#faces). undefined when nothing of it lies in the picture.
 */
export function storedBox(face: FaceRecord, orientation: number): RegionBox | undefined {
  const share = (pixels: number, size: number) => Math.min(Math.max(pixels / size, 0), 1);
  const [left, right] = [share(face.x1, face.imageWidth), share(face.x2, face.imageWidth)];
  const [top, bottom] = [share(face.y1, face.imageHeight), share(face.y2, face.imageHeight)];
  const [width, height] = [right - left, bottom - top];
  if (!(width > 0 && height > 0)) return undefined;
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const upright = { x, y, width, height };
  const turned = { width: height, height: width };
  switch (orientation) {
    case 2: // mirrored
      return { ...upright, x: 1 - x };
    case 3: // upside down
      return { ...upright, x: 1 - x, y: 1 - y };
    case 4: // mirrored and upside down
      return { ...upright, y: 1 - y };
    case 5: // mirrored along the diagonal
      return { ...turned, x: y, y: x };
    case 6: // to be turned clockwise
      return { ...turned, x: y, y: 1 - x };
    case 7: // mirrored along the other diagonal
      return { ...turned, x: 1 - y, y: 1 - x };
    case 8: // to be turned anticlockwise
      return { ...turned, x: 1 - y, y: x };
    default:
      return upright;
  }
}

/** The box of a region; undefined when it has none in shares of the picture. */
export function boxOf(region: { readonly [field: string]: TagValue }): RegionBox | undefined {
  const area = region['Area'];
  if (typeof area !== 'object' || Array.isArray(area)) return undefined;
  const { X, Y, W, H } = area as { readonly [field: string]: TagValue };
  const [x, y, width, height] = [Number(X), Number(Y), Number(W), Number(H)];
  return [x, y, width, height].every(Number.isFinite) ? { x, y, width, height } : undefined;
}

export function isSameBox(a: RegionBox, b: RegionBox): boolean {
  return (['x', 'y', 'width', 'height'] as const).every((side) => Math.abs(a[side] - b[side]) <= TOLERANCE);
}

export function isOverlapping(a: RegionBox, b: RegionBox): boolean {
  return Math.abs(a.x - b.x) * 2 < a.width + b.width && Math.abs(a.y - b.y) * 2 < a.height + b.height;
}
