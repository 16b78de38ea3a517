import assert from 'node:assert/strict';
import { PredecessorWorld } from '../share/predecessor_world.ts';
import { World } from '../share/world.ts';
import { everything } from './everything.ts';
import { run, variablesOf } from './program.ts';

Deno.test({
  name: 'takeover with the .env and config.yaml of immich-shared-library: look, take over, sync, unshare',
  fn: async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    await PredecessorWorld.share(world);
    using cwd = temporaryDirectory();
    const { DB_WAIT_SECONDS: _, ...settings } = variablesOf(world);
    // As its setup.py leaves them: no placement, no kind.
    Deno.writeTextFileSync(
      `${cwd.path}/.env`,
      Object.entries({ ...settings, UPLOAD_LOCATION_MOUNT: '/data', EXTERNAL_LIBRARY_MOUNT: '/external_library' })
        .map(([key, value]) => `${key}=${value}\n`).join(''),
    );
    Deno.writeTextFileSync(
      `${cwd.path}/config.yaml`,
      `sync_jobs:\n${
        world.config.jobs.map((job) =>
          `  - name: "${job.name}"
    source_user_id: "${job.sourceUserId}"
    target_user_id: "${job.targetUserId}"
    target_library_id: "${job.targetLibraryId}"
    source_path_prefix: "${job.sourcePathPrefix}"
    target_path_prefix: "${job.targetPathPrefix}"
    album_id: "${job.albumId}"\n`
        ).join('')
      }`,
    );
    const options = { cwd: cwd.path, env: {} };
    const before = await everything(world);
    const look = await run(['takeover', '--dry-run'], options);
    assert.equal(look.code, 0, look.stderr);
    assert.match(
      look.stdout,
      /^share +photos\nalice-external-to-bob +\d+\nalice-uploads-to-bob +\d+\nTo be taken over: \d+/,
    );
    assert.match(look.stdout, /^Locked: 2\. The next sync removes them\.$/m);
    assert.match(look.stdout, /Nothing was changed\.\n$/);
    assert.ok(look.stdout.split('\n').every((line) => line.length <= 80), look.stdout);
    const json = JSON.parse((await run(['takeover', '--dry-run', '--json'], options)).stdout);
    assert.deepEqual(Object.keys(json), [
      'dryRun',
      'sessions',
      'mirrors',
      'people',
      'decisions',
      'obstacles',
      'libraries',
      'notes',
    ]);
    const unasked = await run(['takeover'], options);
    assert.equal(unasked.code, 2);
    assert.match(unasked.stderr, /--yes/);
    assert.deepEqual(await everything(world), before);

    const taken = await run(['takeover', '--yes'], options);
    assert.equal(taken.code, 0, taken.stderr);
    assert.match(taken.stdout, /^Taken over: \d+ photos and videos, \d+ faces, \d+ people, \d+ files\./);
    const again = await run(['takeover', '--yes', '--json'], options);
    assert.deepEqual(JSON.parse(again.stdout), { mirrors: 0, faces: 0, people: 0, links: 0, decisions: 0 });
    const sync = await run(['sync', '--json'], options);
    assert.equal(sync.code, 0, sync.stderr + sync.stdout);
    assert.equal((await run(['unshare', '--yes'], options)).code, 0);
    assert.equal((await world.sql`SELECT FROM immich_sidecar.link`).length, 0);
  },
});

Deno.test({
  name:
    'takeover without its tables says so; with a configuration that does not fit, or while it runs, it changes nothing',
  fn: async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    using cwd = temporaryDirectory();
    const options = { cwd: cwd.path, env: variablesOf(world) };
    const none = await run(['takeover'], options);
    assert.deepEqual([none.code, none.stdout], [0, 'immich-shared-library has left nothing in this database.\n']);

    await PredecessorWorld.share(world);
    const before = await everything(world);
    const misfit = await run(['takeover', '--yes'], options);
    assert.equal(misfit.code, 2);
    assert.match(misfit.stderr, /shared photos belong to no configured share: source_user_id [-0-9a-f]{36}/);
    assert.deepEqual(await everything(world), before);
  },
});

function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: 'immich-sidecar-cwd-' });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
