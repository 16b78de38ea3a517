import { messageOf } from '../errors.ts';
import { asFileProblem, codeOf, FileProblem } from '../files/problem.ts';
import { refusal } from './exiftool_errors.ts';
import { isNameable, pathArgument, siblingArgument } from './exiftool/arguments.ts';
import type { ExifToolPool } from './exiftool/pool.ts';
import { onceMore } from './exiftool/once_more.ts';
import { ExifToolEnded } from './exiftool/process.ts';
import { imageHashes, readTags } from './exiftool/read.ts';
import { writeArguments } from './exiftool/write.ts';
import { flushDirectoryOf, isSameStamp, temporaryPathFor, toStamp } from './files.ts';
import { HeldFile } from './held_file.ts';
import { assertInPlace, infoOf, linkInPlace, makeFile, removeIfPresent, renameInPlace } from './in_place.ts';
import { readBack } from './quick_reading/read_back.ts';
import type { Scratch } from './scratch.ts';
import type { FileStamp, WritePlan } from './tags.ts';
import { missingChange } from './verify.ts';
import { newSidecar } from './xmp/write.ts';
import { WriteProblem } from './write_problem.ts';
import type { Begin } from './intent.ts';

export interface WriteTools {
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
  tools: WriteTools,
  plan: WritePlan,
  begin: Begin,
): Promise<FileStamp> {
  const { path } = plan;
  if (!isNameable(path)) throw new WriteProblem('unwritable', path, 'ExifTool cannot be told of a file of this name');
  const temporaryPath = temporaryPathFor(path);
  try {
    const before = unchanged(plan);
    await begin({ plan, temporaryPath, bytesBefore: sidecarBytes(plan) });
    await makeCopy(tools, plan, temporaryPath);
    using copy = HeldFile.open(temporaryPath);
    await verify(tools.pool, plan, temporaryPath);
    copy.takeAttributes(before ?? attributesForNew(path, copy), {
      // Immich goes by the times of media files. Any other reader of a sidecar has to see that it is new.
      withTime: plan.kind === 'media',
    });
    await copy.flush();
    return await replace(plan, copy);
  } catch (error) {
    throw discarding(temporaryPath, asWriteProblem(error, path));
  }
}

/** Removes a temporary file because of a problem, which knows afterwards whether that could be done. */
export function discarding(temporaryPath: string, problem: unknown): unknown {
  try {
    removeIfPresent(temporaryPath);
  } catch {
    if (problem instanceof WriteProblem) problem.isUnsettled = true;
  }
  return problem;
}

/** Makes the new file: a new sidecar here, which takes a tenth of the time, and everything else with ExifTool. */
async function makeCopy({ pool, scratch }: WriteTools, plan: WritePlan, temporaryPath: string): Promise<void> {
  const sidecar = plan.isNew ? newSidecar(plan.changes) : undefined;
  if (sidecar !== undefined) return makeFile(temporaryPath, new TextEncoder().encode(sidecar));
  using slot = scratch.slot();
  const source = plan.isNew ? scratch.emptySidecar : plan.path;
  const target = plan.isNew ? pathArgument(scratch.asTarget(temporaryPath)) : siblingArgument(temporaryPath);
  const { json, args } = writeArguments(plan, source, target, slot.path);
  slot.write(json);
  const { output, messages } = await onceMore(plan.path, (isAgain) => {
    if (isAgain) removeIfPresent(temporaryPath);
    return pool.run(args);
  });
  // Where it says so depends on its options.
  if (/\b1 image files (?:created|copied)/.test(`${output}\n${messages}`)) return;
  unchanged(plan);
  explainMissing(temporaryPath);
  throw refusal(plan.path, messages);
}

/** Throws WriteProblem unless the new file says what the plan wants and shows the same picture as the old one. */
async function verify(pool: ExifToolPool, plan: WritePlan, temporaryPath: string): Promise<void> {
  const quick = readBack(plan, temporaryPath);
  const isProven = quick !== undefined && missingChange(plan, quick.tags) === undefined;
  if (!isProven) await onceMore(plan.path, () => verifyTags(pool, plan, temporaryPath));
  if (plan.kind === 'media' && quick?.isSamePicture !== true) {
    await onceMore(plan.path, () => verifyPicture(pool, plan, temporaryPath));
  }
}

