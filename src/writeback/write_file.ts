import { Buffer } from 'node:buffer';
import { plainPacketOf } from './quick_reading/plain_packet.ts';
import { readRegular } from './regular_file.ts';
import { messageOf } from '../errors.ts';
import { asFileProblem, codeOf, FileProblem } from '../files/problem.ts';
import { refusal, truncatedTags } from './exiftool_errors.ts';
import { isNameable, pathArgument, siblingArgument } from './exiftool/arguments.ts';
import type { ExifToolPool } from './exiftool/pool.ts';
import { onceMore } from './exiftool/once_more.ts';
import { ExifToolEnded } from './exiftool/process.ts';
import { xmpPacketOf } from './exiftool/read.ts';
import { argumentsAround, writeArguments } from './exiftool/write.ts';
import { editedXmp } from './xmp/edit.ts';
import { editedSidecar } from './xmp/sidecar_bytes.ts';
import { flushDirectoryOf, isSameStamp, temporaryPathFor, toStamp } from './files.ts';
import { HeldFile } from './held_file.ts';
import { assertInPlace, copyBytes, infoOf, linkInPlace, makeFile, removeIfPresent, renameInPlace } from './in_place.ts';
import type { Scratch } from './scratch.ts';
import { type FileStamp, isFromNothing, type TagChange, type WritePlan } from './tags.ts';
import { verifyCopy } from './verify_copy.ts';
import { SIDECAR_FOR_EXTENSION } from './fields/sidecar_for_extension.ts';
import { newPacket, newSidecar } from './xmp/write.ts';
import { TagProblem, WriteProblem } from './write_problem.ts';
import type { Begin, Keep } from './intent.ts';
import { type Common, commonOfFiles } from './undo_delta/common.ts';
import { DELTA_LIMITS, makeDelta } from './undo_delta/make.ts';
import type { UndoDelta } from './undo_delta/undo_delta.ts';

export interface WriteTools {
  readonly pool: ExifToolPool;
  readonly scratch: Scratch;
}

/**
 * Carries out a plan: a changed copy beside the file, compared with the plan, on the disk, then renamed over it. The file
 * itself is never written to, as it may have other names (hard links of shared mirrors).
 *
 * Throws WriteProblem; then the file is what it was, and the copy is gone.
 *
 * @param keep is given what undo needs of a media file, before that is replaced; undefined: nothing is kept
 */
