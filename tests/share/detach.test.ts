import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { applyForget, planForget } from '../../src/share/undo/forget.ts';
import { applyDetach, type DetachResult } from '../../src/share/undo/detach.ts';
import { planUnshare } from '../../src/share/undo/unshare.ts';
import { run, variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables, snapshotOf } from './snapshot.ts';
import { World } from './world.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: unshare --keep leaves shared photos with files, faces and people; later cycles leave them alone`, async () => {
    await using world = await World.open(release);
    await world.share();
    await world.share();
    const mirrors = await originalsOf(world);
    const before = await snapshotOf(world);
    const names = await world.namesOf('bob');
    const result = await detach(world);
    assert.deepEqual(result, { kept: mirrors.length, removed: 0, people: result.people, problems: [] });
    assert.ok(result.people > 0);
    assert.deepEqual(await snapshotOf(world), before, 'no row of Immich and no file has changed');
    const [left] = await world.sql<{ ours: number }[]>`
      SELECT (
        (SELECT count(*) FROM immich_sidecar.asset_map) + (SELECT count(*) FROM immich_sidecar.face_map) +
        (SELECT count(*) FROM immich_sidecar.person_map) + (SELECT count(*) FROM immich_sidecar.link) +
        (SELECT count(*) FROM immich_sidecar_stacks.stack_map)
      )::int AS ours`;
    assert.equal(left?.ours, 0);

    const report = await world.share();
    assert.deepEqual([report.problems, report.complete], [[], true]);
    assert.deepEqual(report.jobs.map(({ created, withdrawn }) => [created, withdrawn]), [[0, {}], [0, {}]]);
    const rows = await digestTables(world.sql);
    await world.share();
    assert.deepEqual(await digestTables(world.sql), rows);

    // Whatever the source does now, Bob has his photos.
    await deletePhotosOfAlice(world);
    for (const { source } of mirrors) Deno.removeSync(world.local(source));
    await world.share();
    assert.equal((await originalsOf(world)).length, mirrors.length);
    for (const { mirror } of mirrors) assert.ok(Deno.lstatSync(world.local(mirror)).isFile);
    assert.deepEqual(await world.namesOf('bob'), names);
  });
}

Deno.test('unshare --keep does not keep what is locked at the source, nor the video of a locked live photo', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  const live = await sql<{ still: string; motion: string }[]>`
    SELECT still.id AS still, still."livePhotoVideoId" AS motion
    FROM asset still
    JOIN immich_sidecar.asset_map m ON m.source_asset_id = still.id
    JOIN immich_sidecar.asset_map motion ON motion.source_asset_id = still."livePhotoVideoId"`;
  const locked = [world.id('family/picnic'), ...live.map(({ still }) => still)];
  const gone = [...locked, ...live.map(({ motion }) => motion)];
  assert.ok(live.length > 0);
  const paths = await sql<{ path: string }[]>`
    SELECT mirror."originalPath" AS path
    FROM immich_sidecar.asset_map m JOIN asset mirror ON mirror.id = m.mirror_asset_id
    WHERE m.source_asset_id = ANY (${gone})`;
  const ids = await sql<{ id: string }[]>`
    SELECT mirror_asset_id AS id FROM immich_sidecar.asset_map WHERE source_asset_id = ANY (${gone})`;
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ANY (${locked})`;
  const { removed, problems } = await detach(world);
  assert.deepEqual([removed, problems], [gone.length, []]);
  assert.deepEqual([...await sql`SELECT id FROM asset WHERE id = ANY (${ids.map(({ id }) => id)})`], []);
  for (const { path } of paths) assert.throws(() => Deno.lstatSync(world.local(path)), Deno.errors.NotFound);
});

Deno.test('what was left to the target is a mirror again once it is forgotten', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const mirrors = await originalsOf(world);
  await detach(world);
  const decisions = (await planForget(world.sql, { jobs: [] }, {})).filter(({ reason }) => reason === 'detached');
  assert.equal(decisions.length, mirrors.length);
  await applyForget(world.sql, decisions);
  const report = await world.share();
  assert.equal(report.jobs.reduce((sum, { created }) => sum + created, 0), 0, 'it is recognised, not made anew');
  assert.deepEqual(await originalsOf(world), mirrors);
  const [known] = await world.sql<{ mirrors: number }[]>`SELECT count(*)::int AS mirrors FROM immich_sidecar.asset_map`;
  assert.equal(known?.mirrors, mirrors.length);
});

Deno.test("a symbolic link cannot be left to anybody: it is the source's file, and stays a shared photo", async () => {
  await using world = await World.open('v3.1.0');
  const external = `${world.directory}/external`;
  Deno.mkdirSync(`${external}/bob_shared`, { recursive: true });
  Deno.symlinkSync(`${external}/alice/family`, `${external}/bob_shared/.alice`);
  world.setJobs(world.config.jobs.slice(0, 1).map((job) => ({ ...job, placement: 'symlink' })));
  await world.share();
  assert.ok((await originalsOf(world)).length > 0);
  const before = await digestTables(world.sql);
  const { kept, problems } = await detach(world);
  assert.equal(kept, 0);
  assert.deepEqual([...new Set(problems.map(({ code }) => code))], ['not-a-copy']);
  assert.deepEqual(await digestTables(world.sql), before);
});

Deno.test('unshare says when these are the last copies, and --keep leaves them', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: variablesOf(world) };
  const all = (await originalsOf(world)).length;
  const there = await run(['unshare', '--dry-run'], options);
  assert.match(there.stdout, /which the source keeps/);
  await deletePhotosOfAlice(world);
  const gone = await run(['unshare', '--dry-run'], options);
  assert.doesNotMatch(gone.stdout, /which the source keeps/);
  assert.match(
    gone.stdout,
    new RegExp(
      `^${all} of them (is|are) not at the source any more: (this|these) may be the last cop(y|ies)\\. --keep`,
      'm',
    ),
  );
  const keep = await run(['unshare', '--keep', '--yes'], options);
  assert.equal(keep.code, EXIT.ok, keep.stderr);
  assert.match(keep.stdout, new RegExp(`^Left to their receivers: ${all} photos and videos, \\d+ people\\.$`, 'm'));
  assert.equal((await originalsOf(world)).length, all);
  const again = await run(['unshare', '--keep', '--yes', '--json'], options);
  assert.deepEqual(JSON.parse(again.stdout), { kept: 0, removed: 0, people: 0, problems: [] });
});

async function deletePhotosOfAlice({ sql, library }: World): Promise<void> {
  await sql`DELETE FROM stack WHERE "ownerId" = ${library.users.alice.id}`;
  await sql`DELETE FROM asset WHERE "ownerId" = ${library.users.alice.id}`;
}

async function detach(world: World): Promise<DetachResult> {
  return await world.apply(async (tools, view) =>
    await applyDetach(tools, await planUnshare(world.sql, view, {}), () => {})
  );
}

/** Bob's photos in the libraries that are filled for him, with their sources where these are known. */
async function originalsOf({ sql, config }: World): Promise<{ mirror: string; source: string }[]> {
  const libraries = config.jobs.map(({ targetLibraryId }) => targetLibraryId);
  return [
    ...await sql<{ mirror: string; source: string }[]>`
      SELECT mirror."originalPath" AS mirror, source."originalPath" AS source
      FROM asset mirror
      LEFT JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = mirror.id
      LEFT JOIN asset source ON source.id = m.source_asset_id
      WHERE mirror."libraryId" = ANY (${libraries}::uuid[])
      ORDER BY 1`,
  ];
}
