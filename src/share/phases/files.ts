import { existsSync } from 'node:fs';
import { quotedPath } from '../../config/quote.ts';
import { sameFile } from '../../files/identity.ts';
import { FileProblem } from '../../files/problem.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Place } from '../../problems/problem.ts';
import { insertFiles } from '../copy/insert_files.ts';
import { filesToCompare } from '../cycle/alike.ts';
import { inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { inSlices } from '../cycle/slices.ts';
import type { Tools } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { findOriginals, type Going, removeOriginals } from '../kept/remove_originals.ts';
import { readExistingMirrors } from '../mirrors/existing.ts';
import { compareFiles, type FilesPlan, pathsOf } from '../mirrors/files.ts';
import { copiedOriginals } from '../mirrors/links.ts';
import {
  forgetEntries,
  type JournalEntry,
  linkStampOf,
  notRemoved,
  recordLinks,
  recordStamps,
  removeFiles,
} from '../mirrors/journal.ts';
import { saidBy } from '../mirrors/sidecars.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/**
 * Lets the files of mirrors follow that are not their sources' any more: moved, replaced, made anew, added, gone from disk, or with a
 * time that a scan would stumble over. First new links, then rows, then old links go, so that a row always finds its file.
 */
export const files = definePhase({
  name: 'files',
  what: 'Links originals, sidecars, thumbnails and videos again that were moved, replaced, made anew or lost.',
  per: 'job',
  isAboutMeant: true,
  isAboutMakers: true,
  counts: { filesUpdated: 'photos whose files were linked anew' },
  plan: async function* (view, job: Job) {
    const { sql, schema, jobs, files } = view;
    for await (const { page, compared } of filesToCompare(view, job)) {
      const mirrors = await readExistingMirrors(sql, schema, job, jobs, page);
      const plans: FilesPlan[] = [];
      await inSlices(mirrors, (mirror) => {
        const plan = compareFiles(mirror, job, jobs, files);
        if (plan !== undefined) plans.push(plan);
      });
      await compared(plans.map(({ plan }) => plan.mirrorAssetId));
      if (plans.length > 0) yield plans;
      await view.meanwhile?.();
    }
  },
  apply: eachPage(async (tools, job: Job, plans: readonly FilesPlan[], tally: Tally<'filesUpdated'>) => {
    await keepOthersFiles(tools, job, plans, tally);
    await tools.database.transaction(async (tx) => {
      await recordLinks(tx, plans.flatMap(newEntries));
      const stamped = plans.flatMap(originalEntries).filter(({ stamp }) => stamp !== null);
      await recordStamps(tx, [...stamped, ...plans.flatMap(({ staleStamps }) => staleStamps)]);
    });
    const linked = await relink(tools, plans, tally);
    await noteCopies(tools, linked);
    const written = await writeRows(tools, job, linked, tally);
    await removeObsolete(tools, job, plans, written, tally);
    tally.add('filesUpdated', written.filter(doesMore).length);
  }),
  describe: (page) => [
    ...linesOf(
      '~',
      'photos whose files follow',
      page.filter(doesMore),
      ({ plan }) => `files of ${quotedPath(plan.mirrorPath)}`,
    ),
    ...linesOf(
      '~',
      'originals to note',
      page.filter((files) => !doesMore(files)),
      ({ plan }) => `original ${quotedPath(plan.mirrorPath)}`,
    ),
  ],
});

/** Returns the plans all of whose links were made. */
async function relink(
  { database, files: { linker } }: Tools,
  plans: readonly FilesPlan[],
  tally: Tally,
): Promise<FilesPlan[]> {
  // One mirror may take the place that another one leaves.
  const isLeft = new Set(plans.flatMap(({ obsolete }) => obsolete.map(({ path }) => path)));
  const done: FilesPlan[] = [];
  const { signal } = database;
  await inSlices(plans, async (files) => {
    try {
      for (const { source, target, link, isCopy } of files.links) {
        const isInPlace = isCopy ? linker.isCopy(source, target) : sameFile(source.realPath, target);
        const isOurs = [files.journaled, files.named, isLeft].some((known) => known.has(link.mirrorPath));
        if (!isOurs && existsSync(target) && !isInPlace) throw new FileProblem('occupied', target);
        if (isCopy) await linker.copyLarge(source, target, { signal });
        else linker.replace(source, target);
      }
      done.push(files);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      tally.problem(error.toProblem(placeOf(files)));
    }
  }, database.signal);
  return done;
}

/** A copy is known by its own inode, once it is there. */
async function noteCopies({ database, files }: Tools, plans: readonly FilesPlan[]): Promise<void> {
  const copies = copiedOriginals(plans, files);
  if (copies.length > 0) await database.transaction((tx) => recordStamps(tx, copies));
}

/** Writes the rows of a page. Returns the plans whose rows were written. */
async function writeRows(
  { database, schema }: Tools,
  job: Job,
  plans: readonly FilesPlan[],
  tally: Tally,
): Promise<FilesPlan[]> {
  // Read before rows are locked: a share may be slow.
  const said = new Map(plans.map((plan) => [plan, saidOf(plan)]));
  const write = async (tx: Sql, batch: FilesPlan[]) => {
    await updateRows(tx, schema, job, batch, said);
    return batch;
  };
  const written = await inBatches(
    database,
    plans,
    write,
    (plan, error) => tally.problem(refused(error, placeOf(plan))),
  );
  return written.flat();
}

async function updateRows(
  tx: Sql,
  schema: ImmichSchema,
  job: Job,
  plans: readonly FilesPlan[],
  said: ReadonlyMap<FilesPlan, readonly SaidBySidecar[]>,
): Promise<void> {
  const rows = plans.flatMap(({ plan, row }) =>
    row === undefined ? [] : [{ ...row, mirrorAssetId: plan.mirrorAssetId }]
  );
  const input = tx`
    jsonb_to_recordset(${tx.json(rows as never)}) AS input (
      "mirrorAssetId" uuid,
      "mirrorPath" text,
      "libraryId" uuid,
      checksum text,
      "checksumAlgorithm" text,
      "fileModifiedAt" timestamptz,
      "isSeen" boolean,
      "sidecarPath" text,
      "encodedVideoPath" text
    )`;
  const ofOlderReleases = [
    schema.has('asset', 'sidecarPath') ? tx`, "sidecarPath" = input."sidecarPath"` : tx``,
    schema.has('asset', 'encodedVideoPath') ? tx`, "encodedVideoPath" = coalesce(input."encodedVideoPath", '')` : tx``,
  ];
  const algorithm = schema.catalog.get('asset')?.columns.get('checksumAlgorithm');
  const named = algorithm === undefined ? tx`` : tx`,
        "checksumAlgorithm" = CASE
          WHEN input."isSeen" THEN input."checksumAlgorithm"::${tx.unsafe(algorithm.type)}
          ELSE mirror."checksumAlgorithm"
        END`;
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
        checksum = CASE WHEN input."isSeen" THEN decode(input.checksum, 'hex') ELSE mirror.checksum END
        ${named},
        "libraryId" = input."libraryId",
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
  await noteSidecars(tx, plans.flatMap((plan) => said.get(plan) ?? []));
  await tx`DELETE FROM asset_file WHERE id = ANY (${plans.flatMap(({ oldFileIds }) => oldFileIds)}::uuid[])`;
  await insertFiles(
    tx,
    schema,
    plans.map(({ plan, newFiles }) => ({ plan: { ...plan, files: newFiles }, files: new Set(newFiles) })),
  );
}

interface SaidBySidecar {
  readonly mirrorAssetId: string;
  readonly said: readonly string[];
}

function saidOf({ plan, links }: FilesPlan): SaidBySidecar[] {
  return links.filter(({ link }) => link !== plan.original && link.mirrorPath.endsWith('.xmp'))
    .map(({ source }) => ({ mirrorAssetId: plan.mirrorAssetId, said: saidBy(source.realPath) }));
}

/** Notes what sidecars say that were linked anew; what earlier ones said does not count any more. */
async function noteSidecars(tx: Sql, linked: readonly SaidBySidecar[]): Promise<void> {
  if (linked.length === 0) return;
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET sidecar_said = linked.said
    FROM jsonb_to_recordset(${tx.json(linked as never)}) AS linked ("mirrorAssetId" uuid, said uuid[])
    WHERE m.mirror_asset_id = linked."mirrorAssetId"`;
}

/** Removes what no row names any more, unless another mirror has taken the place. */
async function removeObsolete(
  tools: Tools,
  job: Job,
  plans: readonly FilesPlan[],
  written: readonly FilesPlan[],
  tally: Tally,
): Promise<void> {
  const { database, files } = tools;
  const obsolete = written.flatMap((plan) => plan.obsolete);
  if (obsolete.length === 0) return;
  const taken = new Set(plans.flatMap(pathsOf));
  const free = obsolete.filter(({ path }) => !taken.has(path));
  const originals = await findOriginals(database.sql, free);
  const failed = [
    ...removeFiles(free.filter((entry) => !originals.has(entry)), files),
    ...await removeOriginals(tools, written.map((plan) => goingOf(job, plan)), [...originals]),
  ];
  for (const failure of failed) tally.problem(notRemoved(failure, { assetId: failure.entry.mirrorId }));
  const staying = new Set(failed.map(({ entry }) => entry));
  await database.transaction((tx) => forgetEntries(tx, obsolete.filter((entry) => !staying.has(entry))));
}

/** A file in the place of an original that is neither ours nor the source's is somebody's work. */
async function keepOthersFiles(tools: Tools, job: Job, plans: readonly FilesPlan[], tally: Tally): Promise<void> {
  const replaced = plans.flatMap((files) =>
    originalEntries(files).flatMap(({ path }) => files.journaled.get(path) ?? [])
  );
  const going = plans.map((files) => goingOf(job, files));
  const failed = await removeOriginals(tools, going, replaced, { onlyKeeps: true });
  for (const failure of failed) tally.problem(notRemoved(failure, { assetId: failure.entry.mirrorId }));
}

/** Whether a plan is about more than our own notes. */
function doesMore({ links, obsolete, row, newFiles, oldFileIds }: FilesPlan): boolean {
  return row !== undefined || links.length + obsolete.length + newFiles.length + oldFileIds.length > 0;
}

function goingOf(job: Job, { plan }: FilesPlan): Going {
  const { mirrorAssetId, sourceAssetId } = plan;
  return { mirrorAssetId, sourceAssetId, targetUserId: job.targetUserId, jobName: job.name };
}

function newEntries({ plan, links, journaled }: FilesPlan): JournalEntry[] {
  return links.filter(({ link }) => !journaled.has(link.mirrorPath)).map(({ link, source, isCopy }) => ({
    mirrorId: plan.mirrorAssetId,
    path: link.mirrorPath,
    keep: link.keep,
    stamp: link === plan.original && !isCopy ? linkStampOf(source) : null,
    saves: isCopy ? null : source.size,
  }));
}

/** The original that is to be linked, as the journal will know it. */
function originalEntries({ plan, links }: FilesPlan): JournalEntry[] {
  return links.filter(({ link }) => link === plan.original).map(({ link, source, isCopy }) => ({
    mirrorId: plan.mirrorAssetId,
    path: link.mirrorPath,
    keep: link.keep,
    stamp: isCopy ? null : linkStampOf(source),
  }));
}

function placeOf({ plan: { sourceAssetId, sourcePath } }: FilesPlan): Place {
  return { assetId: sourceAssetId, photo: sourcePath };
}
