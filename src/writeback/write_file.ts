import { messageOf } from '../errors.ts';
import { asFileProblem, codeOf, FileProblem } from '../files/problem.ts';
import { refusal } from './exiftool_errors.ts';
import { isNameable, pathArgument, siblingArgument } from './exiftool/arguments.ts';
import type { ExifToolPool } from './exiftool/pool.ts';
import { ExifToolEnded } from './exiftool/process.ts';
import { imageHashes, readTags } from './exiftool/read.ts';
import { writeCommand } from './exiftool/write.ts';
import {
  flush,
  flushDirectoryOf,
  infoOf,
  isSameStamp,
  removeIfPresent,
  takeAttributes,
  temporaryPathFor,
  toStamp,
} from './files.ts';
import { readBack } from './quick_reading/read_back.ts';
import type { Scratch } from './scratch.ts';
import type { FilePlan, FileStamp } from './tags.ts';
import { missingChange } from './verify.ts';
import { newSidecar } from './xmp/write.ts';
import { WriteProblem } from './write_problem.ts';
import type { Begin } from './intent.ts';

export interface Tools {
  readonly pool: ExifToolPool;
  readonly scratch: Scratch;
}

/**
 * Carries out a plan: a changed copy beside the file, compared with the plan, on the disk, then renamed over it. The file
 * itself is never written to, as it may have other names (hard links of shared mirrors).
 *
 * Throws WriteProblem; then the file is what it was, and the copy is gone.
 */
export async function writeFile(
  tools: Tools,
  plan: FilePlan,
  begin: Begin,
): Promise<FileStamp> {
  const { path } = plan;
  if (!isNameable(path)) throw new WriteProblem('unwritable', path, 'ExifTool cannot be told of a file of this name');
  const temporaryPath = temporaryPathFor(path);
  const before = await unchanged(plan);
  await begin({ plan, temporaryPath, bytesBefore: await sidecarBytes(plan) });
  try {
    await makeCopy(tools, plan, temporaryPath);
    await verify(tools.pool, plan, temporaryPath);
    takeAttributes(temporaryPath, before ?? await attributesForNew(path, temporaryPath), {
      // Immich goes by the times of media files. Whoever else reads a sidecar has to see that it is new.
      withTime: plan.kind === 'media',
    });
    await flush(temporaryPath);
    return await replace(plan, temporaryPath);
  } catch (error) {
    await removeIfPresent(temporaryPath).catch(() => {});
    throw asWriteProblem(error, path);
  }
}

/** Makes the new file: a new sidecar here, which takes a tenth of the time, and everything else with ExifTool. */
async function makeCopy({ pool, scratch }: Tools, plan: FilePlan, temporaryPath: string): Promise<void> {
  const sidecar = plan.isNew ? newSidecar(plan.changes) : undefined;
  if (sidecar !== undefined) return Deno.writeTextFileSync(temporaryPath, sidecar, { createNew: true });
  using slot = scratch.slot();
  const source = plan.isNew ? scratch.emptySidecar : plan.path;
  const target = plan.isNew ? pathArgument(scratch.asTarget(temporaryPath)) : siblingArgument(temporaryPath);
  const { json, args } = writeCommand(plan, source, target, slot.path);
  slot.write(json);
  const { output, messages } = await pool.run(args);
  // Where it says so depends on its options.
  if (/\b1 image files (?:created|copied)/.test(`${output}\n${messages}`)) return;
  await unchanged(plan);
  await explainMissing(temporaryPath);
  throw refusal(plan.path, messages);
}

/** Throws WriteProblem unless the new file says what the plan wants and shows the same picture as the old one. */
async function verify(pool: ExifToolPool, plan: FilePlan, temporaryPath: string): Promise<void> {
  const quick = readBack(plan, temporaryPath);
  const isProven = quick !== undefined && missingChange(plan, quick.tags) === undefined;
  if (!isProven) await verifyTags(pool, plan, temporaryPath);
  if (plan.kind === 'media' && quick?.isSamePicture !== true) await verifyPicture(pool, plan.path, temporaryPath);
}

