import { readRegular } from './regular_file.ts';
import { flushDirectoryOf, isSameStamp, temporaryPathFor, toStamp } from './files.ts';
import { HeldFile } from './held_file.ts';
import { lookAtFile } from './look.ts';
import { takenBack } from './undo_tags.ts';
import { infoOf, makeFile, removeIfPresent, renameInPlace } from './in_place.ts';
import type { FileStamp, WritePlan } from './tags.ts';
import { assertArrived, asWriteProblem, discarding, writeFile, type WriteTools } from './write_file.ts';
import { applyDelta, isWrittenFile } from './undo_delta/apply.ts';
import type { UndoDelta } from './undo_delta/undo_delta.ts';
import { WriteProblem } from './write_problem.ts';
import type { Begin, Undoable } from './intent.ts';

/** The plan that takes a plan back: every tag as it was. */
export function reversed(plan: WritePlan, written: FileStamp): WritePlan {
  return {
    ...plan,
    isNew: false,
    changes: plan.changes.map(({ tag, before, after }) => ({ tag, before: after, after: before })),
    seen: written,
  };
}

/** What has become of a file whose write was undone. */
export interface Undone {
  /** As it is then; undefined when it is gone. */
  readonly stamp: FileStamp | undefined;
  /** Tags that say something else than what was written, and stay: the rest is as it was. */
  readonly left: readonly string[];
}

/** See Writer.undo. */
export async function undoFile(
  tools: WriteTools,
  { plan, bytesBefore, delta, written }: Undoable,
  begin: Begin,
): Promise<Undone> {
  if (plan.kind === 'media') {
    const restored = delta === undefined ? undefined : await restoreOriginal(plan, delta, begin);
    return restored === undefined ? await undoTags(tools, plan, begin) : { stamp: restored, left: [] };
  }
  return { stamp: await undoSidecar(plan, bytesBefore, written, begin), left: [] };
}

/** What is not known byte for byte, or was changed since, gets its tags back as far as they still say what was written. */
async function undoTags(tools: WriteTools, plan: WritePlan, begin: Begin): Promise<Undone> {
  const { path } = plan;
  const { stamp, tags, obstacle } = await lookAtFile(tools.pool, path, 'media', plan.changes.map(({ tag }) => tag));
  if (stamp === undefined) throw new WriteProblem('not-found', path, 'the file has vanished');
  if (obstacle !== undefined) throw new WriteProblem('failed', path, obstacle.reason);
  const { changes, left } = takenBack(plan.changes, tags);
  if (changes.length > 0) {
    return { stamp: await writeFile(tools, { ...plan, isNew: false, changes, seen: stamp }, begin), left };
  }
  if (left.length > 0) throw new WriteProblem('changed-meanwhile', path, 'all that was written was changed since');
  return { stamp, left };
}

async function undoSidecar(
  plan: WritePlan,
  bytesBefore: Uint8Array | undefined,
  written: FileStamp,
  begin: Begin,
): Promise<FileStamp | undefined> {
  const { path } = plan;
  try {
    const info = infoOf(path);
    if (info === undefined && plan.isNew) return undefined;
    if (info === undefined) throw new WriteProblem('not-found', path, 'the sidecar has vanished');
    assertSame(path, info, written);
    if (!plan.isNew && bytesBefore === undefined) {
      throw new WriteProblem('failed', path, 'the sidecar as it was is not on record');
    }
    return await restore(path, info, bytesBefore, plan, begin);
  } catch (error) {
    throw asWriteProblem(error, path);
  }
}

/** Makes a media file what it was, byte for byte. undefined when it is not any more the one that was written. */
async function restoreOriginal(plan: WritePlan, delta: UndoDelta, begin: Begin): Promise<FileStamp | undefined> {
  const { path } = plan;
  const temporaryPath = temporaryPathFor(path);
  try {
    const info = infoOf(path);
    if (info === undefined || !info.isFile || !isWrittenFile(path, delta)) return undefined;
    await begin({ plan: reversed(plan, toStamp(info)), temporaryPath, bytesBefore: undefined });
    applyDelta(path, delta, temporaryPath);
    return await putInPlace(path, info, temporaryPath, { withTime: true });
  } catch (error) {
    throw discarding(temporaryPath, asWriteProblem(error, path));
  }
}

/** A file that was made takes the place of another, which must still be as it was. */
async function putInPlace(
  path: string,
  info: Deno.FileInfo,
  temporaryPath: string,
  options: { readonly withTime: boolean },
): Promise<FileStamp> {
  using copy = HeldFile.open(temporaryPath);
  copy.takeAttributes(info, options);
  await copy.flush();
  copy.assertStillThere();
  assertSame(path, infoOf(path), toStamp(info));
  renameInPlace(temporaryPath, path);
  assertArrived(copy, path);
  await flushDirectoryOf(path);
  return toStamp(copy.info());
}

async function restore(
  path: string,
  info: Deno.FileInfo,
  bytes: Uint8Array | undefined,
  plan: WritePlan,
  begin: Begin,
): Promise<FileStamp | undefined> {
  const temporaryPath = temporaryPathFor(path);
  await begin({ plan: reversed(plan, toStamp(info)), temporaryPath, bytesBefore: readRegular(path) });
  if (bytes === undefined) {
    assertSame(path, infoOf(path), toStamp(info));
    removeIfPresent(path);
    await flushDirectoryOf(path);
    return undefined;
  }
  try {
    makeFile(temporaryPath, bytes);
    return await putInPlace(path, info, temporaryPath, { withTime: false });
  } catch (error) {
    throw discarding(temporaryPath, asWriteProblem(error, path));
  }
}

function assertSame(path: string, info: Deno.FileInfo | undefined, stamp: FileStamp): void {
  if (info !== undefined && info.isFile && isSameStamp(toStamp(info), stamp)) return;
  throw new WriteProblem('changed-meanwhile', path, 'the sidecar has changed since it was written');
}
