import type { Tools, View } from '../cycle/tools.ts';
import { type Recheck, removeRechecks } from '../cycle/rechecks.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** Notes that what was due, or what a command has asked for, was looked at: what it has asked since stays. It comes when all that is done. */
export const rechecks = definePhase({
  name: 'rechecks',
  what: 'Notes that photos were looked at again which were due, or of which a command, such as reshare, has asked it.',
  per: 'cycle',
  counts: { rechecked: 'photos looked at again (due, or asked for by a command)' },
  plan: async function* ({ rechecks, only, limits }: View) {
    if (only !== undefined) return;
    const { search } = limits;
    for (let start = 0; start < rechecks.length; start += search) {
      yield await Promise.resolve(rechecks.slice(start, start + search));
    }
  },
  apply: eachPage(async ({ database }: Tools, _unit, page: readonly Recheck[], tally: Tally<'rechecked'>) => {
    tally.add('rechecked', await database.transaction((tx) => removeRechecks(tx, page)));
  }),
  describe: (page) => linesOf('~', 'photos to look at again', page, ({ sourceAssetId }) => `photo ${sourceAssetId}`),
});
