import { plain } from '../../config/quote.ts';
import type { Problem } from '../../problems/problem.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import {
  findIdleTags,
  findUntagged,
  type IdleTag,
  idleTagsOf,
  removeIdleTags,
  removeMadeByImmich,
  type TagsPlan,
  writeTags,
} from '../mirrors/tags.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** Gives mirrors the tags that their metadata name, so that Immich's own extraction of them changes nothing. */
export const mirrorTags = definePhase({
  name: 'tags',
  what: 'Gives shared photos their tags, as tags of the receiving user.',
  per: 'pair',
  counts: { tagged: 'photos whose tags were set' },
  plan: (view, job: Job) => searchPages((after?: TagsPlan) => findUntagged(view, job, after), view.limits.search),
  apply: async ({ database, schema }, _job: Job, pages, tally: Tally<'tagged'>) => {
    const lost = new Set<string>();
    for await (const page of pages) {
      const tagged = await countInBatches(
        database,
        page,
        async (tx, batch) => {
          for (const id of await writeTags(tx, schema, batch)) lost.add(id);
          return batch.length;
        },
        ({ sourceAssetId }, error) => tally.problem(refused(error, { assetId: sourceAssetId })),
      );
      tally.add('tagged', tagged);
    }
    // Not before all have what they are to have: another may need a tag below.
    if (lost.size > 0) {
      await database.transaction((tx) => removeMadeByImmich(tx, schema, [...lost]), 'READ COMMITTED');
    }
  },
  describe: (page) =>
    linesOf(
      '~',
      'photos whose tags are to be set',
      page,
      ({ mirrorAssetId, values }) => `tags of shared photo ${mirrorAssetId}: ${plain(values.join(', ')) || 'none'}`,
    ),
});

/** Removes the tags that we made for a target once nothing has them. */
export const idleTags = definePhase({
  name: 'idle-tags',
  what: 'Removes tags that were made for shared photos and that nothing has any more.',
  per: 'target',
  removesLeftovers: 'in the database',
  counts: { tagsRemoved: 'tags removed that nothing has' },
  asks: ({ sql, schema }: View, target) => [idleTagsOf(sql, schema, target)],
  // Always: a photo of the target's own may have lost the tag, which no scope tells. There are few tags.
  plan: async function* ({ sql, schema }: View, targetUserId: string): AsyncGenerator<IdleTag[]> {
    const idle = await findIdleTags(sql, schema, targetUserId);
    if (idle.length > 0) yield idle;
  },
  apply: eachPage(async (tools, _target: string, page, tally: Tally<'tagsRemoved'>) => {
    tally.add('tagsRemoved', await removeTags(tools, page, (problem) => tally.problem(problem)));
  }),
  describe: (page) => linesOf('-', 'tags to remove', page, ({ value }) => `tag ${plain(value)}`),
});

/** The same at once, for unshare. */
export async function removeIdleTagsOf(
  tools: Pick<Tools, 'database' | 'schema'>,
  targetUserId: string,
  onProblem: (problem: Problem) => void,
): Promise<void> {
  await removeTags(tools, await findIdleTags(tools.database.sql, tools.schema, targetUserId), onProblem);
}

async function removeTags(
  { database, schema }: Pick<Tools, 'database' | 'schema'>,
  tags: readonly IdleTag[],
  onProblem: (problem: Problem) => void,
): Promise<number> {
  return await countInBatches(
    database,
    tags,
    (tx, batch) => removeIdleTags(tx, schema, batch),
    (_tag, error) => onProblem(refused(error, { table: 'tag' })),
    'READ COMMITTED',
  );
}
