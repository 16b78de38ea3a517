import { existsSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import { sameFile } from '../../files/identity.ts';
import { FileProblem } from '../../files/problem.ts';
import { isRowError } from '../../postgres/faults.ts';
import type { Sql } from '../../postgres/connect.ts';
import { type Place, type Problem, problem } from '../../problems/problem.ts';
import type { Context, PlanningContext } from '../cycle/context.ts';
import { insertFiles } from '../copy/insert_files.ts';
import { readExistingMirrors } from '../mirrors/existing.ts';
import { findOriginals, type Going, removeOriginals } from '../kept/remove_originals.ts';
import type { Job } from '../jobs/job.ts';
import {
  forgetEntries,
  type JournalEntry,
  notRemoved,
  recordLinks,
  recordStamps,
  removeFiles,
  stampOf,
} from '../mirrors/journal.ts';
import { type FilesPlan, pathsOf, planFiles } from '../mirrors/files.ts';
import { mirrorPages } from '../mirrors/pages.ts';
import { inSlices } from '../cycle/slices.ts';

/**
 * Finds mirrors whose files are not their sources' any more: moved, replaced, made anew, added, gone from disk, or with a time
 * that a scan would stumble over. A page at a time; reads only.
 */
export async function* planMirrorFiles(
  sql: Sql,
  context: PlanningContext,
  job: Job,
): AsyncGenerator<FilesPlan[]> {
  const { schema, jobs, scope, linker, paths, limits } = context;
  for await (const page of mirrorPages(sql, job, scope, limits.mirrors)) {
    const mirrors = await readExistingMirrors(sql, schema, job, jobs, page);
    const plans: FilesPlan[] = [];
    await inSlices(mirrors, (mirror) => {
      const plan = planFiles(mirror, job, linker, paths);
      if (plan !== undefined) plans.push(plan);
    });
    if (plans.length > 0) yield plans;
  }
}

export interface FilesResult {
  /** Mirrors whose files or paths changed. */
  readonly updated: number;
  readonly problems: readonly Problem[];
}

/** Makes the mirrors' files follow: new links, then rows, then old links, so that a row always finds its file. */
export async function applyMirrorFiles(context: Context, job: Job): Promise<FilesResult> {
  const problems: Problem[] = [];
  let updated = 0;
  for await (const plans of planMirrorFiles(context.sql, context, job)) {
    await keepOthersFiles(context, job, plans, problems);
    await context.transaction(async (tx) => {
      await recordLinks(tx, plans.flatMap(newEntries));
      await recordStamps(tx, plans.flatMap((files) => [...originalEntries(files), ...files.staleStamps]));
    });
    const linked = await relink(context, plans, problems);
    const written = await writeRows(context, job, linked, problems);
    await removeObsolete(context, job, plans, written, problems);
    updated += written.filter(doesMore).length;
  }
  return { updated, problems };
}

/** Whether a plan is about more than our own notes. */
function doesMore({ links, obsolete, row, newFiles, oldFileIds }: FilesPlan): boolean {
  return row !== undefined || links.length + obsolete.length + newFiles.length + oldFileIds.length > 0;
}

/** Returns the plans all of whose links were made. */
async function relink(context: Context, plans: readonly FilesPlan[], problems: Problem[]): Promise<FilesPlan[]> {
  // One mirror may take the place that another one leaves.
  const isLeft = new Set(plans.flatMap(({ obsolete }) => obsolete.map(({ path }) => path)));
  const done: FilesPlan[] = [];
  await inSlices(plans, (files) => {
    try {
      for (const { source, target, link } of files.links) {
        const isOurs = [files.journaled, files.named, isLeft].some((known) => known.has(link.mirrorPath));
        if (!isOurs && existsSync(target) && !sameFile(source.realPath, target)) {
          throw new FileProblem('occupied', target);
        }
        context.linker.replace(source, target);
      }
      done.push(files);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      problems.push(error.toProblem(placeOf(files)));
    }
  }, context.signal);
  return done;
}

/** Writes the rows of a page; when PostgreSQL refuses one, mirror by mirror. Returns the plans whose rows were written. */
async function writeRows(
  context: Context,
  job: Job,
  plans: readonly FilesPlan[],
  problems: Problem[],
): Promise<FilesPlan[]> {
  if (plans.length === 0) return [];
  try {
    await context.transaction((tx) => updateRows(tx, context, job, plans));
    return [...plans];
  } catch (error) {
    if (!isRowError(error)) throw error;
    const [only] = plans;
    if (only !== undefined && plans.length === 1) {
      problems.push(problem('constraint', placeOf(only), messageOf(error)));
      return [];
    }
    const written: FilesPlan[] = [];
    for (const files of plans) written.push(...await writeRows(context, job, [files], problems));
    return written;
  }
}

async function updateRows(tx: Sql, { schema }: Context, job: Job, plans: readonly FilesPlan[]): Promise<void> {
  const rows = plans.flatMap(({ plan, row }) =>
    row === undefined ? [] : [{ ...row, mirrorAssetId: plan.mirrorAssetId }]
  );
  const input = tx`
    jsonb_to_recordset(${tx.json(rows as never)}) AS input (
      "mirrorAssetId" uuid,
      "mirrorPath" text,
      checksum text,
      "fileModifiedAt" timestamptz,
      "isSeen" boolean,
      "sidecarPath" text,
      "encodedVideoPath" text
    )`;
  const ofOlderReleases = [
    schema.has('asset', 'sidecarPath') ? tx`, "sidecarPath" = input."sidecarPath"` : tx``,
    schema.has('asset', 'encodedVideoPath') ? tx`, "encodedVideoPath" = coalesce(input."encodedVideoPath", '')` : tx``,
  ];
  const returns = tx`(mirror."isOffline" AND mirror.status = 'active' AND input."isSeen")`;
  // Two mirrors may change places, and each must have a checksum of its own at any time.
  await tx`
    UPDATE asset mirror
    SET checksum = decode(md5(mirror.id::text), 'hex')
    FROM ${input}
    WHERE mirror.id = input."mirrorAssetId"
      AND mirror."originalPath" <> input."mirrorPath"`;
  await tx`
    UPDATE asset mirror
    SET "originalPath" = input."mirrorPath",
        checksum = CASE WHEN input."isSeen" THEN decode(input.checksum, 'hex') ELSE mirror.checksum END,
        "libraryId" = ${job.targetLibraryId},
        "fileModifiedAt" = coalesce(input."fileModifiedAt", source."fileModifiedAt"),
        "deletedAt" = CASE WHEN ${returns} THEN NULL ELSE mirror."deletedAt" END,
        "isOffline" = mirror."isOffline" AND NOT ${returns}
        ${ofOlderReleases[0] ?? tx``}
        ${ofOlderReleases[1] ?? tx``}
    FROM ${input}
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = input."mirrorAssetId"
    JOIN asset source ON source.id = m.source_asset_id
    WHERE mirror.id = input."mirrorAssetId"`;
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET job_name = ${job.name}
    FROM ${input}
    WHERE m.mirror_asset_id = input."mirrorAssetId"
      AND m.job_name <> ${job.name}`;
  await tx`DELETE FROM asset_file WHERE id = ANY (${plans.flatMap(({ oldFileIds }) => oldFileIds)}::uuid[])`;
  await insertFiles(
    tx,
    schema,
    plans.map(({ plan, newFiles }) => ({ plan: { ...plan, files: newFiles }, files: new Set(newFiles) })),
  );
}

/** Removes what no row names any more, unless another mirror has taken the place. */
async function removeObsolete(
  context: Context,
  job: Job,
  plans: readonly FilesPlan[],
  written: readonly FilesPlan[],
  problems: Problem[],
): Promise<void> {
  const obsolete = written.flatMap((files) => files.obsolete);
  if (obsolete.length === 0) return;
  const taken = new Set(plans.flatMap(pathsOf));
  const free = obsolete.filter(({ path }) => !taken.has(path));
  const originals = await findOriginals(context.sql, free);
  const failed = [
    ...removeFiles(free.filter((entry) => !originals.has(entry)), context.linker, context.paths),
    ...await removeOriginals(context, written.map((files) => goingOf(job, files)), [...originals]),
  ];
  problems.push(...failed.map(notRemoved));
  const staying = new Set(failed.map(({ entry }) => entry));
  await context.transaction((tx) => forgetEntries(tx, obsolete.filter((entry) => !staying.has(entry))));
}

/** A file in the place of an original that is neither ours nor the source's is somebody's work. */
async function keepOthersFiles(
  context: Context,
  job: Job,
  plans: readonly FilesPlan[],
  problems: Problem[],
): Promise<void> {
  const replaced = plans.flatMap((files) =>
    originalEntries(files).flatMap(({ path }) => files.journaled.get(path) ?? [])
  );
  const going = plans.map((files) => goingOf(job, files));
  const failed = await removeOriginals(context, going, replaced, { onlyKeeps: true });
  problems.push(...failed.map(notRemoved));
}

function goingOf(job: Job, { plan }: FilesPlan): Going {
  const { mirrorAssetId, sourceAssetId } = plan;
  return { mirrorAssetId, sourceAssetId, targetUserId: job.targetUserId, jobName: job.name };
}

function newEntries({ plan, links, journaled }: FilesPlan): JournalEntry[] {
  return links.filter(({ link }) => !journaled.has(link.mirrorPath)).map(({ link, source }) => ({
    mirrorId: plan.mirrorAssetId,
    path: link.mirrorPath,
    keep: link.keep,
    stamp: link === plan.original ? stampOf(source) : null,
  }));
}

/** The original that is to be linked, as the journal will know it. */
function originalEntries({ plan, links }: FilesPlan): JournalEntry[] {
  return links.filter(({ link }) => link === plan.original).map(({ link, source }) => ({
    mirrorId: plan.mirrorAssetId,
    path: link.mirrorPath,
    keep: link.keep,
    stamp: stampOf(source),
  }));
}

function placeOf({ plan: { sourceAssetId, sourcePath } }: FilesPlan): Place {
  return { assetId: sourceAssetId, photo: sourcePath };
}
