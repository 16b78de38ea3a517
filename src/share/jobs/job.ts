import type { JobConfig, Placement } from '../../config/config.ts';
import { isBelow } from '../../files/path_map.ts';
import type { ImmichInstance } from '../../immich/instance.ts';
import type { Features } from '../../immich/settings.ts';
import { type Mapping, originalMappings } from './placement.ts';

/** A configured share, completed with what the database says. */
export interface Job extends Omit<JobConfig, 'kind' | 'placement'> {
  readonly kind: 'external' | 'upload';
  readonly placement: Placement;
  /** Visibilities that are selected by themselves. */
  readonly visibilities: readonly string[];
  /** Whether photos that were edited in Immich are left out. */
  readonly skipsEdited: boolean;
  /** What must have been computed before an asset is mirrored. */
  readonly features: Features;
  readonly mappings: readonly Mapping[];
  readonly mediaLocation: string;
}

/**
 * Completes a configured job; what it names is checked by job_checks.ts. `isBehindLink`: whether a directory, as Immich sees it,
 * is or lies behind a symbolic link (files/behind_link.ts).
 */
export function resolveJob(
  config: JobConfig,
  instance: ImmichInstance,
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
    placement: config.placement === 'auto'
      ? isBehindLink(config.targetPathPrefix) ? 'symlink' : 'hardlink'
      : config.placement,
    kind: config.kind === 'auto' ? (isInsideMedia ? 'upload' : 'external') : config.kind,
    visibilities,
    skipsEdited: config.shareEdited === 'skip' && instance.canEdit,
    features: { clip: isNeeded('clip'), faces: isNeeded('faces'), ocr: isNeeded('ocr') },
    mappings: originalMappings(config, instance.mediaLocation),
    mediaLocation: instance.mediaLocation,
  });
}