async function verifyTags(pool: ExifToolPool, plan: FilePlan, temporaryPath: string): Promise<void> {
  const reading = (await readTags(pool, [temporaryPath], plan.changes.map(({ tag }) => tag))).get(temporaryPath);
  if (reading === undefined || reading.error !== undefined) {
    throw new WriteProblem('failed', plan.path, `what ExifTool wrote cannot be read: ${reading?.error ?? 'no file'}`);
  }
  const missing = missingChange(plan, reading.tags);
  if (missing !== undefined) {
    throw new WriteProblem('unwritable', plan.path, `ExifTool cannot write ${missing.tag} as wanted`);
  }
}

async function verifyPicture(pool: ExifToolPool, path: string, temporaryPath: string): Promise<void> {
  const [before, after] = await imageHashes(pool, [path, temporaryPath]);
  if (before === undefined) {
    throw new WriteProblem('unwritable', path, 'ExifTool cannot tell whether its picture stays the same');
  }
  if (before !== after) throw new WriteProblem('failed', path, 'what ExifTool wrote shows another picture');
}

/** ExifTool does not say why it cannot make a file; the operating system does. Throws what it says. */
async function explainMissing(temporaryPath: string): Promise<void> {
  if (await infoOf(temporaryPath) !== undefined) return;
  (await Deno.open(temporaryPath, { write: true, createNew: true })).close();
}

/** Puts the new file in place of the old one, which must still be as it was planned for. */
async function replace(plan: FilePlan, temporaryPath: string): Promise<FileStamp> {
  const written = toStamp(Deno.statSync(temporaryPath));
  await unchanged(plan);
  if (plan.isNew) await nameNew(temporaryPath, plan.path);
  else Deno.renameSync(temporaryPath, plan.path);
  await flushDirectoryOf(plan.path);
  return written;
}

/** A new name; what somebody else puts there in the meantime stays. */
export async function nameNew(temporaryPath: string, path: string): Promise<void> {
  try {
    await Deno.link(temporaryPath, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw changed(path);
    // A file system without hard links.
    if (await infoOf(path) !== undefined) throw changed(path);
    await Deno.rename(temporaryPath, path);
    return;
  }
  await removeIfPresent(temporaryPath);
}

/** The file as it is now. Throws WriteProblem when it is not as it was planned for. */
async function unchanged({ path, seen, isNew }: FilePlan): Promise<Deno.FileInfo | undefined> {
  const info = await infoOf(path).catch((error) => {
    throw asWriteProblem(error, path);
  });
  if (!isSameStamp(info === undefined ? undefined : toStamp(info), seen)) {
    throw info === undefined && !isNew ? new WriteProblem('not-found', path, 'the file has vanished') : changed(path);
  }
  return info;
}

function changed(path: string): WriteProblem {
  return new WriteProblem('changed-meanwhile', path, 'the file has changed since it was read');
}

/** A new sidecar belongs to whoever owns the photo, and can be written again even if the photo cannot. */
async function attributesForNew(sidecar: string, temporaryPath: string): Promise<Deno.FileInfo> {
  const media = await infoOf(sidecar.replace(/\.xmp$/, ''));
  if (media === undefined) return Deno.statSync(temporaryPath);
  return { ...media, mode: media.mode === null ? null : (media.mode | 0o600) & 0o666 };
}

async function sidecarBytes({ path, kind, isNew }: FilePlan): Promise<Uint8Array | undefined> {
  if (kind === 'media' || isNew) return undefined;
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw asWriteProblem(error, path);
  }
}

/** Everything that can go wrong with one file; errors that are not about it pass through. */
export function asWriteProblem(error: unknown, path: string): unknown {
  if (error instanceof WriteProblem) return error;
  if (error instanceof ExifToolEnded) return new WriteProblem('failed', path, error.message, error);
  if (!(error instanceof FileProblem) && codeOf(error) === '') return error;
  const problem = asFileProblem(error, path);
  const reason = problem.reason === 'io' ? `${problem.sentence}: ${messageOf(problem.cause)}` : problem.sentence;
  return new WriteProblem('failed', path, reason, error);
}
