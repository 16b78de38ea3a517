import { plain } from '../../config/quote.ts';
import type { BrakeReport } from './brake.ts';
import type { WithdrawReason } from '../cycle/outcome.ts';

/** What happened to the originals, after "412 of them:", and how that comes about without anybody wanting it. */
const CAUSES: Readonly<Partial<Record<WithdrawReason, string>>> = Object.freeze({
  'source-deleted': 'deleted from Immich; was the library removed, or made anew?',
  'source-trashed': "in the owner's trash",
  'source-offline': 'not found by Immich; is a disk not mounted, or a folder renamed?',
  'not-selected': 'not selected by any job; was a path prefix or a job changed, or an album emptied?',
});

/** Why the mirrors of a job are kept, what may have happened, and what to do, as a few lines for people. */
export function describeBrake({ job, mirrors, total, reasons, isConfigured, emptyDirectory }: BrakeReport): string {
  const name = plain(JSON.stringify(job));
  const command = `immich-sidecar sync --confirm-withdrawals${isConfigured ? ` --job ${name}` : ''}`;
  return [
    `${name}: ${mirrors} of ${total} shared photos would be removed.`,
    'That is too much to happen by itself, so all of them are kept. Their originals are',
    ...Object.entries(reasons).map(([reason, count]) => `  ${count} x ${CAUSES[reason as WithdrawReason] ?? reason}`),
    ...emptyDirectory === undefined
      ? []
      : [`  ${plain(JSON.stringify(emptyDirectory))} is empty or not there: its disk is probably not mounted.`],
    'If that is a mistake, correct it, and everything stays. If it is right, confirm it with',
    `  ${command}`,
  ].join('\n');
}
