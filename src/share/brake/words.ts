import { count, plural } from '../../config/words.ts';
import { plain } from '../../config/quote.ts';
import type { BrakeReport } from './brake.ts';
import type { WithdrawReason } from '../cycle/outcome.ts';

/** What happened to them, after "412 x", and how that comes about without anybody wanting it. */
const CAUSES: Readonly<Partial<Record<WithdrawReason, string>>> = Object.freeze({
  'source-deleted': 'deleted from Immich; was the library removed, or made anew?',
  'source-trashed': "in the owner's trash",
  'source-offline': 'not found by Immich; is a disk not mounted, or a folder renamed?',
  'not-selected': 'not selected by any share; was a path prefix or a share changed, or an album emptied?',
  'target-deleted':
    "deleted in the recipient's account, and not by way of the trash; was a library deleted, or did Immich purge what its scans did not find?",
});

/** Why the mirrors of a job are kept, what may have happened, and what to do, as a few lines for people. */
export function describeBrake({ job, mirrors, total, reasons, isConfigured, emptyDirectory }: BrakeReport): string {
  const name = plain(JSON.stringify(job));
  const command = `immich-sidecar sync --confirm-withdrawals${isConfigured ? ` --job ${name}` : ''}`;
  const lost = reasons['target-deleted'] ?? 0;
  const whose = lost === 0
    ? 'Their originals are'
    : lost === mirrors
    ? 'They were'
    : 'The originals, or the photos themselves, are';
  return [
    lost === mirrors
      ? `${name}: ${mirrors} of ${count(total, 'shared photo')} ${
        plural(mirrors, 'is', 'are')
      } gone from the recipient's account.`
      : `${name}: ${mirrors} of ${count(total, 'shared photo')} would be removed.`,
    `That is too much to happen by itself, so ${
      lost === mirrors ? 'nothing is decided' : 'all of them are kept'
    }. ${whose}`,
    ...Object.entries(reasons).map(([reason, count]) => `  ${count} x ${CAUSES[reason as WithdrawReason] ?? reason}`),
    ...emptyDirectory === undefined
      ? []
      : [`  ${plain(JSON.stringify(emptyDirectory))} is empty or not there: its disk is probably not mounted.`],
    ...(reasons['source-deleted'] ?? 0) === 0 ? [] : [
      'Immich also deletes what it has not found for a month: if a disk was away, the files here may be the last copies. Those that a sync has seen ' +
      'missing are kept aside when it is confirmed (immich-sidecar kept list). To leave all of them to the recipients:',
      `  immich-sidecar unshare --keep${isConfigured ? ` --job ${name}` : ''}`,
    ],
    ...lost === 0 ? [] : [
      `If the recipient did not mean to delete the ${lost}, share them again with`,
      `  immich-sidecar reshare ${isConfigured ? `--job ${name}` : '--all'}`,
      'Once it is confirmed they count as declined, and are not shared again by themselves.',
    ],
    lost === mirrors
      ? 'If it was meant, confirm it with'
      : 'If that is a mistake, correct it, and everything stays. If it is right, confirm it with',
    `  ${command}`,
  ].join('\n');
}
