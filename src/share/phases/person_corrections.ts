import { count } from '../../config/words.ts';
import { findPersonDifferences, type PersonDifference, writePersonDifferences } from '../both_ways/people.ts';
import { isHeldBack, isWaitingWay, noteDecided, noteWaiting, peopleWay, readWay } from '../both_ways/waiting.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { type View, workable } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { definePhase, linesOf, type Tally } from './phase.ts';

/** What is to be done about people whom the target of a job has named; one kind at a time, in this order. */
export type PersonCorrectionsPage =
  & { readonly job: Job }
  & (
    | { readonly conflicts: readonly PersonDifference[] }
    | { readonly added: readonly PersonDifference[] }
    /** So many people would be named, which waits for a person. */
    | { readonly waiting: number; readonly isKnown: boolean }
    /** All that differs is decided. */
    | { readonly isDecided: true }
  );

/** What is remembered of people that go to the source in jobs as well. */
const FIELDS = Object.freeze(['people'] as const);

/**
 * Names people of a source whom a target has named, where the source has not, and adds birth dates; where a job says so. It comes before people are followed, so that others who have them get it in the same cycle.
 */
export const personCorrections = definePhase({
  name: 'person-corrections',
  what: 'Names people of sources whom recipients have named, where a share says both_ways: people.',
  per: 'target',
  counts: { peopleCorrected: 'people named, or given a birth date, by recipients' },
  asks: (view, target) => [
    view.sql`SELECT 1 WHERE ${target} = ANY (${jobsOf(view).map(({ targetUserId }) => targetUserId)}::uuid[])`,
  ],
  plan: async function* (view: View, targetUserId: string): AsyncGenerator<PersonCorrectionsPage> {
    for (const job of jobsOf(view).filter((one) => one.targetUserId === targetUserId)) yield* planJob(view, job);
  },
  apply: async (tools, _targetUserId, pages, tally: Tally<'peopleCorrected'>) => {
    const { database, schema } = tools;
    const failed = new Map<string, number>();
    for await (const page of pages) {
      const way = peopleWay(page.job.name);
      if ('waiting' in page) await database.transaction((tx) => noteWaiting(tx, way, page.waiting));
      else if ('isDecided' in page) {
        await database.transaction((tx) => noteDecided(tx, way, FIELDS, failed.get(way) ?? 0));
      } else if ('added' in page) {
        const corrected = await countInBatches(
          database,
          page.added,
          (tx, batch) => writePersonDifferences(tx, schema, page.job, batch),
          (_person, error) => {
            failed.set(way, (failed.get(way) ?? 0) + 1);
            tally.problem(refused(error, { table: 'person' }));
          },
          'READ COMMITTED',
        );
        tally.add('peopleCorrected', corrected);
      }
    }
  },
  describe: (page: PersonCorrectionsPage) => {
    if ('added' in page) {
      return linesOf(
        '~',
        'people to be named by recipients',
        page.added,
        ({ sourcePersonId, field }) =>
          `person ${sourcePersonId} gets a ${field === 'personName' ? 'name' : 'birth date'}`,
      );
    }
    if ('conflicts' in page) {
      return page.conflicts.map(({ sourcePersonId, field }) => ({
        sign: '!',
        kind: 'conflicts about people',
        text: `person ${sourcePersonId} has another ${field === 'personName' ? 'name' : 'birth date'} with a recipient`,
        reason: 'both-changed',
        isKnown: true,
      }));
    }
    if ('waiting' in page) {
      return [{
        sign: '!',
        kind: 'people held back',
        count: page.waiting,
        text: `${
          count(page.waiting, 'person', 'people')
        } would be named by recipients, which waits until it is confirmed`,
        isKnown: page.isKnown,
      }];
    }
    return [{ sign: '~', kind: 'shares whose people go both ways from now on', text: 'people go both ways' }];
  },
});

/** The first of each pair of users that says so. */
function jobsOf(view: View): Job[] {
  const jobs = workable(view).filter(({ bothWays }) => bothWays?.includes('people'));
  return [...Map.groupBy(jobs, ({ sourceUserId, targetUserId }) => `${sourceUserId} ${targetUserId}`).values()]
    .flatMap(([first]) => first ?? []);
}

async function* planJob(view: View, job: Job): AsyncGenerator<PersonCorrectionsPage> {
  const way = await readWay(view.sql, peopleWay(job.name));
  const isBegin = way === undefined || way.fields.length === 0;
  const isWaiting = isWaitingWay(way);
  const added: PersonDifference[] = [];
  for await (const page of findPersonDifferences(view, job)) {
    const conflicts = page.filter(({ kind }) => kind === 'conflict');
    if (conflicts.length > 0) yield { job, conflicts };
    added.push(...page.filter(({ kind }) => kind === 'added'));
  }
  const people = new Set(added.map(({ sourcePersonId }) => sourcePersonId)).size;
  if (await isHeldBack(view, job, way, { isBegin, number: people, what: 'people' })) {
    yield { job, waiting: people, isKnown: way?.photos === people };
    return;
  }
  if (added.length > 0) yield { job, added };
  if (isBegin || isWaiting) yield { job, isDecided: true };
}
