import { getLogger } from '@logtape/logtape';
import { dirname } from 'node:path/posix';
import { quotedPath } from '../../config/quote.ts';
import { isPlainPath } from '../../files/path_map.ts';
import type { Sql } from '../../postgres/connect.ts';
import { wordsFor } from '../../problems/codes.ts';
import { describeProblem, type Place } from '../../problems/problem.ts';
import { copyBatch } from '../copy/copy_batch.ts';
import { countInBatches } from '../cycle/batches.ts';
import type { Skip } from '../cycle/outcome.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import {
  forgetLinks,
  type JournalEntry,
  linkStampOf,
  recordLinks,
  recordStamps,
  removeFiles,
} from '../mirrors/journal.ts';
import { copiedOriginals, type InspectedMirror, inspectFiles, linkFiles } from '../mirrors/links.ts';
import { mirrorIds, type MirrorPlan, planMirror } from '../mirrors/plan.ts';
import { findTakenPaths } from '../mirrors/taken_paths.ts';
import { insertPeople } from '../people/insert_people.ts';
import { type OwnParts, readOwnParts } from '../remembered/give_back.ts';
import { type Candidate, findOwnUploads, type Part, readCandidates } from '../selection/candidates.ts';
import { type KnownSkip, markKnown, recordSkips, skipOf } from '../standing/skips.ts';
import { readStanding, readyCount } from '../standing/standing.ts';
import { definePhase, type PlanLine, type Tally } from './phase.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** One page of what is to be mirrored. A dry run prints it; apply consumes it. */
export interface NewAssetsPlan {
  readonly mirrors: readonly InspectedMirror[];
  readonly skips: readonly KnownSkip[];
}

/**
 * Mirrors what is ready and has no mirror yet. While PostgreSQL copies the rows of one batch, or of two, the next is planned and its files
 * are linked. People are made before, batch by batch, as faces of several batches share them.
 */
export const newAssets = definePhase({
  name: 'new-assets',
  what: 'Shares what is selected, ready and not shared yet.',
  ...copying('main'),
  progress: {
    unit: 'photos',
    total: async ({ sql, schema, scope }, job: Job) =>
      scope === 'all' ? readyCount(await readStanding(sql, schema, job)) : scope.length,
  },
});

/** The same for the hidden motion parts of live photos, which follow their stills: all of these are there by now. */
export const motionParts = definePhase({
  name: 'motion-parts',
  what: 'Shares the hidden motion parts of live photos whose stills are shared.',
  ...copying('motion'),
});

function copying(part: Part) {
  return {
    per: 'job' as const,
    isAboutMeant: true,
    counts: { created: 'new', faces: 'faces copied', people: 'people new', links: 'links made' },
    plan: (view: View, job: Job) => planNewAssets(view, job, part),
    apply: applyNewAssets,
    describe: describeNewAssets,
  };
}

function describeNewAssets({ mirrors, skips }: NewAssetsPlan): PlanLine[] {
  return [
    ...mirrors.map(({ plan }): PlanLine => ({
      sign: '+',
      kind: 'photos to share',
      folder: dirname(plan.sourcePath),
      text: `${quotedPath(plan.sourcePath)} -> ${quotedPath(plan.mirrorPath)}`,
    })),
    ...skips.map((skip): PlanLine => ({
      sign: '!',
      kind: 'photos to leave out',
      reason: wordsFor(skip.reason),
      text: describeProblem(skip.problem),
      isKnown: skip.isKnown,
    })),
  ];
}

