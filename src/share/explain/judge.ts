import { dayOf, list, named } from '../../config/words.ts';
import type { Job } from '../jobs/job.ts';
import type { Criterion } from '../selection/criterion.ts';
import { describeDue, PENDING_WORDS } from '../standing/words.ts';
import type { Facts } from './facts.ts';

/** What one job makes of one photo, as sentences for people. */
export interface JobVerdict {
  /** Whether it is in the target's account now. */
  readonly isShared: boolean;
  /** Whether the job means it. */
  readonly isMeant: boolean;
  /** Whether its recipient has stopped the whole share. */
  readonly isStopped: boolean;
  /** Why the job means it; the names of the criteria that are true, or `all` for a job without any. */
  readonly by: readonly string[];
  /** The same in words: `in the album "Family"`. */
  readonly reasons: readonly string[];
  /** Everything that stands against it, as sentences. */
  readonly against: readonly string[];
}

/** What of a photo a job is about, without criteria. */
type Subject = Pick<Job, 'name' | 'kind' | 'sourcePathPrefix' | 'visibilities' | 'skipsEdited' | 'selection'>;

/** Says whether and why a job shares a photo, and all that stands against it. Pure. */
export function judge(job: Subject, facts: Facts): JobVerdict {
  const { anyOf, noneOf, allOf } = job.selection;
  const isTrue = (truths: readonly boolean[]) => (_: Criterion, index: number) => truths[index] === true;
  const reasons = anyOf?.filter(isTrue(facts.anyOf)) ?? [];
  const inPrivate = privacy(facts);
  const scope = [
    ...outOfScope(job, facts),
    ...anyOf !== undefined && reasons.length === 0 && !facts.isMotionOfMirror ? [noReason(anyOf)] : [],
    ...noneOf.filter(isTrue(facts.noneOf)).map(({ words }) => `it is left out, as it is ${words}`),
    ...allOf.filter((_, index) => facts.allOf[index] !== true).map(({ words }) => `it is not ${words}`),
  ];
  const isShared = facts.mirrorPath !== null && !facts.isMirrorTrashed;
  const isMeant = facts.isMotionOfMirror || (inPrivate.length === 0 && scope.length === 0);
  return {
    isShared,
    isMeant,
    isStopped: facts.isStopped,
    by: !isMeant
      ? []
      : facts.isMotionOfMirror
      ? ['motion']
      : anyOf === undefined
      ? ['all']
      : reasons.map(({ name }) => name),
    reasons: !isMeant
      ? []
      : facts.isMotionOfMirror
      ? ['the moving part of a photo that is shared']
      : anyOf === undefined
      ? [
        job.sourcePathPrefix === undefined ? 'one of all that the share means' : `below ${named(job.sourcePathPrefix)}`,
      ]
      : reasons.map(({ words }) => words),
    against: [
      ...inPrivate,
      ...facts.isMotionOfMirror ? [] : scope,
      ...isMeant && facts.mirrorAssetId === null ? waiting(facts) : [],
      ...facts.isStopped
        ? [
          'they have deleted the library of this share in Immich, which stops all of it (reshare --job shares it again)',
        ]
        : [],
      ...vanished(facts),
      ...decisions(facts),
      ...!isMeant && isShared && facts.isBraked
        ? ['the removal is held back until somebody confirms it (sync --confirm-withdrawals)']
        : [],
    ],
  };
}

/** What no setting changes. */
function privacy({ visibility, isTrashed, isOffline, isMirror }: Facts): string[] {
  return [
    ...visibility === 'locked' ? ['it is in the locked folder'] : [],
    ...isTrashed ? ['it is in the trash'] : [],
    ...isOffline ? ['Immich does not find its file'] : [],
    ...isMirror ? ['it is itself shared by somebody else, and only its owner shares it on'] : [],
  ];
}

function outOfScope(job: Subject, facts: Facts): string[] {
  const { visibility, isUpload, isBelowPrefix, isEdited } = facts;
  if (facts.isMotionOfMirror) return [];
  const hidden = visibility === 'locked' || job.visibilities.includes(visibility)
    ? []
    : visibility === 'archive'
    ? ['it is archived (include_archived shares such photos)']
    : ['it is hidden, such as the moving part of a photo that is not shared'];
  return [
    ...hidden,
    ...isUpload && job.kind === 'external' ? ['it was uploaded, and the share is of external libraries'] : [],
    ...!isUpload && job.kind === 'upload' ? ['it is in an external library, and the share is of uploads'] : [],
    ...isBelowPrefix || job.sourcePathPrefix === undefined
      ? []
      : [`it does not lie below ${named(job.sourcePathPrefix)}`],
    ...job.skipsEdited && isEdited ? ['it was edited in Immich (share_edited: skip)'] : [],
  ];
}

function noReason(anyOf: readonly Criterion[]): string {
  if (anyOf.length === 0) return 'everything that the share names is there no more';
  return `it is not ${list(anyOf.map(({ words }) => words), 'or')}`;
}

function waiting({ pending }: Facts): string[] {
  return pending === null ? [] : [`it waits ${PENDING_WORDS[pending] ?? pending} by Immich`];
}

/** It was shared, and is neither in the target's account nor known to be declined. */
function vanished({ mirrorAssetId, mirrorPath, isStopped, isBraked }: Facts): string[] {
  if (mirrorAssetId === null || mirrorPath !== null || isStopped) return [];
  const undecided = ', and nobody has said yet whether that was meant (reshare, or sync --confirm-withdrawals)';
  return [`it is gone from their account${isBraked ? undecided : ''}`];
}

/** What somebody has decided, or what has happened to it. */
function decisions(
  { declinedAt, isMirrorTrashed, skipReason, skipDetail, skippedSince, mirrorAssetId, triedAgainAt }: Facts,
): string[] {
  const again = triedAgainAt === null ? '' : `; it is tried again ${describeDue(triedAgainAt.toISOString())}`;
  return [
    ...declinedAt === null ? [] : [`they deleted it on ${dayOf(declinedAt)} (reshare shares it again)`],
    ...isMirrorTrashed && declinedAt === null ? ['it is in their trash'] : [],
    ...skipReason === null || mirrorAssetId !== null ? [] : [
      `it was left out on ${skippedSince === null ? '?' : dayOf(skippedSince)}: ${skipDetail ?? skipReason}${again}`,
    ],
    ...mirrorAssetId === null || again === '' ? [] : [`something of it failed${again}`],
  ];
}
