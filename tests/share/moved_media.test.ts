/** Immich gets another media location, such as `/data` instead of `/usr/src/app/upload`: it rewrites its paths, and knows nothing of ours. */
import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { describeProblem } from '../../src/problems/problem.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';

const ELSEWHERE = '/usr/src/app/upload';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: the media location moves, and moves back: the same mirrors, and no file is touched`, async () => {
    await using world = await World.open(release, { ownTables: false });
    await world.share();
    const { config: before } = world;
    const files = listFiles(world.directory);
    const mirrors = await idsOf(world);

    await moveMedia(world, '/data', ELSEWHERE);
    follow(world, '/data', ELSEWHERE);
    assert.deepEqual([...await notedBelow(world, ELSEWHERE)], []);
    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems.map(describeProblem)), []);
    assert.deepEqual(report.jobs.map(({ created, withdrawn }) => ({ created, withdrawn })), [
      { created: 0, withdrawn: {} },
      { created: 0, withdrawn: {} },
    ]);
    assert.deepEqual(listFiles(world.directory), files);
    assert.deepEqual(await idsOf(world), mirrors);
    assert.deepEqual([...await notedBelow(world, '/data')], [], 'the journal knows no file where it was');
    const [library] = await world.sql<{ paths: string[] }[]>`
      SELECT "importPaths" AS paths FROM library WHERE id = ${before.jobs[1]?.targetLibraryId ?? null}`;
    assert.deepEqual(library?.paths, [`${ELSEWHERE}/shared/bob`], 'a scan finds the mirrors below its import path');
    const tables = await digestTables(world.sql);
    await world.share();
    assert.deepEqual(await digestTables(world.sql), tables, 'another cycle changes nothing');

    // Back, and one photo less, whose files go from where they are now.
    await moveMedia(world, ELSEWHERE, '/data');
    world.config = before;
    await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('uploads/cat')}`;
    const cat = await world.mirrorOf('uploads/cat') ?? '';
    await world.share();
    assert.deepEqual(Object.keys(listFiles(world.directory)).filter((path) => path.includes(cat)), []);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
}

Deno.test('serve goes on while the media location moves, and an old configuration harms nothing', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const files = await (async () => {
    await using engine = await Engine.start(world.config);
    await engine.untilIdle(world.sql);
    const files = listFiles(world.directory);
    await moveMedia(world, '/data', ELSEWHERE);
    // UPLOAD_LOCATION is what Immich mounts, wherever; the path prefix of the job is not what it was.
    const report = await engine.cycle();
    assert.match(
      report.jobs.flatMap(({ problems }) => problems.map(describeProblem)).join(),
      /uploads to bob.*Immich has its media in "\/usr\/src\/app\/upload": write "\/usr\/src\/app\/upload\/shared\/bob\/\.alice/s,
    );
    assert.deepEqual(listFiles(world.directory), files);
    return files;
  })();
  follow(world, '/data', ELSEWHERE);
  const report = await world.share();
  assert.equal(report.complete, true);
  assert.deepEqual(listFiles(world.directory), files);
});

Deno.test('the old media location is still in PATH_MAP: no file is removed by its old name', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await world.share();
  const files = listFiles(world.directory);
  await moveMedia(world, '/data', ELSEWHERE);
  follow(world, '/data', ELSEWHERE);
  world.config = { ...world.config, pathMap: [{ immich: '/data', local: `${world.directory}/media` }] };
  assert.equal((await world.share()).complete, true);
  assert.deepEqual(listFiles(world.directory), files);
});

/** As Immich does when it starts with another media location (DatabaseRepository.migrateFilePaths, StorageService.onBootstrap). */
async function moveMedia({ sql }: World, from: string, to: string): Promise<void> {
  const pattern = `^${from}`;
  await sql.begin(async (tx) => {
    await tx`UPDATE asset SET "originalPath" = regexp_replace("originalPath", ${pattern}, ${to})`;
    await tx`UPDATE asset_file SET path = regexp_replace(path, ${pattern}, ${to})`;
    await tx`UPDATE person SET "thumbnailPath" = regexp_replace("thumbnailPath", ${pattern}, ${to})`;
    await tx`UPDATE "user" SET "profileImagePath" = regexp_replace("profileImagePath", ${pattern}, ${to})`;
  });
  await sql`UPDATE system_metadata SET value = ${{ location: to } as never} WHERE key = 'MediaLocation'`;
}

/** What the user changes: paths in the configuration. */
function follow(world: World, from: string, to: string): void {
  const moved = (path: string) => path.startsWith(`${from}/`) ? to + path.slice(from.length) : path;
  world.setJobs(world.config.jobs.map((job) => ({ ...job, targetPathPrefix: moved(job.targetPathPrefix) })));
}

async function notedBelow({ sql }: World, directory: string) {
  return await sql`SELECT path, keep FROM immich_sidecar.link WHERE starts_with(path, ${`${directory}/`}) OR starts_with(keep, ${directory})`;
}

async function idsOf({ sql }: World): Promise<unknown> {
  return [...await sql`SELECT source_asset_id, mirror_asset_id FROM immich_sidecar.asset_map ORDER BY 1, 2`];
}
