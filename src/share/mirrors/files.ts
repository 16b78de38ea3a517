import { sameFile } from '../../files/identity.ts';
import { isPlainPath } from '../../files/path_map.ts';
import { FileProblem } from '../../files/problem.ts';
import type { CandidateFile } from '../selection/candidates.ts';
import type { ExistingMirror } from './existing.ts';
import { keepOfNamed } from './home.ts';
import type { Files } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isSameLinkStamp, type JournalEntry, type LinkStamp, linkStampOf } from './journal.ts';
import { type InspectedLink, inspectOrNothing, isToCopy, localPath } from './links.ts';
import { type FilePlan, filesOf, type LinkPlan, type MirrorPlan, planMirror } from './plan.ts';
import { mirrorModifiedAt, placeOf, placesOf } from '../jobs/placement.ts';

/** What has to be done so that a mirror has its source's files, each at its own place. A dry run prints it; apply consumes it. */
export interface FilesPlan {
  readonly plan: MirrorPlan;
  /** Links to make, or to put in the place of another file. */
  readonly links: readonly InspectedLink[];
  /** Links, and files that Immich made for the mirror, that are to go once the rows no longer name them. */
  readonly obsolete: readonly JournalEntry[];
  /** Journal rows of originals that were written to in place since, or that an earlier version or a restored backup left without a stamp. */
  readonly staleStamps: readonly JournalEntry[];
  /** The row of asset as it should be; undefined when it is so. */
  readonly row: MirrorRow | undefined;
  /** Rows of asset_file to write. */
  readonly newFiles: readonly FilePlan[];
  /** Rows of asset_file that go, some of them for a new one. */
  readonly oldFileIds: readonly string[];
  /** What the journal says already, by path. */
  readonly journaled: ReadonlyMap<string, JournalEntry>;
  /** Paths that the mirror's rows name: what lies there, such as the sidecar of an edit, gives way to a link. */
  readonly named: ReadonlySet<string>;
}

/** Columns of a mirror's row of asset that have to do with its files. */
export interface MirrorRow {
  readonly mirrorPath: string;
  readonly libraryId: string;
  readonly checksum: string;
  readonly checksumAlgorithm: 'sha1' | 'sha1-path';
  /** The file's own time; null = the source's. */
  readonly fileModifiedAt: Date | null;
  /** False while the file cannot be seen. */
  readonly isSeen: boolean;
  readonly sidecarPath: string | null;
  readonly encodedVideoPath: string | null;
}

/** Immich makes these anew now and then, and for a moment has none. A mirror keeps what it has. */
const NEVER_WITHOUT: ReadonlySet<string> = new Set(['thumbnail', 'preview']);

/**
 * Compares a mirror's files with its source's. Looks at the disk, changes nothing; undefined when all is well. A file of the
 * source that is not on disk is left alone: what the mirror has may be all that is left of it.
 *
 * @param owner the job that the mirror belongs to
 * @param jobs all jobs, in any of whose places it may lie
 */
