/** The part of the dashboard that says who has what of whom, and why. */
import assert from 'node:assert/strict';
import { demoConfig } from '../../src/demo/jobs.ts';
import { Secret } from '../../src/config/secret.ts';
import { dashboard } from '../../src/service/dashboard/page.ts';
import { publicSnapshot } from '../../src/service/public_snapshot.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { ServiceState } from '../../src/service/state.ts';
import { nothingHappened } from '../../src/share/cycle/cycle.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { Said } from '../../src/share/cycle/said.ts';

const database = {
  hostname: '127.0.0.1',
  port: 5432,
  username: 'immich',
  password: new Secret('secret'),
  name: 'immich',
  maxConnections: 4,
};
/** Without the line breaks that the formatter puts into templates. */
function textOf(page: unknown): string {
  return String(page).replace(/\s+/g, ' ').replaceAll('> ', '>').replaceAll(' <', '<');
}

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

const ALBUM = '3f0c1a2b-0000-4000-8000-000000000000';

Deno.test('the dashboard says for each pair what is shared by which album or person, with links into Immich', async () => {
  const state = new ServiceState();
  const since = new Date('2026-11-30T10:00:00Z');
  const idle = nothingHappened({ jobs: [], only: undefined, leftOut: [], limits: LIMITS }, {
    progress: SILENT,
    said: new Said(),
    again: [],
  });
  state.succeeded({ ...idle, retries: { photos: 0, nextAt: undefined } }, {
    sharing: [{
      sourceUserId: ALBUM,
      targetUserId: ALBUM,
      from: 'Alice',
      to: 'Bob',
      by: [
        {
          criterion: 'shared-albums',
          thing: ALBUM,
          name: '<Family>',
          words: 'in the shared album "<Family>"',
          photos: 1_234,
          since,
        },
        { criterion: 'tags', thing: ALBUM, name: 'share/b & b', words: 'tagged "share/b & b"', photos: 3, since },
        {
          criterion: 'paths',
          thing: '/external library/a/',
          name: null,
          words: 'below "/external library/a/"',
          photos: 2,
          since,
        },
      ],
    }],
  });
  const config = demoConfig(database, '/srv', []);
  const visitor = { canSignIn: true, isSignedIn: true, message: undefined };
  const snapshot = (publicUrl: string | undefined) =>
    snapshotOf(state, { ...config, immich: { ...config.immich, publicUrl } }, 'test');
  const page = textOf(await dashboard(snapshot('https://photos.example.com'), visitor, Date.now()));
  assert.match(page, /<h3><a href="\/pair\?from=[0-9a-f-]+&amp;to=[0-9a-f-]+">What Bob has from Alice<\/a><\/h3>/);
  assert.ok(
    page.includes(
      `1,234</data>photos:<a href="https://photos.example.com/albums/${ALBUM}">in the shared album &quot;&lt;Family`,
    ),
  );
  assert.ok(page.includes('https://photos.example.com/folders?path=%2Fexternal%20library%2Fa"'));
  assert.ok(page.includes('<a href="https://photos.example.com/tags?path=share%2Fb%20%26%20b">'));
  const without = textOf(await dashboard(snapshot(undefined), visitor, Date.now()));
  assert.ok(without.includes('1,234</data>photos: in the shared album') && !without.includes('/albums/'));
  const stranger = String(
    await dashboard(
      publicSnapshot(snapshot('https://photos.example.com')),
      { ...visitor, isSignedIn: false },
      Date.now(),
    ),
  );
  assert.ok(!stranger.includes('Family'), 'names of albums are for those who have signed in');
});
