import { getLogger } from '@logtape/logtape';
import { plain, quotedPath } from '../../config/quote.ts';
import type { Sql } from '../../postgres/connect.ts';
import { type AdoptedMirror, adoptMirrors, planAdoptedMirrors, planOrphanedMirrors } from '../adoption/adopt_assets.ts';
import { planAdoptedLinks, planAdoptedThumbnails, readFormerJobs } from '../adoption/adopt_links.ts';
import { type AdoptedStack, adoptStacks, findAdoptedStacks, readStacksOf } from '../adoption/adopt_stacks.ts';
import { inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import { type Tools, type View, workable } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { type JournalEntry, recordLinks } from '../mirrors/journal.ts';
import {
  type Faceless,
  type FaceMatch,
  findFaceless,
  findUnsettledFaces,
  insertFaceMatches,
  matchFaces,
  type SettledFace,
  settleFaces,
} from '../people/adopt_faces.ts';
import { type AdoptedPerson, adoptPeople, findAdoptedPeople } from '../people/adopt_people.ts';
import { definePhase, eachPage, linesOf, type PlanLine, type Tally } from './phase.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** One kind at a time, in this order. */
export type AdoptionPage =
  | { readonly job: Job; readonly mirrors: readonly AdoptedMirror[] }
  | { readonly stacks: readonly AdoptedStack[] }
  | { readonly faces: readonly FaceMatch[] }
  | { readonly targetUserId: string; readonly people: readonly AdoptedPerson[] }
  | { readonly settled: readonly SettledFace[] }
  | { readonly files: readonly JournalEntry[] };

type Count = 'adopted' | 'stacksAdopted' | 'facesAdopted' | 'peopleAdopted' | 'filesAdopted';

/**
 * Recognises mirrors of ours of which our own tables say nothing, or not all: a backup was restored without them, or they
 * were lost. It comes before anything that would take files without a mapping for left-overs.
 *
 * What cannot be known again: what the target had deleted (it is shared anew), and what we wrote last into a field (where a
 * mirror differs from its source it is taken for what the target wants).
 */
export const adoption = definePhase({
  name: 'adoption',
  what:
    'Recognises shared photos, faces, people and files of ours of which our own tables say nothing, as after a backup was restored.',
  per: 'cycle',
  isFullOnly: true,
  counts: {
    adopted: 'shared photos recognised',
    stacksAdopted: 'stacks recognised',
    facesAdopted: 'faces recognised',
    peopleAdopted: 'people recognised',
    filesAdopted: 'files recognised',
  },
  plan: planAdoption,
  apply: eachPage(applyAdoption),
  describe: describeAdoption,
});

async function* planAdoption(view: View): AsyncGenerator<AdoptionPage> {
  const { sql, schema, limits } = view;
  const jobs = workable(view);
  const stackIds = new Map<Job, Set<string>>();
  for (const plan of [planAdoptedMirrors, planOrphanedMirrors]) {
    for (const job of jobs) {
      for await (const mirrors of plan(view, job)) {
        const known = stackIds.get(job) ?? new Set();
        stackIds.set(job, known);
        for (const id of await readStacksOf(sql, mirrors.map(({ mirrorAssetId }) => mirrorAssetId))) known.add(id);
        yield { job, mirrors };
      }
    }
  }
  for (const [job, ids] of stackIds) {
    const stacks = ids.size === 0 ? [] : await findAdoptedStacks(sql, job, [...ids]);
    if (stacks.length > 0) yield { stacks };
  }
  const batches: string[][] = [];
  for (const job of jobs) {
    const { mirrors: size } = limits;
    for await (const faceless of searchPages((after?: Faceless) => findFaceless(view, job, after), size)) {
      const faces = await matchFaces(sql, schema, faceless.map(({ id }) => id));
      if (faces.length === 0) continue;
      batches.push([...new Set(faces.map(({ mirrorAssetId }) => mirrorAssetId))]);
      yield { faces };
    }
  }
  for (const targetUserId of new Set(jobs.map((job) => job.targetUserId))) {
    const people = await findAdoptedPeople(sql, schema, targetUserId, batches.flat());
    if (people.length > 0) yield { targetUserId, people };
  }
  for (const batch of batches) {
    const settled = await findUnsettledFaces(sql, schema, batch);
    if (settled.length > 0) yield { settled };
  }
  for (const job of [...jobs, ...await readFormerJobs(view)]) {
    for await (const files of planAdoptedLinks(view, job)) yield { files };
  }
  for (const targetUserId of new Set(jobs.map((job) => job.targetUserId))) {
    for await (const files of planAdoptedThumbnails(view, targetUserId)) yield { files };
  }
}

async function applyAdoption(
  { database, schema }: Tools,
  _unit: undefined,
  page: AdoptionPage,
  tally: Tally<Count>,
): Promise<void> {
  const adopt = async <Item>(
    what: Count,
    items: readonly Item[],
    work: (tx: Sql, batch: Item[]) => Promise<number>,
  ) => {
    const onRefused = (_item: Item, error: unknown) => tally.problem(refused(error, {}));
    const counts = await inBatches(database, items, work, onRefused);
    const total = counts.reduce((sum, count) => sum + count, 0);
    tally.add(what, total);
    if (total > 0) logger.info('recognised {total} of an earlier time ({what})', { total, what });
  };
  if ('mirrors' in page) {
    await adopt('adopted', page.mirrors, (tx, batch) => adoptMirrors(tx, schema, page.job, batch));
  } else if ('stacks' in page) {
    await adopt('stacksAdopted', page.stacks, adoptStacks);
  } else if ('faces' in page) {
    await adopt('facesAdopted', page.faces, insertFaceMatches);
  } else if ('people' in page) {
    await adopt('peopleAdopted', page.people, (tx, batch) => adoptPeople(tx, schema, page.targetUserId, batch));
  } else if ('settled' in page) {
    await adopt('facesAdopted', page.settled, settleFaces);
  } else {
    await adopt('filesAdopted', page.files, async (tx, batch) => {
      await recordLinks(tx, batch);
      return batch.length;
    });
  }
}

function describeAdoption(page: AdoptionPage): PlanLine[] {
  if ('mirrors' in page) {
    const text = ({ path }: AdoptedMirror) => `${plain(page.job.name)}: ${quotedPath(path)}`;
    return linesOf('~', 'shared photos to recognise', page.mirrors, text);
  }
  if ('stacks' in page) {
    return linesOf('~', 'stacks to recognise', page.stacks, ({ mirrorStackId }) => `stack ${mirrorStackId}`);
  }
  if ('faces' in page) {
    return linesOf('~', 'faces to recognise', page.faces, ({ mirrorFaceId }) => `face ${mirrorFaceId}`);
  }
  if ('people' in page) {
    return linesOf('~', 'people to recognise', page.people, ({ mirrorPersonId }) => `person ${mirrorPersonId}`);
  }
  if ('settled' in page) {
    return linesOf('~', 'faces to recognise', page.settled, ({ mirrorAssetId }) => `who is on ${mirrorAssetId}`);
  }
  return linesOf('~', 'files to recognise', page.files, ({ path }) => quotedPath(path));
}
