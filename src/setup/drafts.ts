import type { Config, JobConfig, SharedAlbumsConfig } from '../config/config.ts';
import { NOBODY_ID } from '../share/selection/names.ts';
import type { Existing } from './existing.ts';
import type { Directories } from './session.ts';

/** No job has this name, as it begins and ends with what is trimmed. */
const NAMELESS = ' ';

/** The configuration as it is, with the directories that were answered: what the database is asked with before there is another one. */
export function draftConfig({ config }: Existing, { mounts, mediaLocation }: Directories): Config {
  const media = mounts.find(({ immich }) => immich === mediaLocation);
  return {
    ...config,
    uploadLocationMount: mediaLocation,
    uploadLocation: media?.local,
    pathMap: mounts,
  };
}

/** A job that means all that a user has, uploads and external libraries, but for what the configuration leaves out of every job. */
export function draftJob({ jobDefaults }: Existing, sourceUserId: string): JobConfig {
  return {
    ...jobDefaults,
    name: NAMELESS,
    kind: 'any',
    sourceUserId,
    targetUserId: NOBODY_ID,
    targetLibraryId: NOBODY_ID,
    sourcePathPrefix: undefined,
    targetPathPrefix: '/',
    albumId: undefined,
  };
}

/** All shared albums, but for what the configuration leaves out. */
export function draftSharedAlbums({ config, jobDefaults }: Existing, directory: string): SharedAlbumsConfig {
  const { placement, includeArchived, shareEdited, require, never } = jobDefaults;
  const added: SharedAlbumsConfig = {
    albums: 'all',
    exceptAlbums: [],
    members: 'all',
    exceptMembers: [],
    directories: [directory],
    placement: placement === 'copy' ? 'copy' : 'hardlink',
    includeArchived,
    shareEdited,
    require,
    ...never === undefined ? {} : { never },
  };
  return { ...config.sharedAlbums ?? added, albums: 'all' };
}
