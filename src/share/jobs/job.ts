import type { JobConfig, Placement } from '../../config/config.ts';
import { isBelow } from '../../files/path_map.ts';
import type { ImmichInstance } from '../../immich/instance.ts';
import type { Needs } from '../../immich/readiness.ts';
import type { Features } from '../../immich/settings.ts';
import { dependsOnWhoElse, type JobSelection } from '../selection/criteria.ts';
import type { RememberedName } from '../selection/remembered.ts';
import { hasNames, type NamesFingerprint, type ResolvedNames } from '../selection/resolve.ts';
import { type Mapping, originalMappings } from './placement.ts';

/** A configured share, completed with what the database says. */
export interface Job extends Omit<JobConfig, 'kind' | 'placement'> {
  readonly kind: 'external' | 'upload' | 'any';
  /** What of that kind, and below that path, is meant. */
  readonly selection: JobSelection;
  /** What its names are wrong about, as sentences; not empty = it can do nothing. */
  readonly nameProblems: readonly string[];
  readonly nameWarnings: readonly string[];
  /** Whether it names anything that may be called otherwise later. */
  readonly isByName: boolean;
  /** What its names stand for, to be remembered. */
  readonly remember: readonly RememberedName[];
  /** The same, in a form to be compared. */
  readonly names: NamesFingerprint;
  readonly placement: Placement;
  /** Visibilities that are selected by themselves. */
  readonly visibilities: readonly string[];
  /** Whether photos that were edited in Immich are left out. */
  readonly skipsEdited: boolean;
  /** What must have been computed before an asset is mirrored. */
  readonly features: Needs;
  /** Jobs that this run leaves out: mirrors that they have made are left alone by others that select the same photos. */
  readonly leftAlone: readonly string[];
  readonly mappings: readonly Mapping[];
  readonly mediaLocation: string;
}

/** A job whose names stand for the same as before and may be called otherwise. */
export function renamedJob(job: Job, { selection, warnings, remember, fingerprint }: ResolvedNames): Job {
  return Object.freeze({ ...job, selection, nameWarnings: warnings, remember, names: fingerprint });
}

/**
 * Completes a configured job with what its names stand for; what it names by id is checked by checks/jobs.ts. `isBehindLink`: whether a directory, as Immich sees it,
 * is or lies behind a symbolic link (files/behind_link.ts).
 */
export function resolveJob(
  config: JobConfig,
  instance: ImmichInstance,
  { sourceUserId, targetUserId, selection, problems, warnings, remember, fingerprint }: ResolvedNames,
  isBehindLink: (path: string) => boolean = () => false,
): Job {
  const isInsideMedia = config.sourcePathPrefix === undefined ||
    isBelow(config.sourcePathPrefix, instance.mediaLocation);
  const visibilities = ['timeline'];
  if (config.includeArchived) visibilities.push('archive');
  if (config.includeHidden) visibilities.push('hidden');
  const isNeeded = (kind: keyof Features) =>
    config.require[kind] === 'auto' ? instance.features[kind] : config.require[kind] === 'required';
  return Object.freeze({
    ...config,
    sourceUserId,
    targetUserId,
    selection,
    nameProblems: problems,
    nameWarnings: warnings,
    isByName: hasNames(config),
    remember,
    names: fingerprint,
    placement: config.placement === 'auto'
      ? isBehindLink(config.targetPathPrefix) ? 'symlink' : 'hardlink'
      : config.placement,
    kind: config.kind === 'auto' ? (isInsideMedia ? 'upload' : 'external') : config.kind,
    visibilities,
    skipsEdited: config.shareEdited === 'skip' && instance.canEdit,
    features: {
      clip: isNeeded('clip'),
      faces: isNeeded('faces'),
      ocr: isNeeded('ocr'),
      // Without machine learning nobody is ever recognised.
      recognition: instance.features.faces && dependsOnWhoElse(selection),
    },
    leftAlone: [],
    mappings: originalMappings({ ...config, sourceUserId }, instance.mediaLocation),
    mediaLocation: instance.mediaLocation,
  });
}
