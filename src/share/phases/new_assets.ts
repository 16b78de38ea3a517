import type { Sql } from '../../postgres/connect.ts';
import { isPlainPath } from '../../files/path_map.ts';
import { type Candidate, findOwnUploads, type Part, PARTS, readCandidates } from '../selection/candidates.ts';
import type { Context, PlanningContext } from '../cycle/context.ts';
import { copyBatch } from '../copy/copy_batch.ts';
import { insertPeople } from '../people/insert_people.ts';
import type { Job } from '../jobs/job.ts';
import { forgetLinks, type JournalEntry, recordLinks, removeFiles, stampOf } from '../mirrors/journal.ts';
import { type InspectedMirror, inspectFiles, linkFiles } from '../mirrors/links.ts';
import { mirrorIds, type MirrorPlan, planMirror } from '../mirrors/plan.ts';
import type { Skip } from '../cycle/outcome.ts';
import { recordSkips, skipOf } from '../standing/skips.ts';
import { findTakenPaths } from '../mirrors/taken_paths.ts';

/** One page of what is to be mirrored. A dry run prints it; apply consumes it. */
export interface NewAssetsPlan {
  readonly mirrors: readonly InspectedMirror[];
  readonly skips: readonly Skip[];
}

export interface NewAssetsResult {
  readonly created: number;
  readonly faces: number;
  readonly links: number;
}

/** Told while it runs, so that nothing has to be kept of a million assets. */
export interface NewAssetsObserver {
  onProgress(assets: number): void;
  onSkip(skip: Skip): void;
}

/**
 * Decides for each candidate of a job how it is mirrored, page by page. Reads only. The motion parts of live photos come
 * after everything else has been applied, as they follow their stills.
 */
export async function* planNewAssets(
  sql: Sql,
  context: PlanningContext,
  job: Job,
  part: Part,
): AsyncGenerator<NewAssetsPlan> {
  const { schema, scope, limits } = context;
  for await (const candidates of readCandidates(sql, schema, job, scope, part, limits)) {
    const duplicates = await findOwnUploads(sql, job, candidates.map(({ id }) => id));
    const newId = mirrorIds();
    const [duplicated, others] = partition(candidates, ({ id }) => duplicates.has(id));
    const [usable, unusable] = partition(others, ({ originalPath }) => isPlainPath(originalPath));
    const planned = usable.map((candidate) => planMirror(candidate, job, newId));
    const taken = await findTakenPaths(sql, job, planned.map(({ mirrorPath }) => mirrorPath));
    const [late, plans] = partition(planned, ({ mirrorPath }) => taken.has(mirrorPath));
    const { mirrors, skips } = await inspectFiles(plans, context.linker, context.paths);
    yield {
      mirrors,
      skips: [...duplicated.map(duplicateSkip), ...unusable.map(unusableSkip), ...late.map(lateSkip), ...skips],
    };
  }
}

/**
 * Mirrors what is ready and has no mirror yet. While PostgreSQL copies the rows of one batch, or of two, the next
 * is planned and its files are linked. People are made before, batch by batch, as faces of several batches share them.
 */
export async function applyNewAssets(
  context: Context,
  job: Job,
  observer: NewAssetsObserver,
): Promise<NewAssetsResult> {
  const results: NewAssetsResult[] = [];
  for (const part of PARTS) {
    const copying: Promise<NewAssetsResult>[] = [];
    try {
      for await (const plan of planNewAssets(context.sql, context, job, part)) {
        const batch = await prepareFiles(context, job, plan);
        const oldest = copying.length >= context.copyWorkers ? copying.shift() : undefined;
        if (oldest !== undefined) results.push(await oldest);
        const copied = copyRows(context, job, batch, observer);
        copied.catch(() => {}); // it is awaited, but perhaps not before it fails
        copying.push(copied);
        observer.onProgress(plan.mirrors.length + plan.skips.length);
      }
    } finally {
      await Promise.allSettled(copying);
    }
    results.push(...await Promise.all(copying));
  }
  const created = sum(results.map((result) => result.created));
  if (created >= context.limits.batch) await analyzeOwnTables(context.sql);
  return {
    created,
    faces: sum(results.map((result) => result.faces)),
    links: sum(results.map((result) => result.links)),
  };
}

/** A batch whose files are in place and whose rows are not. */
interface LinkedBatch {
  readonly mirrors: readonly InspectedMirror[];
  readonly skips: readonly Skip[];
  /** Journaled mirrors that have no files. */
  readonly unlinked: readonly string[];
}

/** Journals and makes the links of a batch. */
async function prepareFiles(context: Context, job: Job, plan: NewAssetsPlan): Promise<LinkedBatch> {
  if (plan.mirrors.length === 0) return { mirrors: [], skips: plan.skips, unlinked: [] };
  await context.transaction(async (tx) => {
    await recordLinks(tx, plan.mirrors.flatMap(entriesOf));
    await insertPeople(tx, context.schema, job, plan.mirrors.map(({ plan: { sourceAssetId } }) => sourceAssetId));
  });
  const { linked, littered, skips } = await linkFiles(plan.mirrors, context.linker, context.signal);
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
  context: Context,
  job: Job,
  batch: LinkedBatch,
  observer: NewAssetsObserver,
): Promise<NewAssetsResult> {
  const copied = await copyBatch(context, job, batch.mirrors);
  const created = new Set(copied.created);
  const [made, refused] = partition(batch.mirrors, ({ plan }) => created.has(plan.mirrorAssetId));
  const skips = [...batch.skips, ...copied.skips];
  if (refused.length > 0 || skips.length > 0) {
    const failed = new Set(
      removeFiles(refused.flatMap(entriesOf), context.linker, context.paths).map(({ entry }) => entry.mirrorId),
    );
    const settled = refused.map(({ plan }) => plan.mirrorAssetId).filter((id) => !failed.has(id));
    await context.transaction(async (tx) => {
      await forgetLinks(tx, [...settled, ...batch.unlinked]);
      await recordSkips(tx, job, skips);
    });
    for (const skip of skips) observer.onSkip(skip);
  }
  return { created: made.length, faces: copied.faces, links: sum(made.map(({ links }) => links.length)) };
}

/** The journal rows of a mirror. */
function entriesOf({ plan, links }: InspectedMirror): JournalEntry[] {
  return links.map(({ link, source }) => ({
    mirrorId: plan.mirrorAssetId,
    path: link.mirrorPath,
    keep: link.keep,
    stamp: link === plan.original ? stampOf(source) : null,
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

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
