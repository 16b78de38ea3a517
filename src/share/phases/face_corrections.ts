import { count } from '../../config/words.ts';
import { type FaceDecisions, findFaceDecisions, type NamedFaceDifference, takesFacesBack } from '../both_ways/faces.ts';
import { facesWay, isHeldBack, isWaitingWay, noteDecided, noteWaiting, readWay } from '../both_ways/waiting.ts';
import { writeFaces } from '../both_ways/write_faces.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { definePhase, linesOf, type PlanLine, type Tally } from './phase.ts';

/** What is to be done, to be noted, or only to be said, of faces that the target of a job has changed on mirrors. */
export type FaceCorrectionsPage =
  | { readonly conflicts: FaceDecisions<NamedFaceDifference>['conflicts'] }
  /** Both say the same. */
  | { readonly settled: readonly NamedFaceDifference[] }
  | { readonly corrections: readonly NamedFaceDifference[] }
  /** So many photos would be changed, which waits for a person. */
  | { readonly waiting: number; readonly isKnown: boolean }
  /** All that differs is decided. */
  | { readonly isDecided: true };

/** What is remembered of faces that go to the source in jobs as well. */
const FIELDS = Object.freeze(['people'] as const);

/**
 * Does with the faces of sources what a target has done with those of mirrors, where a job says so. It comes before faces are followed, so that others who have the photo get it in the same cycle, and after
 * new photos are there.
 */
export const faceCorrections = definePhase({
  name: 'face-corrections',
  what:
    'Does with faces of originals what recipients have done with them on shared photos, where a share says both_ways: people.',
  per: 'job',
  counts: { facesCorrected: 'faces of originals that recipients have added, moved or deleted' },
  plan: planFaceCorrections,
  apply: async (
    tools: Tools,
    job: Job,
    pages: AsyncIterable<FaceCorrectionsPage>,
    tally: Tally<'facesCorrected'>,
  ) => {
    const { database, schema } = tools;
    const way = facesWay(job.name);
    const failed = new Set<string>();
    for await (const page of pages) {
      if ('waiting' in page) await database.transaction((tx) => noteWaiting(tx, way, page.waiting));
      else if ('isDecided' in page) {
        await database.transaction((tx) => noteDecided(tx, way, FIELDS, failed.size));
      } else if (!('conflicts' in page)) {
        const written = await countInBatches(
          database,
          'settled' in page ? page.settled : page.corrections,
          (tx, batch) => writeFaces(tx, schema, job, batch),
          ({ sourceAssetId }, error) => {
            failed.add(sourceAssetId);
            tally.problem(refused(error, { assetId: sourceAssetId, table: 'asset_face' }));
          },
        );
        tally.add('facesCorrected', written);
      }
    }
  },
  describe: describePage,
});

async function* planFaceCorrections(view: View, job: Job): AsyncGenerator<FaceCorrectionsPage> {
  if (!takesFacesBack(job)) return;
  const way = await readWay(view.sql, facesWay(job.name));
  const isBegin = way === undefined || way.fields.length === 0;
  const isWaiting = isWaitingWay(way);
  const found: NamedFaceDifference[] = [];
  for await (const page of findFaceDecisions(isBegin || isWaiting ? { ...view, scope: 'all' } : view, job)) {
    if (page.conflicts.length > 0) yield { conflicts: page.conflicts };
    if (page.settled.length > 0) yield { settled: page.settled };
    found.push(...page.corrections);
  }
  const photos = new Set(found.map(({ sourceAssetId }) => sourceAssetId)).size;
  if (await isHeldBack(view, job, way, { isBegin, number: photos, what: 'photos' })) {
    yield { waiting: photos, isKnown: way?.photos === photos };
    return;
  }
  if (found.length > 0) yield { corrections: found };
  if (isBegin || isWaiting) yield { isDecided: true };
}

function describePage(page: FaceCorrectionsPage): PlanLine[] {
  if ('corrections' in page) {
    return linesOf(
      '~',
      'faces of originals to change as recipients have',
      page.corrections,
      ({ kind, sourceAssetId, sourceFaceId, counterpartId, mirrorFaceId }) =>
        kind === 'added'
          ? `original ${sourceAssetId} gets the face ${mirrorFaceId}, of ${counterpartId}`
          : kind === 'moved'
          ? `face ${sourceFaceId} of original ${sourceAssetId} -> ${counterpartId}`
          : `face ${sourceFaceId} of original ${sourceAssetId} is removed`,
    );
  }
  if ('settled' in page) {
    return linesOf(
      '~',
      'faces of whom both say the same',
      page.settled,
      ({ mirrorFaceId, counterpartId }) => `face ${mirrorFaceId} is ${counterpartId} for both`,
    );
  }
  if ('conflicts' in page) {
    return page.conflicts.map(({ sourceAssetId, mirrorFaceId, because }): PlanLine => ({
      sign: '!',
      kind: 'conflicts about faces',
      text: `original ${sourceAssetId} says otherwise about the face ${mirrorFaceId}: ${because}`,
      reason: because,
      isKnown: true,
    }));
  }
  if ('waiting' in page) {
    return [{
      sign: '!',
      kind: 'originals held back',
      count: page.waiting,
      text: `faces of ${
        count(page.waiting, 'original')
      } would be changed by recipients, which waits until it is confirmed`,
      isKnown: page.isKnown,
    }];
  }
  return [{ sign: '~', kind: 'shares whose faces go both ways from now on', text: 'faces go both ways' }];
}
