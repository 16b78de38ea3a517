import { plain } from '../../config/quote.ts';
import { count } from '../../config/words.ts';
import { correctSources } from '../both_ways/correct.ts';
import type { Conflict, Correction } from '../both_ways/decide.ts';
import { findCorrections, twoWayGroups } from '../both_ways/find.ts';
import { findReverted, type Reverted, writeReverted } from '../both_ways/reverted.ts';
import {
  facesWay,
  findEndedWays,
  forgetWays,
  isHeldBack,
  isWaitingWay,
  noteDecided,
  noteWaiting,
  peopleWay,
  readWay,
} from '../both_ways/waiting.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { definePhase, eachPage, linesOf, type PlanLine, type Tally } from './phase.ts';

/** What is to be done, to be noted, or only to be said, of what the target of a job has changed on mirrors. */
export type CorrectionsPage =
  | { readonly reverted: readonly Reverted[] }
  | { readonly conflicts: readonly Conflict[] }
  | { readonly corrections: readonly Correction[] }
  /** So many photos would be changed, which waits for a person. */
  | { readonly waiting: number; readonly isKnown: boolean; readonly isBegin: boolean }
  /** All that differs in these fields is decided. */
  | { readonly decided: readonly string[] };

/**
 * Writes what targets have changed on mirrors into the sources, where a job says so, before rows follow their sources: what one of several targets has changed reaches the others in the same
 * cycle. With many photos at once, and when it begins, it waits until a person has confirmed that.
 */
export const corrections = definePhase({
  name: 'corrections',
  what: 'Writes what recipients have changed on shared photos into the originals, where a share says both_ways.',
  per: 'job',
  counts: {
    corrected: 'changes by recipients written into originals',
    putRight: 'originals to which Immich had given the time or the place of their files again',
  },
  plan: planCorrections,
  apply: async (
    tools: Tools,
    job: Job,
    pages: AsyncIterable<CorrectionsPage>,
    tally: Tally<'corrected' | 'putRight'>,
  ) => {
    const { transaction } = tools.database;
    let failed = 0;
    for await (const page of pages) {
      if ('reverted' in page) {
        await transaction((tx) => writeReverted(tx, tools.schema, page.reverted));
        tally.add('putRight', page.reverted.length);
      } else if ('waiting' in page) await transaction((tx) => noteWaiting(tx, job.name, page.waiting));
      else if ('decided' in page) await transaction((tx) => noteDecided(tx, job.name, page.decided, failed));
      else if ('corrections' in page) {
        const done = await correctSources(tools, job, page.corrections);
        tally.add('corrected', done.written);
        for (const problem of done.problems) tally.problem(problem);
        failed = done.failed.size;
      }
    }
  },
  describe: describePage,
});

/** Forgets what is remembered of jobs that go both ways no more: when they do so again, what differs by then is shown first. */
export const endedWays = definePhase({
  name: 'ended-ways',
  what: 'Forgets what was confirmed for shares that do not say both_ways any more.',
  per: 'cycle',
  isFullOnly: true,
  counts: { waysEnded: 'shares that do not go both ways any more' },
  plan: async function* ({ sql, schema, jobs }: View) {
    const ended = await findEndedWays(
      sql,
      jobs.flatMap((job) => [
        ...twoWayGroups(schema, job).length > 0 ? [job.name] : [],
        ...job.bothWays?.includes('people') ? [peopleWay(job.name), facesWay(job.name)] : [],
      ]),
    );
    if (ended.length > 0) yield ended;
  },
  apply: eachPage(async ({ database }: Tools, _unit, ended: readonly string[], tally: Tally<'waysEnded'>) => {
    tally.add('waysEnded', await database.transaction((tx) => forgetWays(tx, ended)));
  }),
  describe: (ended) => linesOf('~', 'shares that do not go both ways any more', ended, (job) => plain(job)),
});

async function* planCorrections(view: View, job: Job): AsyncGenerator<CorrectionsPage> {
  const fields = twoWayGroups(view.schema, job).map(({ name }) => name);
  if (fields.length === 0) return;
  for await (const reverted of findReverted(view, view.schema, job)) yield { reverted };
  const way = await readWay(view.sql, job.name);
  const isBegin = fields.some((field) => !(way?.fields as readonly string[] | undefined)?.includes(field));
  const isWaiting = isWaitingWay(way);
  const found: Correction[] = [];
  for await (
    const page of findCorrections(isBegin || isWaiting ? { ...view, scope: 'all', alike: undefined } : view, job)
  ) {
    found.push(...page.corrections);
    if (page.conflicts.length > 0) yield { conflicts: page.conflicts };
  }
  const photos = new Set(found.map(({ sourceAssetId }) => sourceAssetId)).size;
  if (await isHeldBack(view, job, way, { isBegin, number: photos, what: 'photos' })) {
    yield { waiting: photos, isKnown: way?.photos === photos, isBegin };
    return;
  }
  if (found.length > 0) yield { corrections: found };
  if (isBegin || isWaiting || way?.fields.length !== fields.length) yield { decided: fields };
}

function describePage(page: CorrectionsPage): PlanLine[] {
  if ('corrections' in page) {
    return linesOf(
      '~',
      'changes by recipients to write into originals',
      page.corrections,
      ({ sourceAssetId, mirrorAssetId, field }) =>
        `original ${sourceAssetId} gets the ${field} of shared photo ${mirrorAssetId}`,
    );
  }
  if ('conflicts' in page) {
    return page.conflicts.map(({ sourceAssetId, mirrorAssetId, field, because }): PlanLine => ({
      sign: '!',
      kind: 'conflicts',
      text: `original ${sourceAssetId} and shared photo ${mirrorAssetId} have another ${field}: ${because}`,
      reason: because,
      isKnown: true,
    }));
  }
  if ('waiting' in page) {
    const why = page.isBegin ? 'that is what differs when both_ways begins' : 'that is much at once';
    return [{
      sign: '!',
      kind: 'originals held back',
      count: page.waiting,
      text: `${
        count(page.waiting, 'original')
      } would be changed by recipients; ${why}, and waits until it is confirmed`,
      isKnown: page.isKnown,
    }];
  }
  if ('reverted' in page) {
    return linesOf(
      '~',
      'originals to which Immich has given the time or the place of their files again',
      page.reverted,
      ({ id }) => id,
    );
  }
  return [{
    sign: '~',
    kind: 'shares that go both ways from now on',
    text: `goes both ways: ${page.decided.join(', ')}`,
  }];
}
