import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Tools, View } from '../cycle/tools.ts';
import { findForsaken, forgetForsaken, type RememberedPhoto } from '../remembered/forget.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** What the target had done to a photo is remembered until that comes back, or was deleted for good. */
export const forsaken = definePhase({
  name: 'forsaken',
  what: 'Forgets what was done to shared photos whose originals were deleted for good.',
  per: 'cycle',
  counts: { forsaken: 'photos that will not come back forgotten' },
  plan: ({ sql, limits: { search } }: View) =>
    searchPages((after?: RememberedPhoto) => findForsaken(sql, after, search), search),
  apply: eachPage(async ({ database }: Tools, _unit, page: readonly RememberedPhoto[], tally: Tally<'forsaken'>) => {
    const forgotten = await countInBatches(
      database,
      page,
      forgetForsaken,
      ({ sourceAssetId }, error) => tally.problem(refused(error, { assetId: sourceAssetId })),
    );
    tally.add('forsaken', forgotten);
  }),
  describe: (page) =>
    linesOf('-', 'photos that will not come back to forget', page, ({ sourceAssetId }) => `photo ${sourceAssetId}`),
});
