import type { Sql } from '../../postgres/connect.ts';
import { inTransaction } from '../../postgres/transaction.ts';
import { type Candidate, findOwnUploads, type Part, PARTS, readCandidates } from '../candidates.ts';
import type { Context } from '../context.ts';
import { copyBatch } from '../copy/copy_batch.ts';
import type { NewMirror } from '../copy/insert_assets.ts';
import type { Job } from '../job.ts';
import { entriesOf, forgetLinks, type JournalEntry, recordLinks, removeFiles } from '../journal.ts';
import { linkFiles } from '../link_files.ts';
import { linksOf, mirrorIds, type MirrorPlan, planMirror } from '../mirror_plan.ts';
import type { Skip } from '../outcome.ts';
import { recordSkips } from '../skips.ts';

/** One page of what is to be mirrored. */
export interface NewAssetsPlan {
  readonly mirrors: readonly MirrorPlan[];
  readonly skips: readonly Skip[];
}

export interface NewAssetsResult {
  readonly created: number;
  readonly faces: number;
  readonly links: number;
  readonly skips: readonly Skip[];
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Decides for each candidate of a job how it is mirrored, page by page. Reads only. The motion parts of live photos come
 * after everything else has been applied, as they follow their stills.
 */
export async function* planNewAssets(sql: Sql, context: Context, job: Job, part: Part): AsyncGenerator<NewAssetsPlan> {
  let after = FIRST_ID;
  while (true) {
    const limit = context.batchSize;
    const candidates = await readCandidates(sql, context.schema, job, { part, after, limit });
    const duplicates = await findOwnUploads(sql, job, candidates.map(({ id }) => id));
    const last = candidates.at(-1);
    if (last === undefined) return;
    const newId = mirrorIds();
    yield {
      mirrors: candidates
        .filter(({ id }) => !duplicates.has(id))
        .map((candidate) => planMirror(candidate, job, newId)),
      skips: candidates.filter(({ id }) => duplicates.has(id)).map(duplicateSkip),
    };
    if (candidates.length < limit) return;
    after = last.id;
  }
}

/**
 * Phase 1: mirrors what is ready and has no mirror yet. While PostgreSQL copies the rows of one batch the files of the
 * next are linked, so that on two cores the slower of the two sets the pace.
 */
export async function applyNewAssets(
  context: Context,
  job: Job,
  onProgress: (assets: number) => void,
): Promise<NewAssetsResult> {
  const results: NewAssetsResult[] = [];
  for (const part of PARTS) {
    let linked: LinkedBatch | undefined;
    for await (const plan of planNewAssets(context.sql, context, job, part)) {
      const entries = plan.mirrors.flatMap((mirror) => entriesOf(mirror.mirrorAssetId, linksOf(mirror)));
      await recordLinks(context.sql, entries);
      const [copied, next] = await Promise.allSettled([
        linked && copyRows(context, job, linked),
        linkBatch(context, plan, entries),
      ]);
      if (copied.status === 'rejected') throw copied.reason;
      if (next.status === 'rejected') throw next.reason;
      if (copied.value !== undefined) results.push(copied.value);
      linked = next.value;
      onProgress(plan.mirrors.length + plan.skips.length);
    }
    if (linked !== undefined) results.push(await copyRows(context, job, linked));
  }
  const created = sum(results.map((result) => result.created));
  if (created >= context.batchSize) await analyzeOwnTables(context.sql);
  return {
    created,
    faces: sum(results.map((result) => result.faces)),
    links: sum(results.map((result) => result.links)),
    skips: results.flatMap((result) => result.skips),
  };
}

/** A batch whose files are in place and whose rows are not. */
interface LinkedBatch {
  readonly mirrors: readonly NewMirror[];
  readonly skips: readonly Skip[];
  readonly entries: readonly JournalEntry[];
}

async function linkBatch(context: Context, plan: NewAssetsPlan, entries: readonly JournalEntry[]): Promise<LinkedBatch> {
  const { linked, skips } = await linkFiles(plan.mirrors, context.linker, context.paths);
  return { mirrors: linked, skips: [...plan.skips, ...skips], entries };
}

/** Writes the rows of a batch; what did not come to be loses its files again and is remembered with its reason. */
async function copyRows(context: Context, job: Job, batch: LinkedBatch): Promise<NewAssetsResult> {
  const copied = await copyBatch(context.sql, context.schema, job, batch.mirrors);
  const created = new Set(copied.created);
  const skips = [...batch.skips, ...copied.skips];
  const superfluous = batch.entries.filter((entry) => !created.has(entry.mirrorId));
  if (superfluous.length > 0 || skips.length > 0) {
    const failed = new Set(removeFiles(superfluous, context.linker, context.paths).map(({ entry }) => entry.mirrorId));
    const settled = new Set(superfluous.map((entry) => entry.mirrorId).filter((id) => !failed.has(id)));
    await inTransaction(context.sql, async (tx) => {
      await forgetLinks(tx, [...settled]);
      await recordSkips(tx, job, skips);
    });
  }
  return { created: created.size, faces: copied.faces, links: batch.entries.length - superfluous.length, skips };
}

/**
 * Tells PostgreSQL how full our tables are. Autovacuum would, within a minute; the phases that follow a first copy come
 * sooner and are planned badly for tables that look empty.
 */
async function analyzeOwnTables(sql: Sql): Promise<void> {
  await sql`
    ANALYZE immich_sidecar.asset_map, immich_sidecar.face_map, immich_sidecar.person_map, immich_sidecar.link`;
}

function duplicateSkip(candidate: Candidate): Skip {
  return {
    sourceAssetId: candidate.id,
    sourceUpdateId: candidate.updateId,
    sourcePath: candidate.originalPath,
    reason: 'duplicate',
    detail: 'the target has uploaded this picture himself (same name and capture time)',
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
