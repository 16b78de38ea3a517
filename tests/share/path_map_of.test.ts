import assert from 'node:assert/strict';
import type { Config, JobConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { demoConfig } from '../../src/demo/jobs.ts';
import { pathMapOf } from '../../src/share/jobs/path_map_of.ts';

const DATABASE = { hostname: 'x', port: 1, username: 'x', password: new Secret('x'), name: 'x', maxConnections: 1 };
const IMMICH = {
  version: 'v3.1.0',
  mediaLocation: '/data',
  features: { clip: false, faces: false, ocr: false },
  canEdit: true,
};

/** Whether a path of the external directory means anything here, of an installation whose settings do not say where it is. */
function knowsExternal(changes: Partial<Config>, hasExternalLinks = false): boolean {
  const config = { ...demoConfig(DATABASE, '/photos', []), externalLibraryDir: undefined, ...changes };
  return pathMapOf(config, IMMICH, hasExternalLinks).toLocal('/external_library/a.jpg') !== undefined;
}

const upload: Pick<JobConfig, 'sourcePathPrefix' | 'targetPathPrefix'> = {
  sourcePathPrefix: undefined,
  targetPathPrefix: '/data/shared/bob/.alice/',
};
const jobs = (changes: Partial<JobConfig>) => ({ jobs: [{ ...upload, ...changes } as JobConfig] });

Deno.test('the external directory is one of the roots if the settings, a job, or a file of ours from before needs it', () => {
  assert.equal(knowsExternal({}), false);
  assert.equal(knowsExternal(jobs({})), false);
  assert.equal(knowsExternal({ externalLibraryDir: '/photos/external' }), true);
  assert.equal(knowsExternal({}, true), true, 'what was linked for a job that is not configured any more');
  assert.equal(knowsExternal(jobs({ sourcePathPrefix: '/external_library/alice/' })), true);
  assert.equal(knowsExternal(jobs({ targetPathPrefix: '/external_library/bob/.alice/' })), true);
  assert.equal(knowsExternal(jobs({ targetPathPrefix: '/external_library_2/.alice/' })), false);
});

Deno.test('what PATH_MAP says comes before the directories of every installation', () => {
  const pathMap = [{ immich: '/data/library', local: '/nas/library' }];
  const map = pathMapOf({ ...demoConfig(DATABASE, '/photos', []), pathMap }, IMMICH, false);
  assert.deepEqual(
    ['/data/library/a.jpg', '/data/thumbs/a.webp', '/external_library/a.jpg'].map((path) => map.toLocal(path)),
    [
      '/nas/library/a.jpg',
      '/photos/media/thumbs/a.webp',
      '/photos/external/a.jpg',
    ],
  );
});
