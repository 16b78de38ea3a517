import { flushDirectoryOf, isSameStamp, temporaryPathFor, toStamp } from './files.ts';
import { HeldFile } from './held_file.ts';
import { infoOf, makeFile, removeIfPresent, renameInPlace } from './in_place.ts';
import type { FileStamp, WritePlan } from './tags.ts';
import { assertArrived, asWriteProblem, discarding, writeFile, type WriteTools } from './write_file.ts';
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

/** See Writer.undo. */
export async function undoFile(
  tools: WriteTools,
  { plan, bytesBefore, written }: Undoable,
  begin: Begin,
): Promise<FileStamp | undefined> {
  if (plan.kind === 'media') return await writeFile(tools, reversed(plan, written), begin);
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

async function restore(
  path: string,
  info: Deno.FileInfo,
  bytes: Uint8Array | undefined,
  plan: WritePlan,
  begin: Begin,
): Promise<FileStamp | undefined> {
  const temporaryPath = temporaryPathFor(path);
  await begin({ plan: reversed(plan, toStamp(info)), temporaryPath, bytesBefore: Deno.readFileSync(path) });
  if (bytes === undefined) {
    assertSame(path, infoOf(path), toStamp(info));
    removeIfPresent(path);
    await flushDirectoryOf(path);
    return undefined;
  }
  try {
    makeFile(temporaryPath, bytes);
    using copy = HeldFile.open(temporaryPath);
    copy.takeAttributes(info, { withTime: false });
    await copy.flush();
    copy.assertStillThere();
    assertSame(path, infoOf(path), toStamp(info));
    renameInPlace(temporaryPath, path);
    assertArrived(copy, path);
    await flushDirectoryOf(path);
    return toStamp(copy.info());
  } catch (error) {
    throw discarding(temporaryPath, asWriteProblem(error, path));
  }
}

function assertSame(path: string, info: Deno.FileInfo | undefined, stamp: FileStamp): void {
  if (info !== undefined && info.isFile && isSameStamp(toStamp(info), stamp)) return;
  throw new WriteProblem('changed-meanwhile', path, 'the sidecar has changed since it was written');
}
