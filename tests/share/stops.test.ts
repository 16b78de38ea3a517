/** The recipient deletes the library of what is shared with them: a "no" to the whole share, and to none of its photos. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { confirmBrakes } from '../../src/share/brake/remembered.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { liftStops, readStops } from '../../src/share/stops/stops.ts';
import { readShareStatus } from '../../src/status/share.ts';
import { EXIT } from '../../src/errors.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { ServiceState } from '../../src/service/state.ts';
import { run, variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { deleteLibrary } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';

Deno.test('a recipient who deletes the library stops the share, whatever library is configured then, until reshare lifts it', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  await world.share();
  const mirrors = await mirrorsOf(world, family.name);
  assert.ok(mirrors.length > 10);

  // As LibraryService.handleDeleteLibrary does it: the library, then its photos one by one, then its row; a cycle comes in between.
  await sql`UPDATE library SET "deletedAt" = now() WHERE id = ${family.targetLibraryId}`;
  await sql`UPDATE asset SET "deletedAt" = now() WHERE "libraryId" = ${family.targetLibraryId}`;
  assert.deepEqual(codesOf(await world.share({ isFull: false })), [['stopped-by-recipient', family.name]]);
  await deleteLibrary(world, family.targetLibraryId);
  const report = await world.share();
  assert.deepEqual(codesOf(report), [['stopped-by-recipient', family.name]]);
  assert.deepEqual([report.brakes, report.jobs.flatMap(({ withdrawn }) => Object.keys(withdrawn))], [[], []]);
  assert.deepEqual(await mirrorsOf(world, family.name), mirrors, 'it is kept, and nothing of it is declined');
  assert.equal((await sql`SELECT FROM immich_sidecar.withdrawn`).length, 0);
  assert.ok((await mirrorsOf(world, uploads.name)).length > 0, 'the other share goes on');
  await assertAtRest(world);

  // The files are there yet, as Immich leaves those of a library alone. Of what is locked now nothing stays.
  const { file, source } = await someFileOf(world, family.name);
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${source}`;
  await world.share({ isFull: false });
  assert.throws(() => Deno.lstatSync(file), Deno.errors.NotFound);
  await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${source}`;
  const rest = await mirrorsOf(world, family.name);
  assert.equal(rest.length, mirrors.length - 1);

  const status = await world.apply((_, view) => readShareStatus(sql, view));
  assert.ok(status.jobs.find(({ job }) => job === family.name)?.stoppedSince instanceof Date);
  assert.equal(status.jobs.find(({ job }) => job === uploads.name)?.stoppedSince, undefined);

  // Another library, another name: it is stopped all the same, also when it is the only job.
  const [library] = await sql<{ id: string }[]>`
    INSERT INTO library (name, "ownerId", "importPaths", "exclusionPatterns")
    VALUES ('again', ${family.targetUserId}, ${['/external_library/bob_shared']}, ${[]}::text[])
    RETURNING id`;
  assert.ok(library);
  const again = { ...family, targetLibraryId: library.id };
  world.setJobs([again]);
  assert.deepEqual(codesOf(await world.share()).filter(([code]) => code === 'stopped-by-recipient'), [
    ['stopped-by-recipient', family.name],
  ]);
  world.setJobs([{ ...family, name: 'renamed' }, uploads]);
  assert.deepEqual(codesOf(await world.share()), [['stopped-by-recipient', 'renamed']]);
  assert.deepEqual(await mirrorsOf(world, family.name), rest);

  world.setJobs([again, uploads]);
  const stops = await world.apply((_, view) => readStops(sql, view.jobs));
  assert.deepEqual(stops.map(({ job }) => job), [family.name]);
  assert.equal(await liftStops(sql, stops), 1);
  const lifted = await world.share();
  assert.deepEqual([codesOf(lifted), lifted.brakes], [[], []]);
  const made = await mirrorsOf(world, family.name);
  assert.equal(made.length, mirrors.length);
  assert.equal((await sql`SELECT FROM asset WHERE id = ANY (${made}::uuid[])`).length, made.length);
  assert.equal((await sql`SELECT FROM immich_sidecar.withdrawn`).length, 0);
  await assertAtRest(world);
});

Deno.test('a share that has nothing in a library yet is not known by it, whatever another share has there', async () => {
  await using world = await World.open('v3.1.0');
  const [family] = world.config.jobs;
  assert.ok(family);
  const [sourcePathPrefix, targetPathPrefix] = [
    '/external_library/alice/nothing/',
    '/external_library/bob_shared/.nothing/',
  ];
  world.setJobs([family, { ...family, name: 'nothing', sourcePathPrefix, targetPathPrefix }]);
  await world.share();
  const noted = await world.sql<{ job: string }[]>`SELECT job_name AS job FROM immich_sidecar_stops.share`;
  assert.deepEqual(noted.map(({ job }) => job), [family.name]);
});

Deno.test('of a stopped share what its owner locks or deletes goes, files too, and the rest when the job is taken out', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  await world.share();
  await deleteLibrary(world, family.targetLibraryId);
  await world.share();
  const paths = async () => (await linksOf(world, family.name)).map(({ path }) => world.local(path));
  const all = await paths();

  const { source } = await someFileOf(world, family.name);
  const deleted = (await linksOf(world, family.name)).filter((link) => link.source === source)
    .map(({ path }) => world.local(path));
  assert.ok(deleted.length > 0 && deleted.every((path) => all.includes(path)));
  await deleteOriginals(world, [source]);

  // Its disk is away: nothing there is taken for gone.
  const directory = world.local(family.targetPathPrefix.slice(0, -1));
  await Deno.rename(directory, `${directory}-away`);
  await Deno.mkdir(directory);
  await world.share();
  assert.deepEqual(await paths(), all);
  await Deno.remove(directory);
  await Deno.rename(`${directory}-away`, directory);

  // A name that the job had when it was stopped or has now, a cycle over everything or over changes.
  world.setJobs([{ ...family, name: 'renamed' }, uploads]);
  const report = await world.share({ isFull: false });
  assert.deepEqual(codesOf(report), [['stopped-by-recipient', 'renamed']]);
  assert.deepEqual(deleted.filter((path) => existsSync(path)), []);
  const rest = await paths();
  assert.deepEqual(rest, all.filter((path) => !deleted.includes(path)));
  assert.ok(rest.every((path) => existsSync(path)));
  assert.equal((await sql`SELECT FROM immich_sidecar.asset_map WHERE source_asset_id = ${source}`).length, 0);
  assert.equal((await sql`SELECT FROM immich_sidecar_kept.file`).length, 0, 'nothing that was deleted is kept');
  await assertAtRest(world);

  world.setJobs([uploads]);
  await world.share();
  assert.deepEqual(await paths(), []);
  assert.deepEqual(rest.filter((path) => existsSync(path)), []);
  world.setJobs([family, uploads]);
  assert.deepEqual(codesOf(await world.share()), [['stopped-by-recipient', family.name]], 'it is stopped for good');
});

Deno.test('a file of a stopped share that its recipient has deleted is forgotten when its owner locks the photo, and cycles are idle again', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const [family] = world.config.jobs;
  assert.ok(family);
  await world.share();
  await deleteLibrary(world, family.targetLibraryId);
  await world.share();
  const { file, source } = await someFileOf(world, family.name);
  await Deno.remove(file);
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${source}`;

  // Its disk is away: what is not there is not gone.
  const directory = world.local(family.targetPathPrefix.slice(0, -1));
  await Deno.rename(directory, `${directory}-away`);
  await Deno.mkdir(directory);
  await world.share({ isFull: false });
  const left = () => sql`SELECT FROM immich_sidecar.link WHERE locked_source_id = ${source}`;
  assert.ok((await left()).length > 0);
  await Deno.remove(directory);
  await Deno.rename(`${directory}-away`, directory);

  await world.share({ isFull: false });
  assert.equal((await left()).length, 0);
  await assertAtRest(world);
});

Deno.test('of a stopped share, too, the brake keeps what was deleted all at once', async () => {
  await using world = await World.open('v3.1.0');
  const [family] = world.config.jobs;
  assert.ok(family);
  await world.share();
  await deleteLibrary(world, family.targetLibraryId);
  await world.share();
  const links = await linksOf(world, family.name);
  await deleteOriginals(world, links.map(({ source }) => source));
  for (const isFull of [false, true]) {
    const { brakes } = await world.share({ isFull });
    assert.deepEqual(brakes.map(({ job, reasons }) => [job, reasons]), [
      [family.name, { 'source-deleted': new Set(links.map(({ source }) => source)).size }],
    ]);
  }
  assert.deepEqual(await linksOf(world, family.name), links);
  assert.ok(links.every(({ path }) => existsSync(world.local(path))));
  assert.equal((await confirmBrakes(world.sql, family.name)).length, 1);
  await world.share();
  assert.deepEqual(links.filter(({ path }) => existsSync(world.local(path))), []);
});

Deno.test('explain, doctor, dashboard and sync say that a share was stopped, a quiet cycle too, and reshare --job lifts it', async (t) => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  await world.share();
  const mirrors = await mirrorsOf(world, family.name);
  const { source } = await someFileOf(world, family.name);
  await deleteLibrary(world, family.targetLibraryId);
  await world.share();
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const program = (...args: string[]) => run(args, { cwd: cwd.path, env: variablesOf(world) });

  await t.step('a cycle that has nothing else to look at', async () => {
    await using engine = await Engine.start(world.config);
    const full = await engine.cycle();
    const quiet = await engine.untilIdle(sql);
    assert.deepEqual([quiet.complete, codesOf(quiet)], [false, [['stopped-by-recipient', family.name]]]);
    const state = new ServiceState();
    for (const report of [full, quiet]) {
      state.succeeded(report);
      const jobs = snapshotOf(state, world.config, 'test').jobs.map(({ name, problemCounts }) => [name, problemCounts]);
      assert.deepEqual(jobs, [[family.name, { 'stopped-by-recipient': 1 }], [uploads.name, {}]]);
    }
  });
  await t.step('explain', async () => {
    const { stdout } = await program('explain', source);
    assert.match(stdout, /they have deleted the library of this share in Immich.*\(reshare --job/);
    assert.match(stdout, /share "family to bob": not shared; it is selected/);
    assert.doesNotMatch(stdout, /since|\?/);
    const { stdout: counts } = await program('explain', '--job', family.name);
    assert.doesNotMatch(counts, /since/);
  });
  await t.step('doctor', async () => {
    const { stdout } = await program('doctor', '--json');
    const findings = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').findings as Record<string, string>[];
    const stopped = findings.find(({ check }) => check === 'mirrors.stopped');
    assert.match(
      `${stopped?.['status']} ${stopped?.['message']} ${stopped?.['remedy']}`,
      /^warn .*family to bob.*reshare --job/,
    );
  });
  await t.step('sync', async () => {
    const { code, stdout } = await program('sync');
    assert.equal(code, EXIT.partial);
    assert.match(stdout, /reshare --job "family to bob"/);
  });
  await t.step('reshare', async () => {
    const listed = await program('reshare', '--job', family.name, '--list', '--json');
    assert.deepEqual(JSON.parse(listed.stdout).stops.map(({ job }: { job: string }) => job), [family.name]);
    await sql`
      INSERT INTO library (id, name, "ownerId", "importPaths", "exclusionPatterns")
      VALUES (${family.targetLibraryId}, 'again', ${family.targetUserId}, ${[
      '/external_library/bob_shared',
    ]}, ${[]}::text[])`;
    const lifted = await program('reshare', '--job', family.name, '--yes', '--json');
    assert.deepEqual(JSON.parse(lifted.stdout).shares, 1);
    const { code, stderr } = await program('sync');
    assert.equal(code, EXIT.ok, stderr);
    const made = await mirrorsOf(world, family.name);
    assert.ok(made.length >= mirrors.length);
    assert.equal((await sql`SELECT FROM asset WHERE id = ANY (${made}::uuid[])`).length, made.length);
  });
});

Deno.test('a library that is named by mistake is no stop', async () => {
  await using world = await World.open('v3.1.0');
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  await world.share();
  world.setJobs([{ ...family, targetLibraryId: crypto.randomUUID() }, uploads]);
  assert.deepEqual(codesOf(await world.share()), [['job-left-out', family.name]]);
  assert.equal((await world.sql`SELECT FROM immich_sidecar_stops.share WHERE stopped_at IS NOT NULL`).length, 0);
});

function codesOf(report: Parameters<typeof problemsOf>[0]): (readonly [string, string | undefined])[] {
  return problemsOf(report).map(({ code, where }) => [code, where.job]);
}

/** The original of a picture's mirror, as far as it still is on the disk, and its source. */
async function someFileOf(world: World, job: string): Promise<{ file: string; source: string }> {
  const rows = await world.sql<{ path: string; source: string }[]>`
    SELECT l.path, m.source_asset_id AS source
    FROM immich_sidecar.asset_map m
    JOIN immich_sidecar.link l ON l.mirror_id = m.mirror_asset_id
    JOIN asset a ON a.id = m.source_asset_id
    WHERE m.job_name = ${job}
      AND a.visibility = 'timeline'
      AND a."livePhotoVideoId" IS NULL
      AND l.path LIKE '%.jpg'
    ORDER BY l.path`;
  const found = rows.find(({ path }) => path.startsWith('/external_library/') || path.includes('/.alice/'));
  assert.ok(found, JSON.stringify(rows));
  const file = world.local(found.path);
  assert.ok(Deno.lstatSync(file).isFile);
  return { file, source: found.source };
}

