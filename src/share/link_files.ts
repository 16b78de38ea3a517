import { setImmediate } from 'node:timers';
import type { Linker, SourceFile } from '../files/linker.ts';
import type { PathMap } from '../files/path_map.ts';
import { FileProblem } from '../files/problem.ts';
import type { NewMirror } from './copy/insert_assets.ts';
import type { FilePlan, LinkPlan, MirrorPlan } from './mirror_plan.ts';
import type { Skip } from './outcome.ts';
import { mirrorModifiedAt } from './placement.ts';

/**
 * Longest time in milliseconds that linking keeps the event loop to itself. PostgreSQL, which copies the batch before at
 * the same time, waits that long for each of its answers to be heard.
 */
const SLICE_MS = 2;

/** Makes the links of a batch. Every plan ends up in exactly one of the two lists. */
export async function linkFiles(
  plans: readonly MirrorPlan[],
  linker: Linker,
  paths: PathMap,
): Promise<{ linked: NewMirror[]; skips: Skip[] }> {
  const linked: NewMirror[] = [];
  const skips: Skip[] = [];
  let sliceStart = performance.now();
  for (const plan of plans) {
    try {
      linked.push(linkMirror(plan, linker, paths));
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      const { sourceAssetId, sourceUpdateId, sourcePath } = plan;
      skips.push({ sourceAssetId, sourceUpdateId, sourcePath, reason: error.reason, detail: error.message });
    }
    if (performance.now() - sliceStart > SLICE_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      sliceStart = performance.now();
    }
  }
  return { linked, skips };
}

function linkMirror(plan: MirrorPlan, linker: Linker, paths: PathMap): NewMirror {
  const original = linker.inspect(localPath(plan.sourcePath, paths));
  // Generated files first: they are what is missing most often, and then nothing has to be undone.
  const files = plan.files.filter((file) => linkFile(file, linker, paths));
  if (plan.encodedVideo !== undefined) linkFile(plan.encodedVideo, linker, paths);
  const hasSidecar = plan.sidecar !== undefined && linkFile(plan.sidecar, linker, paths);
  if (plan.original !== undefined) {
    linker.link(original, localPath(plan.original.mirrorPath, paths));
  } else {
    assertReachable(plan, original, linker, paths);
  }
  return {
    plan,
    fileModifiedAt: mirrorModifiedAt(plan.sourceModifiedAtMs, original.mtimeMs),
    files,
    sidecarPath: hasSidecar ? plan.sidecar?.mirrorPath : undefined,
  };
}

/** Returns whether the mirror has this file; throws when it must have it and cannot. */
function linkFile(file: FilePlan, linker: Linker, paths: PathMap): boolean {
  if (file.link === undefined) return true;
  try {
    makeLink(file.link, linker, paths);
    return true;
  } catch (error) {
    if (file.isOptional && error instanceof FileProblem) return false;
    throw error;
  }
}

function makeLink(link: LinkPlan, linker: Linker, paths: PathMap): void {
  linker.link(linker.inspect(localPath(link.sourcePath, paths)), localPath(link.mirrorPath, paths));
}

/** With symlink placement the user has made the symbolic link; here it must lead to the source's very file. */
function assertReachable(plan: MirrorPlan, original: SourceFile, linker: Linker, paths: PathMap): void {
  if (!linker.leadsTo(localPath(plan.mirrorPath, paths), original)) {
    throw new FileProblem('unreachable', plan.mirrorPath);
  }
}

function localPath(immichPath: string, paths: PathMap): string {
  const local = paths.toLocal(immichPath);
  if (local === undefined) throw new FileProblem('outside-roots', immichPath);
  return local;
}