export async function writeFile(
  tools: WriteTools,
  plan: WritePlan,
  begin: Begin,
  keep?: Keep,
): Promise<FileStamp> {
  const { path } = plan;
  if (!isNameable(path)) throw new WriteProblem('unwritable', path, 'ExifTool cannot be told of a file of this name');
  const temporaryPath = temporaryPathFor(path);
  try {
    const before = unchanged(plan);
    await begin({ plan, temporaryPath, bytesBefore: sidecarBytes(plan) });
    let problem: unknown;
    for (const make of waysFor(tools, plan, temporaryPath)) {
      if (problem !== undefined) removeIfPresent(temporaryPath);
      try {
        if (await make()) return await finish(tools, plan, temporaryPath, before, keep);
      } catch (error) {
        if (!isAboutXmp(error)) throw error;
        problem ??= error;
      }
    }
    throw problem;
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

/** What another way of writing XMP may be better at. */
function isAboutXmp(error: unknown): boolean {
  if (error instanceof TagProblem) return error.tags.length === 0 || error.tags.some((tag) => tag.startsWith('XMP-'));
  return error instanceof WriteProblem && error.outcome === 'unwritable' && /rdf:about|XMP/.test(error.reason);
}

/** A way to make the new file; false when it is none for this plan. */
type Way = () => Promise<boolean> | boolean;

/**
 * The ways to make the new file, the better one first: sidecars here, in a tenth of the time and to the letter, and so the XMP of JPEGs of the usual kind, which ExifTool puts in
 * its place; everything else with ExifTool, which writes XMP anew. Where that would not leave the rest as it is, it is given the whole packet.
 */
function waysFor(tools: WriteTools, plan: WritePlan, temporaryPath: string): readonly Way[] {
  const byExifTool = () => copyByExifTool(tools, plan, temporaryPath);
  if (plan.kind === 'sidecar') return [() => makeSidecar(plan, temporaryPath), byExifTool];
  return [
    () => copyWithPlainPacket(tools, plan, temporaryPath),
    byExifTool,
    () => copyWithPacket(tools, plan, temporaryPath),
  ];
}

/** Proves that the copy is right, and puts it in place. */
async function finish(
  tools: WriteTools,
  plan: WritePlan,
  temporaryPath: string,
  before: Deno.FileInfo | undefined,
  keep: Keep | undefined,
): Promise<FileStamp> {
  using copy = HeldFile.open(temporaryPath);
  // The one comparison of all bytes: it shows that the picture is the same, and what undo needs.
  const common = plan.kind === 'media' ? commonOfFiles(temporaryPath, plan.path) : undefined;
  await verifyCopy(tools.pool, plan, temporaryPath, () => void unchanged(plan), common?.suffix);
  copy.takeAttributes(before ?? attributesForNew(plan, copy), {
    // Immich goes by the times of media files. Programs that read a sidecar have to see that it is new.
    withTime: plan.kind === 'media',
  });
  const delta = keep === undefined || common === undefined ? undefined : deltaFor(plan, temporaryPath, common);
  // Both at once; the copy is open until both are done.
  const onDisk = await Promise.allSettled([copy.flush(), delta && keep?.(delta)]);
  for (const part of onDisk) if (part.status === 'rejected') throw part.reason;
  return await replace(plan, copy);
}

function makeSidecar(plan: WritePlan, temporaryPath: string): boolean {
  const { changes } = plan;
  const before = sidecarBytes(plan);
  const made = before === undefined || before.length === 0 ? newSidecar(changes) : editedSidecar(before, changes);
  if (made === undefined) return false;
  makeFile(temporaryPath, typeof made === 'string' ? new TextEncoder().encode(made) : made);
  return true;
}

async function copyByExifTool(tools: WriteTools, plan: WritePlan, temporaryPath: string): Promise<boolean> {
  const { scratch } = tools;
  // Nothing is in a sidecar without a byte: it is as good as none.
  const isEmpty = isFromNothing(plan);
  const source = isEmpty ? scratch.emptySidecar : plan.path;
  const target = isEmpty ? pathArgument(scratch.asTarget(temporaryPath)) : siblingArgument(temporaryPath);
  using slot = scratch.slot();
  const { json, args } = writeArguments(plan, source, target, slot.path);
  slot.write(json);
  await runExifTool(tools, plan, temporaryPath, args);
  return true;
}

/** ExifTool puts more than this into several segments. */
const LONGEST_PACKET = 65_000;

/** The XMP of a JPEG of the usual kind is written here: that takes ExifTool half of its time. */
async function copyWithPlainPacket(tools: WriteTools, plan: WritePlan, temporaryPath: string): Promise<boolean> {
  // Of what was there and has nothing to say any more nothing is to be left.
  if (!xmpOf(plan).some(({ after }) => after !== null)) return false;
  unchanged(plan);
  const before = plainPacketOf(plan.path);
  if (before === undefined) return false;
  const packet = packetFor(plan, before.packet);
  if (packet === undefined || Buffer.byteLength(packet) > LONGEST_PACKET) return false;
  await copyAround(tools, plan, temporaryPath, packet);
  return true;
}

/** XMP is changed here, to the letter; ExifTool puts it in its place. */
async function copyWithPacket(tools: WriteTools, plan: WritePlan, temporaryPath: string): Promise<boolean> {
  if (xmpOf(plan).length === 0) return false;
  const packet = packetFor(plan, await onceMore(plan.path, () => xmpPacketOf(tools.pool, plan.path)));
  if (packet === undefined) return false;
  await copyAround(tools, plan, temporaryPath, packet);
  return true;
}

function xmpOf({ changes }: WritePlan): readonly TagChange[] {
  return changes.filter(({ tag }) => tag.startsWith('XMP-'));
}

function packetFor(plan: WritePlan, before: string | undefined): string | undefined {
  return before === undefined ? newPacket(xmpOf(plan)) : editedXmp(before, xmpOf(plan));
}

/** ExifTool writes everything but XMP. */
async function copyAround(tools: WriteTools, plan: WritePlan, temporaryPath: string, packet: string): Promise<void> {
  await runExifTool(
    tools,
    plan,
    temporaryPath,
    argumentsAround(plan, packet, plan.path, siblingArgument(temporaryPath)),
  );
}

async function runExifTool(
  { pool }: WriteTools,
  plan: WritePlan,
  temporaryPath: string,
  args: readonly string[],
): Promise<void> {
  const { output, messages } = await onceMore(plan.path, (isAgain) => {
    if (isAgain) removeIfPresent(temporaryPath);
    return pool.run(args);
  });
  const truncated = truncatedTags(messages);
  if (truncated.length > 0) {
    throw new TagProblem(plan.path, `${truncated.join(', ')} is longer than ExifTool writes it`, truncated);
  }
  // Where it says so depends on its options.
  if (/\b1 image files (?:created|copied)/.test(`${output}\n${messages}`)) return;
  unchanged(plan);
  explainMissing(temporaryPath);
  const { problem, mayBeDisk } = refusal(plan.path, messages);
  if (mayBeDisk) assertRoom(plan, temporaryPath);
  throw problem;
}

/** More than is ever written into a file. */
const MOST_WRITTEN_BYTES = 1 << 20;

/** Throws what the operating system says when a file as large as the new one cannot be made. */
function assertRoom({ path, isNew }: WritePlan, temporaryPath: string): void {
  removeIfPresent(temporaryPath);
  copyBytes(isNew ? undefined : path, temporaryPath, MOST_WRITTEN_BYTES);
}

/** ExifTool does not say why it cannot make a file; the operating system does. Throws what it says. */
function explainMissing(temporaryPath: string): void {
  if (infoOf(temporaryPath) === undefined) makeFile(temporaryPath, new Uint8Array());
}

/** What the old file can be made from again. Throws WriteProblem when that would be too much to keep. */
function deltaFor({ path }: WritePlan, temporaryPath: string, common: Common): UndoDelta {
  const delta = makeDelta(path, temporaryPath, DELTA_LIMITS, common);
  if (delta !== undefined) return delta;
  const most = DELTA_LIMITS.most >> 20;
  throw new WriteProblem('unwritable', path, `more than ${most} MiB would have to be kept for undo`);
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
function attributesForNew({ path, changes }: WritePlan, copy: HeldFile): Deno.FileInfo {
  const ending = changes.find(({ tag }) => tag === SIDECAR_FOR_EXTENSION.name)?.after;
  const media = infoOf(path.replace(/\.xmp$/, typeof ending === 'string' ? `.${ending}` : ''));
  if (media === undefined || !media.isFile) return copy.info();
  return { ...media, mode: media.mode === null ? null : (media.mode | 0o600) & 0o666 };
}

function sidecarBytes({ path, kind, isNew }: WritePlan): Uint8Array | undefined {
  if (kind === 'media' || isNew) return undefined;
  assertInPlace(path);
  return readRegular(path);
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
