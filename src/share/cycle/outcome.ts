import type { FileReason } from '../../problems/codes.ts';
import type { Problem } from '../../problems/problem.ts';
import type { PendingFor } from '../../immich/readiness.ts';

/** Why a selected, ready asset has no mirror. A closed list. */
export type SkipReason = FileReason | 'duplicate' | 'constraint' | 'changed-meanwhile' | 'conflict';

/** When a skipped asset is tried again. `every-cycle`, as tables of earlier versions call it, is after a pause that becomes longer (retries.ts). */
export type WhenRetried = 'every-cycle' | 'when-changed' | 'never';

/**
 * What can be repaired without touching the asset is tried again and again, after pauses that become longer (retries.ts); what only a
 * new name or new content can repair waits for a change of the asset; what is a decision stays until it is revoked.
 */
const RETRY: Readonly<Record<SkipReason, WhenRetried>> = Object.freeze({
  'missing': 'every-cycle',
  'outside-roots': 'every-cycle',
  'other-filesystem': 'every-cycle',
  'permission': 'every-cycle',
  'read-only': 'every-cycle',
  'occupied': 'every-cycle',
  'no-space': 'every-cycle',
  'too-many-links': 'every-cycle',
  'changed': 'every-cycle',
  'io': 'every-cycle',
  'unreachable': 'every-cycle',
  'conflict': 'every-cycle',
  'changed-meanwhile': 'every-cycle',
  'name-too-long': 'when-changed',
  'not-a-file': 'when-changed',
  'constraint': 'when-changed',
  'duplicate': 'never',
});

export function retryOf(reason: SkipReason): WhenRetried {
  return RETRY[reason];
}

/** A source asset that was not mirrored, and why. */
export interface Skip {
  readonly sourceAssetId: string;
  readonly sourceUpdateId: string;
  readonly sourcePath: string;
  readonly reason: SkipReason;
  readonly problem: Problem;
}

/** Why a mirror was withdrawn. A closed list. */
export type WithdrawReason =
  | 'source-deleted'
  | 'source-trashed'
  | 'source-offline'
  | 'source-locked'
  | 'not-selected'
  /** It was shared by albums only, and these were deleted, unshared, or lost one of their members. */
  | 'revoked'
  | 'target-trashed'
  | 'target-deleted'
  /** The mirror's row is gone though nobody deleted it: a backup was restored. It is made anew. */
  | 'mirror-lost'
  /** `immich-sidecar unshare`. */
  | 'unshared'
  /** `immich-sidecar unshare --keep`: the mirror was left to the target. */
  | 'detached'
  /** `immich-sidecar dedup`: the target's owner has the picture, too. */
  | 'duplicate';

/** Where every asset that a job selects ends up. The counts of these add up to `selected`. */
export interface Standing {
  readonly selected: number;
  readonly mirrored: number;
  readonly pending: Readonly<Partial<Record<PendingFor, number>>>;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  /** Trashed or deleted by the target's owner. */
  readonly withdrawn: number;
  /** Became ready while the cycle ran; the next one takes them. */
  readonly next: number;
}