export function compareFiles(
  mirror: ExistingMirror,
  owner: Job,
  jobs: readonly Job[],
  files: Files,
): FilesPlan | undefined {
  const { linker, paths } = files;
  if (!isPlainPath(mirror.originalPath)) return undefined;
  const { job, place } = homeIn(mirror, owner, jobs);
  const plan = planMirror(mirror, job, () => mirror.mirrorAssetId, place);
  const links: InspectedLink[] = [];
  const wantedPaths = new Set<string>();
  const journaled = new Map(mirror.links.map((link) => [link.path, { ...link, mirrorId: mirror.mirrorAssetId }]));
  const staleStamps: JournalEntry[] = [];
  const isThere = (link: LinkPlan) => {
    wantedPaths.add(link.mirrorPath);
    try {
      const source = linker.inspect(localPath(link.sourcePath, paths));
      const target = localPath(link.mirrorPath, paths);
      const known = journaled.get(link.mirrorPath);
      // A copy that the journal does not know, as after an older database was restored, is noted by being made again, which does nothing.
      const isLinked = link.way !== 'copy' && sameFile(source.realPath, target);
      const isCopied = link.way !== 'link' && known !== undefined && linker.isCopy(source, target);
      const placed = isLinked ? source : isCopied ? linker.look(target) : undefined;
      if (placed === undefined) {
        const keep = localPath(link.keep, paths);
        links.push({ source, target, keep, link, isCopy: isToCopy(link, source, keep, linker) });
      } else if (known !== undefined && link === plan.original && !hasStamp(known, placed)) {
        staleStamps.push({ ...known, stamp: linkStampOf(placed) });
      }
      return true;
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      return false;
    }
  };

  const followed = plan.files.filter((_, index) => !isOwn(mirror, mirror.files[index]));
  const newFiles: FilePlan[] = [];
  const oldFileIds: string[] = [];
  for (const file of followed) {
    const [source, actual] = [mirror.files.find(({ id }) => id === file.sourceFileId), findLike(mirror, file)];
    if (file.link !== undefined && !isThere(file.link)) continue;
    if (actual?.path === file.mirrorPath && equal(actual.copied, source?.copied)) continue;
    newFiles.push(file);
    if (actual !== undefined) oldFileIds.push(actual.id);
  }
  for (const actual of mirror.mirrorFiles) {
    if (mirror.files.some((source) => isAlike(source, actual))) continue;
    if (isOwn(mirror, actual) || isOnlyForAMoment(mirror, actual)) wantedPaths.add(actual.path);
    else oldFileIds.push(actual.id);
  }
  // A file that is the target's own, or that the source has lost, keeps its place.
  for (const actual of mirror.mirrorFiles) if (!oldFileIds.includes(actual.id)) wantedPaths.add(actual.path);

  const row = planRow(mirror, job, plan, files, isThere);
  for (const path of [row.mirrorPath, row.sidecarPath, row.encodedVideoPath]) if (path !== null) wantedPaths.add(path);
  const generated = [
    mirror.mirrorSidecarPath,
    mirror.mirrorEncodedVideoPath,
    ...mirror.mirrorFiles.map(({ path }) => path),
  ].filter((path) => path !== null);
  const named = new Set([mirror.mirrorPath, ...generated]);
  // Such as the sidecar of an edit that leaves the mirror as its source is.
  const madeByImmich = [...new Set(generated)].filter((path) => !journaled.has(path)).flatMap((path) => {
    const keep = keepOfNamed(path, { id: mirror.mirrorAssetId, ownerId: job.targetUserId }, mirror.links);
    return keep === undefined ? [] : [{ path, keep }];
  });
  const obsolete = [...mirror.links, ...madeByImmich].filter(({ path }) => !wantedPaths.has(path)).map((link) => ({
    mirrorId: mirror.mirrorAssetId,
    ...link,
  }));
  const isRowRight = !mirror.isAdopted && isSameRow(mirror, row);
  if (isRowRight && links.length + staleStamps.length + obsolete.length + newFiles.length + oldFileIds.length === 0) {
    return undefined;
  }
  return {
    plan,
    links,
    obsolete,
    staleStamps,
    row: isRowRight ? undefined : row,
    newFiles,
    oldFileIds,
    journaled,
    named,
  };
}

function hasStamp({ stamp }: JournalEntry, source: LinkStamp): boolean {
  return stamp !== null && stamp !== undefined && isSameLinkStamp(stamp, source);
}

/**
 * The job in whose place a mirror lies, and that place: one of the owner's, else one of another job between the same users, as a mirror is not
 * moved only because another job has its reasons now; else the owner's place for new mirrors.
 */
function homeIn(mirror: ExistingMirror, owner: Job, jobs: readonly Job[]): { job: Job; place: string } {
  const others = jobs.filter((job) =>
    job.sourceUserId === owner.sourceUserId && job.targetUserId === owner.targetUserId
  );
  for (const job of [owner, ...others]) {
    if (placesOf(job, mirror).includes(mirror.mirrorPath)) return { job, place: mirror.mirrorPath };
  }
  return { job: owner, place: placeOf(owner, mirror) };
}

