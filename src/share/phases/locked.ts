import { plain } from '../../config/quote.ts';
import { findLocked, withdrawLocked } from '../mirrors/locked.ts';
import type { Withdrawal } from '../mirrors/withdrawal.ts';
import { coverAgain } from '../people/own_covers.ts';
import { stoppedJobs } from '../stops/stops.ts';
import { definePhase, eachPage, linesOf } from './phase.ts';

/**
 * Withdraws photos that their owners have locked. A full cycle has done so before anything else, while it did not even know whether it can
 * work at all (share.ts); here it finds what adoption/ has recognised since.
 */
export const locked = definePhase({
  name: 'locked',
  what:
    'Removes photos that their owners have locked, with their motion parts and the covers of people that were cut from them.',
  per: 'cycle',
  isNeverDelayed: true,
  counts: { coversTaken: 'covers of people taken away' },
  plan: (view) => findLocked(view.sql, view.scope, view.limits, { withUndecided: { stopped: stoppedJobs(view) } }),
  apply: eachPage(async (tools, _unit: undefined, page: Withdrawal[], tally) => {
    const { withdrawn, problems, uncovered } = await withdrawLocked(tools.database, tools.schema, page);
    for (const problem of problems) tally.problem(problem);
    tally.withdrew(withdrawn);
    await coverAgain(tools, uncovered);
    tally.add('coversTaken', uncovered.length);
  }),
  describe: (page) =>
    linesOf(
      '-',
      'shared photos to remove',
      page,
      ({ jobName, mirrorAssetId, reason }) => `${plain(jobName)}: shared photo ${mirrorAssetId} (${reason})`,
    ),
});
