import type { WithdrawReason } from '../cycle/outcome.ts';

/** A mirror to withdraw. A dry run prints it; apply consumes it. */
export interface Withdrawal {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly targetUserId: string;
  readonly jobName: string;
  readonly reason: WithdrawReason;
}

/** Decisions about the target's account: such a source is not mirrored again until somebody asks for it. */
export const REMEMBERED: ReadonlySet<WithdrawReason> = new Set(['target-trashed', 'target-deleted', 'detached']);

/** The share was ended, or the mirror is the target's own now: nothing is kept of what they have done to it. */
export const ENDED: ReadonlySet<WithdrawReason> = new Set(['unshared', 'detached']);

/** How many withdrawals there are for each reason. */
export type ReasonCounts = Readonly<Partial<Record<WithdrawReason, number>>>;

export function countReasons(withdrawals: readonly Withdrawal[]): ReasonCounts {
  const counts: Partial<Record<WithdrawReason, number>> = {};
  for (const { reason } of withdrawals) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
