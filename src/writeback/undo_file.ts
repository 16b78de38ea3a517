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
import type { FilePlan, FileStamp } from './tags.ts';
import { asWriteProblem, type Tools, writeFile } from './write_file.ts';
import { WriteProblem } from './write_problem.ts';
import type { Begin, Undoable } from './intent.ts';

/** The plan that takes a plan back: every tag as it was. */
export function reversed(plan: FilePlan, written: FileStamp): FilePlan {
  return {
    ...plan,
    isNew: false,
    changes: plan.changes.map(({ tag, before, after }) => ({ tag, before: after, after: before })),
    seen: written,
  };
}

/** See Writer.undo. */
export async function undoFile(
  tools: Tools,
  { plan, bytesBefore, written }: Undoable,
  begin: Begin,
): Promise<FileStamp | undefined> {
  if (plan.kind === 'media') return await writeFile(tools, reversed(plan, written), begin);
  const { path } = plan;
  try {
    const info = await infoOf(path);
    if (info === undefined && plan.isNew) return undefined;
    if (info === undefined) throw new WriteProblem('not-found', path, 'the sidecar has vanished');
    if (!isSameStamp(toStamp(info), written)) {
      throw new WriteProblem('changed-meanwhile', path, 'the sidecar has changed since it was written');
    }
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
  plan: FilePlan,
  begin: Begin,
): Promise<FileStamp | undefined> {
  const temporaryPath = temporaryPathFor(path);
  await begin({ plan: reversed(plan, toStamp(info)), temporaryPath, bytesBefore: await Deno.readFile(path) });
  if (bytes === undefined) {
    await removeIfPresent(path);
    await flushDirectoryOf(path);
    return undefined;
  }
  try {
    await Deno.writeFile(temporaryPath, bytes, { createNew: true });
    takeAttributes(temporaryPath, info, { withTime: false });
    await flush(temporaryPath);
    await Deno.rename(temporaryPath, path);
    await flushDirectoryOf(path);
    return toStamp(await Deno.stat(path));
  } catch (error) {
    await removeIfPresent(temporaryPath).catch(() => {});
    throw error;
  }
}
