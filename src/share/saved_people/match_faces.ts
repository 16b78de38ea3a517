import type { RelativeBox } from './format.ts';

/** How alike two boxes must be. Immich's own detection takes more than 0.5 for the same face; another model may draw its boxes half as large again. */
const LEAST_OVERLAP = 0.4;

/** A face that was saved, on one photo. */
export interface Sought {
  readonly box: RelativeBox;
  /** Whose it was, and what those look like: a unit vector; undefined where nothing can be compared with it. */
  readonly embedding: Float32Array | undefined;
}

/** A face that is on that photo now. */
export interface Present {
  readonly id: string;
  readonly box: RelativeBox;
  readonly embedding: Float32Array | undefined;
}

/** The part of both boxes together that is in both: 0 to 1. */
export function overlap(a: RelativeBox, b: RelativeBox): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (!(width > 0 && height > 0)) return 0;
  const both = width * height;
  return both / (area(a) + area(b) - both);
}

export function area([x1, y1, x2, y2]: RelativeBox): number {
  return Math.max(x2 - x1, 0) * Math.max(y2 - y1, 0);
}

/**
 * Which of the faces on a photo each saved one is; undefined for one that is not there. No face is two of them. Those that overlap most
 * come first; of the rest, on a photo that was turned or cropped since, those that look most alike. Pure.
 *
 * @param maxDistance cosine distance up to which Immich takes two faces for the same person
 */
export function pairFaces<Face extends Present>(
  sought: readonly Sought[],
  present: readonly Face[],
  maxDistance: number,
): (Face | undefined)[] {
  const found: (Face | undefined)[] = sought.map(() => undefined);
  const taken = new Set<string>();
  const take = (pairs: readonly Pair<Face>[]) => {
    for (const { index, face } of pairs.toSorted((a, b) => a.cost - b.cost)) {
      if (found[index] !== undefined || taken.has(face.id)) continue;
      found[index] = face;
      taken.add(face.id);
    }
  };
  take(pairsOf(sought, present, ({ box }, face) => {
    const share = overlap(box, face.box);
    return share >= LEAST_OVERLAP ? 1 - share : undefined;
  }));
  take(pairsOf(sought, present, ({ embedding }, face) => {
    const apart = distance(embedding, face.embedding);
    return apart !== undefined && apart <= maxDistance ? apart : undefined;
  }));
  return found;
}

interface Pair<Face> {
  readonly index: number;
  readonly face: Face;
  readonly cost: number;
}

function pairsOf<Face extends Present>(
  sought: readonly Sought[],
  present: readonly Face[],
  costOf: (one: Sought, face: Face) => number | undefined,
): Pair<Face>[] {
  return sought.flatMap((one, index) =>
    present.flatMap((face) => {
      const cost = costOf(one, face);
      return cost === undefined ? [] : [{ index, face, cost }];
    })
  );
}

/** The cosine distance of two unit vectors, 0 to 2; undefined when they cannot be compared. */
export function distance(a: Float32Array | undefined, b: Float32Array | undefined): number | undefined {
  if (a === undefined || b === undefined || a.length !== b.length) return undefined;
  return 1 - a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
