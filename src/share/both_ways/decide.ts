import type { TwoWayField } from '../../config/two_way_fields.ts';

/** A field group that goes both ways: by `both_ways` of a job, or by its `favorites`. */
export type CorrectedField = TwoWayField | 'favorite';

/** A mirror of a photo, and what is known of the fields in which it is not as its source. */
export interface MirrorState {
  readonly mirrorAssetId: string;
  /** What may go from it to its source, by whatever job that means the photo. */
  readonly fields: readonly CorrectedField[];
  /** The same, by the job that is asked for. */
  readonly asked: readonly CorrectedField[];
  /** Field groups that its owner has changed: they are neither what was written last nor what the source says. */
  readonly theirs: readonly string[];
  /** Those that differ from the source, while nobody knows what was written last. */
  readonly unknown: readonly string[];
  /** Those of which the source is not as it was when they were written last. */
  readonly moved: readonly string[];
  /** What each is worth at the mirror. */
  readonly sums: Readonly<Record<string, string>>;
}

/** Why a field is left as it is on both sides, until a person decides. */
export type ConflictReason =
  /** The source's owner has changed it as well. */
  | 'both-changed'
  /** Others who have the photo have changed it otherwise. */
  | 'recipients-differ'
  /** What it was before is not known, as after a restored backup: nobody can say who has changed it. */
  | 'base-unknown';

/** A change on a mirror that goes to its source. */
export interface Correction {
  readonly sourceAssetId: string;
  readonly mirrorAssetId: string;
  readonly field: CorrectedField;
  /** What it is worth at the mirror. */
  readonly sum: string;
  /** Of tags: those that the source is to name (tags.ts). */
  readonly tags?: readonly string[];
}

/** A change on a mirror that goes nowhere. */
export interface Conflict extends Correction {
  readonly because: ConflictReason;
}

export interface Decisions {
  readonly corrections: readonly Correction[];
  readonly conflicts: readonly Conflict[];
}

/**
 * Compares source, mirrors and what was written last, field by field: what one mirror alone has changed goes to the source, whatever was changed twice is a conflict. `mirrors`: all of
 * one source that go both ways; decided are those of the job that is asked for. Pure.
 */
export function decideCorrections(sourceAssetId: string, mirrors: readonly MirrorState[]): Decisions {
  const corrections: Correction[] = [];
  const conflicts: Conflict[] = [];
  for (const { mirrorAssetId, asked, theirs, unknown, moved, sums } of mirrors) {
    for (const field of asked) {
      const sum = sums[field];
      if (sum === undefined) continue;
      const correction = { sourceAssetId, mirrorAssetId, field, sum };
      if (unknown.includes(field)) conflicts.push({ ...correction, because: 'base-unknown' });
      if (!theirs.includes(field)) continue;
      const isAlone = mirrors.every((other) =>
        !other.fields.includes(field) || !isChanged(other, field) || other.sums[field] === sum
      );
      if (moved.includes(field)) conflicts.push({ ...correction, because: 'both-changed' });
      else if (!isAlone) conflicts.push({ ...correction, because: 'recipients-differ' });
      else corrections.push(correction);
    }
  }
  return { corrections, conflicts };
}

function isChanged({ theirs, unknown }: MirrorState, field: CorrectedField): boolean {
  return theirs.includes(field) || unknown.includes(field);
}
