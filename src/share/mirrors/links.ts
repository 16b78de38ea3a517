import type { SourceFile } from '../../files/identity.ts';
import type { Linker } from '../../files/linker.ts';
import type { Files } from '../cycle/tools.ts';
import type { PathMap } from '../../files/path_map.ts';
import { FileProblem } from '../../files/problem.ts';
import { canLink } from '../../files/test_link.ts';
import { type JournalEntry, linkStampOf, removeFiles } from './journal.ts';
import { type FilePlan, filesOf, type LinkPlan, type MirrorPlan } from './plan.ts';
import type { Skip } from '../cycle/outcome.ts';
import { mirrorModifiedAt } from '../jobs/placement.ts';
import { inSlices } from '../cycle/slices.ts';
import { skipOf } from '../standing/skips.ts';

/** A plan whose files were looked at: all that a mirror needs is there, and nothing is in the way. */
export interface InspectedMirror {
  readonly plan: MirrorPlan;
  readonly links: readonly InspectedLink[];
  /** The files of the plan that are really there; optional ones may have been left out. */
  readonly files: ReadonlySet<FilePlan>;
  /** The file's own time where the source's row says something else; undefined = copy the source's. */
  readonly fileModifiedAt: Date | undefined;
}

/** A link or a copy to make; local paths. */
export interface InspectedLink {
  readonly source: SourceFile;
  readonly target: string;
  readonly keep: string;
  readonly link: LinkPlan;
  /** A file of its own, with the size and the time of the source's. */
  readonly isCopy: boolean;
}

/** Looks at the files of planned mirrors. Changes nothing. Every plan ends up in exactly one of the two lists. */
export async function inspectFiles(
  plans: readonly MirrorPlan[],
  files: Files,
): Promise<{ mirrors: InspectedMirror[]; skips: Skip[] }> {
  const { done, skips } = await forEach(plans, (plan) => plan, (plan) => inspect(plan, files));
  return { mirrors: done, skips };
}

/**
 * Makes the links of inspected mirrors. Every mirror is linked or has a skip. One that could not get all its links loses them
 * again; where that fails too it is also among the littered, and the journal must go on knowing of its links. Throws what `signal`
 * is aborted with; the journal knows what was linked until then.
 */
export async function linkFiles(
  mirrors: readonly InspectedMirror[],
  files: Files,
  signal: AbortSignal,
): Promise<{ linked: InspectedMirror[]; littered: InspectedMirror[]; skips: Skip[] }> {
  const { linker } = files;
  const littered: InspectedMirror[] = [];
  const link = (mirror: InspectedMirror): InspectedMirror | Promise<InspectedMirror> => {
    const made: InspectedLink[] = [];
    const undo = (error: unknown): never => {
      if (!isTidied(mirror, files, made)) littered.push(mirror);
      throw error;
    };
    if (mirror.links.some(({ isCopy }) => isCopy)) {
      return makeCopies(mirror, linker, made, signal).then(() => mirror, undo);
    }
    try {
      makeLinks(mirror, linker, made);
      return mirror;
    } catch (error) {
      return undo(error);
    }
  };
  const { done, skips } = await forEach(mirrors, ({ plan }) => plan, link, signal);
  return { linked: done, littered, skips };
}

/** The journal rows of originals that were copied: which file each copy is. */
export function copiedOriginals(
  mirrors: readonly Pick<InspectedMirror, 'plan' | 'links'>[],
  { linker }: Pick<Files, 'linker'>,
): JournalEntry[] {
  return mirrors.flatMap(({ plan, links }) =>
    links.filter(({ link, isCopy }) => isCopy && link === plan.original).flatMap(({ link, target }) => {
      const found = linker.look(target);
      if (found === undefined) return []; // it is noted by the next full cycle, or gone
      return [{
        mirrorId: plan.mirrorAssetId,
        path: link.mirrorPath,
        keep: link.keep,
        stamp: linkStampOf(found),
      }];
    })
  );
}