async function mirrorsOf({ sql }: World, job: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT mirror_asset_id AS id FROM immich_sidecar.asset_map WHERE job_name = ${job} ORDER BY mirror_asset_id`;
  return rows.map(({ id }) => id);
}

/** As their owner deletes them for good; the files stay where they are. */
async function deleteOriginals({ sql }: World, ids: readonly string[]): Promise<void> {
  await sql`DELETE FROM stack WHERE "primaryAssetId" = ANY (${ids as string[]}::uuid[])`;
  await sql`DELETE FROM asset WHERE id = ANY (${ids as string[]}::uuid[])`;
}

/** All files of a job's mirrors, as Immich sees them. */
async function linksOf({ sql }: World, job: string): Promise<{ path: string; source: string }[]> {
  return await sql<{ path: string; source: string }[]>`
    SELECT l.path, m.source_asset_id AS source
    FROM immich_sidecar.asset_map m
    JOIN immich_sidecar.link l ON l.mirror_id = m.mirror_asset_id
    WHERE m.job_name = ${job}
    ORDER BY l.path`;
}

/** One more cycle changes nothing. */
async function assertAtRest(world: World): Promise<void> {
  const before = await digestTables(world.sql);
  await world.share();
  assert.deepEqual(await digestTables(world.sql), before);
}
