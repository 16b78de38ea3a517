import { createHash } from 'node:crypto';
import { mirrorGeneratedPath, mirrorSidecarPath } from '../../immich/layout.ts';
import type { Candidate, CandidateFile } from '../selection/candidates.ts';
import type { Job } from '../jobs/job.ts';
import { lastingDirectory, placeOf, type Way, wayOf } from '../jobs/placement.ts';

/** One hard link, or copy, to make; paths as Immich sees them. */
export interface LinkPlan {
  readonly sourcePath: string;
  readonly mirrorPath: string;
  readonly way: Way;
  /** Directories above `mirrorPath` that become empty later are removed up to this one. */
  readonly keep: string;
}

/** A row of asset_file to copy with its new path, and the link behind it, if the file is not shared as it is. */
export interface FilePlan {
  readonly sourceFileId: string;
  readonly mirrorPath: string;
  readonly link: LinkPlan | undefined;
  /** A mirror without this file is still whole: it is left out when the file is not there. */
  readonly isOptional: boolean;
}

/** Everything that will be done to mirror one asset. A dry run prints this object; apply consumes it. */
export interface MirrorPlan {
  readonly sourceAssetId: string;
  readonly sourceUpdateId: string;
  readonly sourcePath: string;
  readonly sourceModifiedAtMs: number;
  readonly mirrorAssetId: string;
  readonly mirrorPath: string;
  /** Hexadecimal, as Immich computes it for a file of this kind. */
  readonly checksum: string;
  readonly checksumAlgorithm: 'sha1' | 'sha1-path';
  /** Undefined with symlink placement, where the mirror's path leads to the source's own file. */
  readonly original: LinkPlan | undefined;
  readonly files: readonly FilePlan[];
  /** The same for releases that keep these in columns of `asset`. */
  readonly sidecar: FilePlan | undefined;
  readonly encodedVideo: FilePlan | undefined;
}

/** Decides how one candidate is mirrored, at its place or at the given one. Pure but for the new id, which `newId` supplies. */
export function planMirror(
  candidate: Candidate,
  job: Job,
  newId: () => string,
  mirrorPath: string = placeOf(job, candidate),
): MirrorPlan {
  const mirrorAssetId = newId();
  const keep = lastingDirectory(job.targetPathPrefix);
  const way = wayOf(job);
  const hasOriginal = job.placement !== 'symlink';

  const planFile = (file: CandidateFile): FilePlan => {
    if (file.type === 'sidecar') {
      const path = mirrorSidecarPath(file.path, candidate.originalPath, mirrorPath);
      const link = { sourcePath: file.path, mirrorPath: path, keep, way };
      return {
        sourceFileId: file.id,
        mirrorPath: path,
        link: hasOriginal ? link : undefined,
        isOptional: true,
      };
    }
    const mirror = mirrorGeneratedPath(file, { assetId: candidate.id }, {
      assetId: mirrorAssetId,
      ownerId: job.targetUserId,
      media: job.mediaLocation,
    });
    const link = { sourcePath: file.path, mirrorPath: mirror.path, keep: mirror.keep, way };
    return { sourceFileId: file.id, mirrorPath: mirror.path, link, isOptional: false };
  };
  const planColumn = (type: string, path: string | null): FilePlan | undefined =>
    path === null ? undefined : planFile({ id: candidate.id, type, path, isEdited: false, copied: [] });

  return {
    sourceAssetId: candidate.id,
    sourceUpdateId: candidate.updateId,
    sourcePath: candidate.originalPath,
    sourceModifiedAtMs: candidate.fileModifiedAtMs,
    mirrorAssetId,
    mirrorPath,
    // Everything in an external library has the checksum of its path, but for what Immich itself looks for by its bytes.
    checksum: candidate.motionChecksum ?? pathChecksum(mirrorPath),
    checksumAlgorithm: candidate.motionChecksum === null ? 'sha1-path' : 'sha1',
    original: hasOriginal ? { sourcePath: candidate.originalPath, mirrorPath, keep, way } : undefined,
    files: candidate.files.map(planFile),
    sidecar: planColumn('sidecar', candidate.sidecarPath),
    encodedVideo: planColumn('encoded_video', candidate.encodedVideoPath),
  };
}

/** Every file of a plan besides the original. */
export function filesOf(plan: MirrorPlan): FilePlan[] {
  return [...plan.files, plan.sidecar, plan.encodedVideo].filter((file) => file !== undefined);
}

/** How many of Immich's hashed folders the generated files of one batch go to. */
const FOLDERS_PER_BATCH = 16;

/**
 * A source of ids for the mirrors of one batch: random UUIDs (version 4) that share few beginnings. Immich keeps generated
 * files in a folder named after the first four digits of the id; ids that are random all over would cost a new folder for
 * almost every mirror, and a random page of every index (measured: a third of the time of a first copy).
 */
export function mirrorIds(): () => string {
  const beginnings = Array.from({ length: FOLDERS_PER_BATCH }, () => crypto.randomUUID().slice(0, 4));
  let next = 0;
  return () => {
    const beginning = beginnings[next++ % beginnings.length] ?? '';
    return beginning + crypto.randomUUID().slice(beginning.length);
  };
}

/** Source: LibraryService of Immich, all releases; see docs/immich.md. */
export function pathChecksum(path: string): string {
  return createHash('sha1').update(`path:${path}`).digest('hex');
}
