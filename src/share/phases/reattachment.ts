import { plain, quotedPath } from '../../config/quote.ts';
import { isPlainPath } from '../../files/path_map.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { mayLink } from '../jobs/placement.ts';
import { findReattachments, hasAbandoned, reattach, type Reattachment } from '../mirrors/reattach.ts';
import { readCandidates } from '../selection/candidates.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/**
 * Immich imports the photos of a renamed folder as new ones, and takes the old ones offline. It comes before anything is withdrawn or made,
 * so that the target keeps each mirror, with what they have done to it, and never sees two.
 */
export const reattachment = definePhase({
  name: 'reattachment',
  what:
    'Gives shared photos whose originals are gone to the photos that have their very files now, as after a folder was renamed.',
  per: 'job',
  isAboutMeant: true,
  counts: { reattached: 'moved photos taken up again' },
  plan: async function* (view: View, job: Job) {
    const { sql, schema, scope, limits } = view;
    if (!mayLink(job)) return;
    // A first copy has thousands of candidates, and no mirror that could be meant.
    if (scope === 'all' && !await hasAbandoned(sql, job)) return;
    // The stills first: they tell which motion parts are candidates.
    for (const part of ['main', 'motion'] as const) {
      for await (const candidates of readCandidates(sql, schema, job, scope, part, limits)) {
        const found = await findReattachments(
          view,
          job,
          candidates.filter(({ originalPath }) => isPlainPath(originalPath)),
        );
        if (found.length > 0) yield found;
      }
    }
  },
  apply: eachPage(
    async ({ database, schema }: Tools, job: Job, page: readonly Reattachment[], tally: Tally<'reattached'>) => {
      const count = await countInBatches(
        database,
        page,
        (tx, batch) => reattach(tx, schema, job, batch),
        ({ sourceAssetId }, error) => tally.problem(refused(error, { job: job.name, assetId: sourceAssetId })),
      );
      tally.add('reattached', count);
    },
  ),
  describe: (page) =>
    linesOf(
      '~',
      'moved photos taken up again',
      page,
      ({ path, mirrorAssetId }) => `${plain(mirrorAssetId)} is of ${quotedPath(path)} now`,
    ),
});