async function* planNewAssets(view: View, job: Job, part: Part): AsyncGenerator<NewAssetsPlan> {
  const { sql, schema, scope, files, limits } = view;
  const videos = new Set<string>();
  for await (const found of readCandidates(sql, schema, job, scope, part, limits)) {
    // Two with the same video share one mirror; the rows of the first may not be there yet.
    const candidates = found.filter(({ motionChecksum }) => motionChecksum === null || isNew(videos, motionChecksum));
    const duplicates = await findOwnUploads(sql, job, candidates.map(({ id }) => id));
    const newId = mirrorIds();
    const [duplicated, others] = partition(candidates, ({ id }) => duplicates.has(id));
    const [usable, unusable] = partition(others, ({ originalPath }) => isPlainPath(originalPath));
    const own = await readOwnParts(sql, schema, job, usable.map(({ id }) => id));
    const planned = usable.map((candidate) => planMirror(withoutOwn(candidate, own.get(candidate.id)), job, newId));
    const taken = await findTakenPaths(sql, job, planned.map(({ mirrorPath }) => mirrorPath));
    const [late, plans] = partition(planned, ({ mirrorPath }) => taken.has(mirrorPath));
    const { mirrors, skips } = await inspectFiles(plans, files);
    const all = [...duplicated.map(duplicateSkip), ...unusable.map(unusableSkip), ...late.map(lateSkip), ...skips];
    yield { mirrors, skips: await markKnown(sql, job, all) };
  }
}

/** Without the files that show what the target has changed on an earlier mirror: Immich makes theirs. */
function withoutOwn(candidate: Candidate, own: OwnParts | undefined): Candidate {
  if (own === undefined) return candidate;
  const { hasOwnEdits, hasOwnSidecar } = own;
  return {
    ...candidate,
    files: candidate.files.filter(({ type, isEdited }) =>
      !(hasOwnEdits && isEdited) && !(hasOwnSidecar && type === 'sidecar')
    ),
    sidecarPath: hasOwnSidecar ? null : candidate.sidecarPath,
  };
}

function isNew(known: Set<string>, value: string): boolean {
  if (known.has(value)) return false;
  known.add(value);
  return true;
}

async function applyNewAssets(
  tools: Tools,
  job: Job,
  pages: AsyncIterable<NewAssetsPlan>,
  tally: Tally<'created' | 'faces' | 'people' | 'links'>,
): Promise<void> {
  let created = 0;
  let analyzedAt = 0;
  const copying: Promise<number>[] = [];
  try {
    for await (const plan of pages) {
      const batch = await prepareFiles(tools, job, plan, tally);
      const oldest = copying.length >= tools.settings.copyWorkers ? copying.shift() : undefined;
      if (oldest !== undefined) created += await oldest;
      if (analyzedAt === 0 && created >= tools.database.batchSize) {
        await analyzeOwnTables(tools.database.sql);
        analyzedAt = created;
      }
      const copied = copyRows(tools, job, batch, tally);
      copied.catch(() => {}); // it is awaited, but perhaps not before it fails
      copying.push(copied);
      tally.advance(plan.mirrors.length + plan.skips.length);
    }
  } finally {
    await Promise.allSettled(copying);
  }
  for (const count of await Promise.all(copying)) created += count;
  if (created - analyzedAt >= tools.database.batchSize) await analyzeOwnTables(tools.database.sql);
}

/** A batch whose files are in place and whose rows are not. */
interface LinkedBatch {
  readonly mirrors: readonly InspectedMirror[];
  readonly skips: readonly Skip[];
  /** Journaled mirrors that have no files. */
  readonly unlinked: readonly string[];
}

/** Journals and makes the links of a batch. */
async function prepareFiles(
  { database, schema, files }: Tools,
  job: Job,
  plan: NewAssetsPlan,
  tally: Tally<'people'>,
): Promise<LinkedBatch> {
  if (plan.mirrors.length === 0) return { mirrors: [], skips: plan.skips, unlinked: [] };
  await database.transaction((tx) => recordLinks(tx, plan.mirrors.flatMap(entriesOf)));
  const people = await countInBatches(
    database,
    plan.mirrors,
    (tx, batch) => insertPeople(tx, schema, job, batch.map((mirror) => mirror.plan.sourceAssetId)),
    // The photo is shared without this person; the faces phase tries again.
    (mirror, error) => tally.problem(refused(error, placeOf(mirror))),
  );
  tally.add('people', people);
  const { linked, littered, skips } = await linkFiles(plan.mirrors, files, database.signal);
  const copies = copiedOriginals(linked, files);
  if (copies.length > 0) await database.transaction((tx) => recordStamps(tx, copies));
  const hasFiles = new Set([...linked, ...littered]);
  return {
    mirrors: linked,
    skips: [...plan.skips, ...skips],
    unlinked: plan.mirrors.filter((mirror) => !hasFiles.has(mirror)).map(({ plan: { mirrorAssetId } }) =>
      mirrorAssetId
    ),
  };
}

