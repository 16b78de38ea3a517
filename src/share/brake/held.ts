import type { Sql } from '../../postgres/connect.ts';
import type { WithdrawReason } from '../cycle/outcome.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { View } from '../cycle/tools.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';
import { findWithdrawals } from '../phases/withdrawals.ts';
import { HELD } from './brake.ts';

/** A shared photo that a brake keeps, for the person who decides. */
export interface HeldPhoto {
  readonly mirrorAssetId: string;
  readonly fileName: string;
  readonly takenAt: Date;
  readonly reason: WithdrawReason;
}

/** The first photos of a job that would be removed if it was confirmed now, at most `limit`, by the day they were taken. Reads only. */
export async function readHeld(sql: Sql, view: View, jobName: string, limit: number): Promise<HeldPhoto[]> {
  const held: Withdrawal[] = [];
  const whole: View = { ...view, scope: 'all' };
  const pages = searchPages((after?: Withdrawal) => findWithdrawals(whole, [], after), view.limits.search);
  for await (const page of pages) {
    held.push(...page.filter((one) => one.jobName === jobName && HELD.has(one.reason)));
    if (held.length >= limit) break;
  }
  const reasons = new Map(held.slice(0, limit).map(({ mirrorAssetId, reason }) => [mirrorAssetId, reason]));
  const rows = await sql<Omit<HeldPhoto, 'reason'>[]>`
    SELECT id AS "mirrorAssetId", "originalFileName" AS "fileName", "localDateTime" AS "takenAt"
    FROM asset
    WHERE id = ANY (${[...reasons.keys()]}::uuid[])
    ORDER BY "localDateTime", id`;
  return rows.map((row) => ({ ...row, reason: reasons.get(row.mirrorAssetId) ?? 'not-selected' }));
}