function inspect(plan: MirrorPlan, disk: Files): InspectedMirror {
  const { linker, paths } = disk;
  const original = linker.inspect(localPath(plan.sourcePath, paths));
  if (plan.original === undefined && !linker.leadsTo(localPath(plan.mirrorPath, paths), original)) {
    throw new FileProblem('unreachable', plan.mirrorPath);
  }
  const files = new Set<FilePlan>();
  const links: InspectedLink[] = [];
  for (const file of filesOf(plan)) {
    try {
      if (file.link !== undefined) links.push(inspectLink(file.link, disk));
      files.add(file);
    } catch (error) {
      if (!file.isOptional || !(error instanceof FileProblem)) throw error;
    }
  }
  if (plan.original !== undefined) links.push(inspectLink(plan.original, disk, original));
  return { plan, links, files, fileModifiedAt: mirrorModifiedAt(plan.sourceModifiedAtMs, original.mtimeMs) };
}

function inspectLink(link: LinkPlan, { linker, paths }: Files, known?: SourceFile): InspectedLink {
  const source = known ?? linker.inspect(localPath(link.sourcePath, paths));
  const target = localPath(link.mirrorPath, paths);
  const keep = localPath(link.keep, paths);
  const isCopy = isToCopy(link, source, keep, linker);
  const isFree = isCopy
    ? linker.isCopy(source, target) || linker.look(target) === undefined
    : linker.isFree(target, source);
  if (!isFree) throw new FileProblem('occupied', target);
  return { source, target, keep, link, isCopy };
}

/** Whether a file is to be copied. Where that depends on the disk, the answer is that of a test link, as the journal says which it is before it is made. `keep` is local. */
export function isToCopy({ way }: LinkPlan, source: SourceFile, keep: string, linker: Linker): boolean {
  return way === 'copy' || (way === 'link-or-copy' && !canLink(linker, source, keep));
}

/** Adds to `made` what is linked. */
function makeLinks({ links }: InspectedMirror, linker: Linker, made: InspectedLink[]): void {
  for (const link of links) {
    linker.link(link.source, link.target);
    made.push(link);
  }
}

/** The same where files are copied, all of them or some. */
async function makeCopies(
  { links }: InspectedMirror,
  linker: Linker,
  made: InspectedLink[],
  signal: AbortSignal,
): Promise<void> {
  for (const link of links) {
    if (link.isCopy) await linker.copyLarge(link.source, link.target, { isNew: true, signal });
    else linker.link(link.source, link.target);
    made.push(link);
  }
}

/** Removes what was linked, as any other file of ours, and the directories made for it. Returns whether nothing is left. */
function isTidied({ plan, links }: InspectedMirror, files: Files, made: readonly InspectedLink[]): boolean {
  const entries = made.map(({ link: { mirrorPath, keep } }) => ({
    mirrorId: plan.mirrorAssetId,
    path: mirrorPath,
    keep,
  }));
  let isAll = removeFiles(entries, files).length === 0;
  for (const { target, keep } of links) {
    try {
      files.linker.prune(target, keep);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      isAll = false;
    }
  }
  return isAll;
}

/** The file at a path as Immich sees it; undefined when it cannot be used, for whatever reason. */
export function inspectOrNothing(path: string, { linker, paths }: Files): SourceFile | undefined {
  try {
    return linker.inspect(localPath(path, paths));
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    return undefined;
  }
}

/** Throws FileProblem for a path outside every configured directory. */
export function localPath(immichPath: string, paths: PathMap): string {
  const local = paths.toLocal(immichPath);
  if (local === undefined) throw new FileProblem('outside-roots', immichPath);
  return local;
}

/** Does file work for each item, in slices; one that fails becomes a skip and does not stop the rest. */
async function forEach<Item, Result>(
  items: readonly Item[],
  planOf: (item: Item) => MirrorPlan,
  work: (item: Item) => Result | Promise<Result>,
  signal?: AbortSignal,
): Promise<{ done: Result[]; skips: Skip[] }> {
  const done: Result[] = [];
  const skips: Skip[] = [];
  await inSlices(items, (item) => {
    const fail = (error: unknown) => {
      if (!(error instanceof FileProblem)) throw error;
      skips.push(skipOf(planOf(item), error.reason, { path: error.path }));
    };
    try {
      const result = work(item);
      if (result instanceof Promise) return result.then((result) => void done.push(result), fail);
      done.push(result);
    } catch (error) {
      fail(error);
    }
  }, signal);
  return { done, skips };
}