async function verifyTags(pool: ExifToolPool, plan: WritePlan, temporaryPath: string): Promise<void> {
  const reading = (await readTags(pool, [temporaryPath], plan.changes.map(({ tag }) => tag))).get(temporaryPath);
  if (reading === undefined || reading.error !== undefined) {
    unchanged(plan);
    throw new WriteProblem(
      'unwritable',
      plan.path,
      `what ExifTool wrote cannot be read: ${reading?.error ?? 'no file'}`,
    );
  }
  const missing = missingChange(plan, reading.tags);
  if (missing !== undefined) {
    throw new WriteProblem('unwritable', plan.path, `ExifTool cannot write ${missing.tag} as wanted`);
  }
}

async function verifyPicture(pool: ExifToolPool, plan: WritePlan, temporaryPath: string): Promise<void> {
  const { path } = plan;
  const [before, after] = await imageHashes(pool, [path, temporaryPath]);
  if (before === undefined) {
    throw new WriteProblem('unwritable', path, 'ExifTool cannot tell whether its picture stays the same');
  }
  if (before === after) return;
  unchanged(plan);
  throw new WriteProblem('unwritable', path, 'what ExifTool wrote shows another picture');
}

/** ExifTool does not say why it cannot make a file; the operating system does. Throws what it says. */
function explainMissing(temporaryPath: string): void {
  if (infoOf(temporaryPath) === undefined) makeFile(temporaryPath, new Uint8Array());
}

/** Puts the new file in place of the old one, which must still be as it was planned for. */
async function replace(plan: WritePlan, copy: HeldFile): Promise<FileStamp> {
  const written = toStamp(copy.info());
  copy.assertStillThere();
  unchanged(plan);
  if (plan.isNew) nameNew(copy.path, plan.path);
  else replaceFile(copy.path, plan.path);
  assertArrived(copy, plan.path);
  await flushDirectoryOf(plan.path);
  return written;
}

/** Throws WriteProblem unless what was renamed is the new file, and where it should be: the proof before the rename is 10 µs old. */
export function assertArrived(copy: HeldFile, path: string): void {
  try {
    copy.assertAt(path);
  } catch (error) {
    if (error instanceof WriteProblem) error.isUnsettled = true;
    throw error;
  }
}

/** What keeps a file from being replaced in a directory where others can be made: it is immutable, or a mount of its own. */
const PROTECTED: ReadonlySet<string> = new Set(['EPERM', 'EBUSY']);

function replaceFile(temporaryPath: string, path: string): void {
  try {
    renameInPlace(temporaryPath, path);
  } catch (error) {
    if (!PROTECTED.has(codeOf(error))) throw error;
    throw new WriteProblem(
      'unwritable',
      path,
      'the system does not let anybody replace it (immutable, or mounted by itself)',
      error,
    );
  }
}

/** A new name; what somebody else puts there in the meantime stays. */
export function nameNew(temporaryPath: string, path: string): void {
  try {
    linkInPlace(temporaryPath, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw changed(path);
    // A file system without hard links.
    if (infoOf(path) !== undefined) throw changed(path);
    renameInPlace(temporaryPath, path);
    return;
  }
  removeIfPresent(temporaryPath);
}

/** The file as it is now. Throws WriteProblem when it is not as it was planned for. */
function unchanged({ path, seen, isNew }: WritePlan): Deno.FileInfo | undefined {
  const info = infoOf(path);
  if (!isSameStamp(info === undefined ? undefined : toStamp(info), seen)) {
    throw info === undefined && !isNew ? new WriteProblem('not-found', path, 'the file has vanished') : changed(path);
  }
  return info;
}

function changed(path: string): WriteProblem {
  return new WriteProblem('changed-meanwhile', path, 'the file has changed since it was read');
}

/** A new sidecar belongs to the owner of the photo, and can be written again even if the photo cannot. */
function attributesForNew(sidecar: string, copy: HeldFile): Deno.FileInfo {
  const media = infoOf(sidecar.replace(/\.xmp$/, ''));
  if (media === undefined || !media.isFile) return copy.info();
  return { ...media, mode: media.mode === null ? null : (media.mode | 0o600) & 0o666 };
}

function sidecarBytes({ path, kind, isNew }: WritePlan): Uint8Array | undefined {
  if (kind === 'media' || isNew) return undefined;
  assertInPlace(path);
  return Deno.readFileSync(path);
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