/** The path that older releases keep in a column counts like a row of asset_file. */
function planRow(
  mirror: ExistingMirror,
  job: Job,
  plan: MirrorPlan,
  files: Files,
  isThere: (link: LinkPlan) => boolean,
): MirrorRow {
  const pathOf = (file: FilePlan | undefined, current: string | null) => {
    if (file === undefined) return null;
    return file.link === undefined || isThere(file.link) ? file.mirrorPath : current;
  };
  const original = inspectOrNothing(plan.sourcePath, files);
  const isLinked = plan.original === undefined || isThere(plan.original);
  const target = files.paths.toLocal(plan.mirrorPath);
  const leads = plan.original !== undefined ||
    (original !== undefined && target !== undefined && files.linker.leadsTo(target, original));
  const isSeen = original !== undefined && isLinked && leads;
  const ownTime = original === undefined ? undefined : mirrorModifiedAt(plan.sourceModifiedAtMs, original.mtimeMs);
  return {
    mirrorPath: isSeen ? plan.mirrorPath : mirror.mirrorPath,
    libraryId: job.targetLibraryId,
    checksum: plan.checksum,
    checksumAlgorithm: plan.checksumAlgorithm,
    fileModifiedAt: original === undefined ? new Date(mirror.mirrorModifiedAtMs) : ownTime ?? null,
    isSeen,
    sidecarPath: mirror.hasOwnSidecar ? mirror.mirrorSidecarPath : pathOf(plan.sidecar, mirror.mirrorSidecarPath),
    encodedVideoPath: pathOf(plan.encodedVideo, mirror.mirrorEncodedVideoPath),
  };
}

function isSameRow(mirror: ExistingMirror, row: MirrorRow): boolean {
  const isSameTime = row.fileModifiedAt === null
    ? mirror.hasSourceTime
    : Math.abs(row.fileModifiedAt.getTime() - mirror.mirrorModifiedAtMs) < 1;
  return row.mirrorPath === mirror.mirrorPath &&
    (isSameChecksum(mirror, row) || !row.isSeen) &&
    mirror.mirrorLibraryId === row.libraryId &&
    isSameTime &&
    !(mirror.isOffline && row.isSeen) &&
    row.sidecarPath === mirror.mirrorSidecarPath &&
    row.encodedVideoPath === mirror.mirrorEncodedVideoPath;
}

function isSameChecksum({ mirrorChecksum, mirrorChecksumAlgorithm }: ExistingMirror, row: MirrorRow): boolean {
  return mirrorChecksum === row.checksum &&
    (mirrorChecksumAlgorithm ?? row.checksumAlgorithm) === row.checksumAlgorithm;
}

/**
 * What does not follow the source: what Immich made for the target's own changes (a sidecar that it wrote, the pictures of their
 * edits), and the pictures of an edit while those of the next one are not there.
 */
function isOwn(mirror: ExistingMirror, file: CandidateFile | undefined): boolean {
  if (file === undefined) return false;
  return (file.type === 'sidecar' && mirror.hasOwnSidecar) ||
    (file.isEdited && (mirror.hasOwnEdits || mirror.isEditUnfinished));
}

/** Whether the source lacks a file only because Immich is making it anew. The pictures of an edit that was undone are gone for good. */
function isOnlyForAMoment(mirror: ExistingMirror, { type, isEdited }: CandidateFile): boolean {
  return NEVER_WITHOUT.has(type) && (!isEdited || mirror.isSourceEdited);
}

function findLike(mirror: ExistingMirror, file: FilePlan): CandidateFile | undefined {
  const source = mirror.files.find(({ id }) => id === file.sourceFileId);
  return source === undefined ? undefined : mirror.mirrorFiles.find((actual) => isAlike(source, actual));
}

function isAlike(a: CandidateFile, b: CandidateFile): boolean {
  return a.type === b.type && a.isEdited === b.isEdited;
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Every path that a plan gives to its mirror. */
export function pathsOf({ plan }: FilesPlan): string[] {
  return [plan.mirrorPath, ...filesOf(plan).map(({ mirrorPath }) => mirrorPath)];
}
