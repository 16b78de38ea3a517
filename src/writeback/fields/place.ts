import type { TagValue } from './values.ts';

/** A tenth of a metre: EXIF keeps angles as fractions, so that some decimals come back changed. */
const DEGREES_TOLERANCE = 1e-6;

/** Whether two angles in degrees are the same as far as files can say them. */
export function isSameAngle(shown: TagValue | undefined, wanted: TagValue | undefined): boolean {
  return Math.abs(Number(shown) - Number(wanted)) <= DEGREES_TOLERANCE;
}

/** Whether two texts `latitude longitude [altitude]` name one place, heights aside. */
export function isSamePlace(shown: string, wanted: string): boolean {
  const [a, b] = [shown, wanted].map((text) => text.trim().split(/[\s,]+/).map(Number));
  return isSameAngle(a?.[0], b?.[0]) && isSameAngle(a?.[1], b?.[1]);
}
