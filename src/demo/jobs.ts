import { defaultServiceConfig } from '../config/service.ts';
import { defaultWriteConfig } from '../config/write.ts';
import type { Config, DatabaseConfig, JobConfig } from '../config/config.ts';
import { EXTERNAL_ROOT, MEDIA_LOCATION } from './roots.ts';
import type { GeneratedAlbum, GeneratedLibraryRow, GeneratedUser } from './library_generator/result.ts';

/** What of a generated library the jobs name. */
interface Accounts {
  readonly users: Readonly<Record<'alice' | 'bob' | 'carol', GeneratedUser>>;
  readonly libraries: Readonly<
    Record<'bobShared' | 'bobUploads' | 'carolShared' | 'carolUploads', GeneratedLibraryRow>
  >;
  readonly albums?: Readonly<Record<'fromAlice', GeneratedAlbum>>;
}

/** What a job is when its configuration says no more than it must. */
const DEFAULTS: Pick<JobConfig, 'placement' | 'includeArchived' | 'includeHidden' | 'shareEdited' | 'require'> = {
  placement: 'hardlink',
  includeArchived: false,
  includeHidden: false,
  shareEdited: 'original',
  require: { clip: 'auto', faces: 'auto', ocr: 'auto' },
};

/** The two shares of the demo: Alice's family pictures and all her uploads, with Bob or Carol. */
export function jobsOf(library: Accounts, target: 'bob' | 'carol'): JobConfig[] {
  const album = target === 'bob' ? library.albums?.fromAlice.id : undefined;
  const common = {
    ...DEFAULTS,
    sourceUserId: library.users.alice.id,
    targetUserId: library.users[target].id,
    albumId: album,
  };
  return [
    {
      ...common,
      name: `family to ${target}`,
      kind: 'external',
      targetLibraryId: library.libraries[`${target}Shared`].id,
      sourcePathPrefix: `${EXTERNAL_ROOT}/alice/family/`,
      targetPathPrefix: `${EXTERNAL_ROOT}/${target}_shared/.alice/`,
    },
    {
      ...common,
      name: `uploads to ${target}`,
      kind: 'upload',
      targetLibraryId: library.libraries[`${target}Uploads`].id,
      sourcePathPrefix: undefined,
      targetPathPrefix: `${MEDIA_LOCATION}/shared/${target}/.alice/`,
    },
  ];
}

/** A configuration as loadConfig would make it, for a library that was generated in `directory`. */
export function demoConfig(database: DatabaseConfig, directory: string, jobs: readonly JobConfig[]): Config {
  return {
    database,
    databaseWaitSeconds: 60,
    immich: { url: 'http://127.0.0.1:2283', apiKey: undefined },
    uploadLocation: `${directory}/media`,
    uploadLocationMount: undefined,
    externalLibraryDir: `${directory}/external`,
    externalLibraryMount: EXTERNAL_ROOT,
    pathMap: [],
    jobs,
    // All of its files were made a moment ago, and nobody is at work on them.
    write: { ...defaultWriteConfig(directory), settleSeconds: 0 },
    service: defaultServiceConfig(),
    vectorWorkers: 2,
    syncIntervalSeconds: 60,
    reconcileHours: 6,
    offlineGraceHours: 24,
    brake: { percent: 20, minimum: 50 },
    log: { level: 'info', format: 'text' },
    notes: [],
  };
}