/** Writes the rows of a batch; what did not come to be loses its files again and is remembered with its reason. */
async function copyRows(
  { database, schema, files }: Tools,
  job: Job,
  batch: LinkedBatch,
  tally: Tally<'created' | 'faces' | 'links'>,
): Promise<number> {
  const copied = await copyBatch(database, schema, job, batch.mirrors);
  const created = new Set(copied.created);
  const [made, refusedOnes] = partition(batch.mirrors, ({ plan }) => created.has(plan.mirrorAssetId));
  const skips = [...batch.skips, ...copied.skips];
  if (refusedOnes.length > 0 || skips.length > 0) {
    const failed = new Set(removeFiles(refusedOnes.flatMap(entriesOf), files).map(({ entry }) => entry.mirrorId));
    const settled = refusedOnes.map(({ plan }) => plan.mirrorAssetId).filter((id) => !failed.has(id));
    await database.transaction(async (tx) => {
      await forgetLinks(tx, [...settled, ...batch.unlinked]);
      await recordSkips(tx, job, skips);
    });
    for (const skip of skips) tellSkip(job, skip, tally);
  }
  tally.add('created', made.length);
  tally.add('faces', copied.faces);
  tally.add('links', made.reduce((sum, { links }) => sum + links.length, 0));
  return made.length;
}

/** The journal rows of a mirror. */
function entriesOf({ plan, links }: InspectedMirror): JournalEntry[] {
  return links.map(({ link, source, isCopy }) => ({
    mirrorId: plan.mirrorAssetId,
    path: link.mirrorPath,
    keep: link.keep,
    stamp: link === plan.original && !isCopy ? linkStampOf(source) : null,
    saves: isCopy ? null : source.size,
  }));
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/**
 * Tells PostgreSQL how full our tables are. Autovacuum would, within a minute; the phases that follow a first copy come
 * sooner and are planned badly for tables that look empty.
 */
export async function analyzeOwnTables(sql: Sql): Promise<void> {
  await sql`
    ANALYZE immich_sidecar.asset_map, immich_sidecar.face_map, immich_sidecar.person_map, immich_sidecar.link`;
}

/** A path that is relative or has a step in it: nothing can be said about where its mirror would lie. */
function unusableSkip(candidate: Candidate): Skip {
  return skipOf(sourceOf(candidate), 'outside-roots');
}

/** The mirror of an older source is in its place. */
function lateSkip(plan: MirrorPlan): Skip {
  return skipOf(plan, 'conflict', { path: plan.mirrorPath });
}

function duplicateSkip(candidate: Candidate): Skip {
  return skipOf(sourceOf(candidate), 'duplicate', { detail: 'an upload with the same name and capture time' });
}

function sourceOf({ id, updateId, originalPath }: Candidate): Parameters<typeof skipOf>[0] {
  return { sourceAssetId: id, sourceUpdateId: updateId, sourcePath: originalPath };
}

function placeOf({ plan: { sourceAssetId, sourcePath } }: InspectedMirror): Place {
  return { assetId: sourceAssetId, photo: sourcePath };
}

function tellSkip(job: Job, { reason, problem, sourceAssetId }: Skip, tally: Tally): void {
  if (reason !== 'duplicate') return tally.problem(problem);
  logger.info('{job}: skipped {problem}', {
    job: job.name,
    problem: describeProblem(problem),
    assetId: sourceAssetId,
    code: reason,
  });
}
