import assert from 'node:assert/strict';
import { generateBulk } from '../harness/bulk_library/bulk.ts';
import { jobsOf } from '../../src/demo/jobs.ts';
import { UserError } from '../../src/errors.ts';
import { connect, type Sql } from '../../src/postgres/connect.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import {
  applyUnshare,
  planUnshare,
  type UnshareChoice,
  type UnsharePlan,
  type UnshareResult,
} from '../../src/share/undo/unshare.ts';
import { everything } from '../cli/everything.ts';
import { variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { lockHolders, RunningProgram, until } from '../crash/process.ts';
import { REPRESENTATIVE, SPREAD } from '../harness/database.ts';
import { snapshotOf } from './snapshot.ts';
import { redirected } from './redirected.ts';
import { World } from './world.ts';

for (const release of SPREAD) {
  for (const sameClusterGroup of release >= 'v3.2' ? [false, true] : [false]) {
    const how = sameClusterGroup ? ', people in one cluster group' : '';
    Deno.test(`${release}: after unshare every row of Immich and every file is what it was before the first sync${how}`, async () => {
      await using world = await World.open(release, { sameClusterGroup });
      world.setJobs([...jobsOf(world.library, 'bob'), ...jobsOf(world.library, 'carol')]);
      const before = await snapshotOf(world);
      const first = await world.share();
      await world.share();
      const plan = await look(world);
      const result = await unshare(world);
      assert.deepEqual(await snapshotOf(world), before);
      assert.deepEqual(await ourRows(world.sql), {});
      assert.equal(result.mirrors, first.jobs.reduce((sum, job) => sum + job.created, 0));
      const { mirrors, people, links } = plan.counts;
      assert.deepEqual({ mirrors, people, links, problems: [] }, { ...result });
      assert.equal(plan.configuredJobs.length, 4);
    });
  }
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: what Bob has done to shared photos and people goes with them; what is their own stays`, async () => {
    await using world = await World.open(release);
    const { sql, library, people: { personKey, faceKey } } = world;
    const bob = library.users.bob.id;
    await world.share();
    const mirror = await world.mirrorOf('family/wedding') ?? '';
    const [own] = await sql<{ id: string }[]>`
      SELECT id FROM asset WHERE "ownerId" = ${bob} AND "libraryId" IS NULL ORDER BY id LIMIT 1`;
    const [person] = await sql<{ id: string; thumbnailPath: string }[]>`
      SELECT p.${sql(personKey)} AS id, p."thumbnailPath"
      FROM asset_face f
      JOIN person p ON p.${sql(personKey)} = f.${sql(faceKey)} AND p."ownerId" = ${bob}
      WHERE f."assetId" = ${mirror} AND p."thumbnailPath" <> ''
      LIMIT 1`;
    assert.ok(own && person);
    // He makes a favourite of one, gives it a file of its own (an edit), stacks it with a photo of his, and finds the person
    // of another on a photo of their own.
    await sql`UPDATE asset SET "isFavorite" = true WHERE id = ${mirror}`;
    await sql`
      INSERT INTO asset_face
        ("assetId", ${sql(faceKey)}, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2", "sourceType")
      VALUES (${own.id}, ${person.id}, 100, 100, 50, 50, 'manual')`;
    const [stack] = await sql<{ id: string }[]>`
      INSERT INTO stack ("primaryAssetId", "ownerId") VALUES (${mirror}, ${bob}) RETURNING id`;
    await sql`UPDATE asset SET "stackId" = ${stack?.id ?? ''} WHERE id = ANY (${[mirror, own.id]}::uuid[])`;
    assert.ok(isThere(world, person.thumbnailPath));
    await unshare(world);
    assert.deepEqual(await ourRows(sql), {});
    assert.deepEqual(await world.facesOn(own.id), await namesOf(sql, personKey, person.id));
    const [kept] = await sql<{ thumbnailPath: string }[]>`
      SELECT "thumbnailPath" FROM person WHERE ${sql(personKey)} = ${person.id} AND "ownerId" = ${bob}`;
    assert.deepEqual({ ...kept }, { thumbnailPath: '' }, 'Immich makes one from their own photo');
    assert.ok(!isThere(world, person.thumbnailPath), 'it was cut out of a photo of Alice');
    assert.equal((await sql`SELECT FROM stack WHERE id = ${stack?.id ?? ''}`).length, 0);
  });
}

Deno.test('unshare of one job leaves the other jobs alone, and what another job selects too', async () => {
  await using world = await World.open('v3.1.0');
  const [family, uploads] = jobsOf(world.library, 'bob');
  assert.ok(family && uploads);
  const all = { ...family, name: 'all of family', sourcePathPrefix: '/external_library/alice/family/2023/' };
  world.setJobs([family, uploads, all]);
  await world.share();
  const plan = await look(world, { job: 'family to bob' });
  assert.ok(plan.counts.kept > 0);
  const result = await unshare(world, { job: 'family to bob' });
  assert.equal(result.mirrors, plan.counts.mirrors);
  const left = await world.sql<{ path: string }[]>`
    SELECT a."originalPath" AS path FROM immich_sidecar.asset_map m JOIN asset a ON a.id = m.source_asset_id`;
  assert.ok(await world.mirrorOf('uploads/cat'));
  const external = left.filter(({ path }) => path.startsWith('/external_library/'));
  assert.equal(external.length, plan.counts.kept);
  assert.ok(external.every(({ path }) => path.startsWith('/external_library/alice/family/2023/')));
  world.setJobs([uploads, all]);
  const report = await world.share();
  assert.deepEqual(report.jobs.map(({ created, withdrawn }) => ({ created, withdrawn })), [
    { created: 0, withdrawn: {} },
    { created: 0, withdrawn: {} },
  ]);
});

Deno.test('unshare knows a job by its old name, and by its new one', async () => {
  for (const name of ['family to bob', 'renamed']) {
    await using world = await World.open('v3.1.0');
    const [family] = world.config.jobs;
    assert.ok(family);
    world.setJobs([family]);
    const { jobs } = await world.share();
    world.setJobs(name === 'renamed' ? [{ ...family, name }] : []);
    assert.equal((await unshare(world, { job: name })).mirrors, jobs[0]?.created);
    assert.deepEqual(await ourRows(world.sql), {});
  }
});

Deno.test('unshare of one user leaves the others alone', async () => {
  await using world = await World.open('v3.1.0');
  world.setJobs([...jobsOf(world.library, 'bob'), ...jobsOf(world.library, 'carol')]);
  await world.share();
  await unshare(world, { targetUserId: world.library.users.carol.id });
  assert.equal(await world.mirrorOf('family/wedding', 'carol'), undefined);
  assert.ok(await world.mirrorOf('family/wedding', 'bob'));
  assert.deepEqual((await world.share()).jobs[0]?.withdrawn, {});
});

Deno.test('a name that nobody knows is refused with the names that are known', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await assert.rejects(
    look(world, { job: 'famly' }),
    (error) => error instanceof UserError && /"famly"/.test(error.message) && /"family to bob"/.test(error.remedy),
  );
  await assert.rejects(look(world, { targetUserId: crypto.randomUUID() }), UserError);
});

Deno.test('without the directory of the links nothing is withdrawn', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await Deno.rename(`${world.directory}/external/bob_shared`, `${world.directory}/unmounted`);
  const before = await everything(world);
  await assert.rejects(
    unshare(world),
    (error) =>
      error instanceof UserError && /\/external_library\/bob_shared/.test(error.message) && /Mount/.test(error.remedy),
  );
  assert.deepEqual(await everything(world), before);
  await Deno.rename(`${world.directory}/unmounted`, `${world.directory}/external/bob_shared`);
  await unshare(world);
  assert.deepEqual(await ourRows(world.sql), {});
});

Deno.test('a file that cannot be removed is told and keeps its mirror; running again finishes', async () => {
  await using world = await World.open('v3.1.0');
  const before = await snapshotOf(world);
  await world.share();
  const [mirror] = await world.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${await world.mirrorOf('family/wedding') ?? ''}`;
  {
    using _ = redirected(world.local(mirror?.path ?? ''));
    assert.notEqual((await unshare(world)).problems.length, 0);
    assert.ok(await world.mirrorOf('family/wedding'));
  }
  assert.deepEqual((await unshare(world)).mirrors, 1);
  assert.deepEqual(await snapshotOf(world), before);
});

Deno.test({
  name: 'killed when the files are gone and the rows are not, unshare is run again and finishes',
  fn: async () => {
    await using world = await World.open('v3.1.0');
    using cwd = workingDirectory(world.config.jobs.map(yamlJob));
    const before = await snapshotOf(world);
    await world.share();
    const mirror = await world.mirrorOf('family/wedding') ?? '';
    const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${mirror}`;
    const path = row?.path ?? '';
    await world.sql.begin(async (tx) => {
      await tx`SELECT FROM asset WHERE id = ${mirror} FOR UPDATE`; // the program waits for it
      const program = RunningProgram.start(['unshare', '--yes'], { cwd: cwd.path, env: variablesOf(world) });
      await until('it has come to this file', () => !isThere(world, path));
      program.signal('SIGKILL');
      await program.ended();
    });
    await until('its session has ended', async () => (await lockHolders(world.sql)).length === 0);
    assert.ok(await world.mirrorOf('family/wedding'), 'its row is still there');
    await unshare(world);
    assert.deepEqual(await snapshotOf(world), before);
    assert.deepEqual(await ourRows(world.sql), {});
  },
});

Deno.test('a dry run of unshare changes nothing, also where nothing was ever shared', async () => {
  await using world = await World.open('v3.1.0');
  const untouched = await everything(world);
  assert.equal((await look(world)).counts.mirrors, 0);
  assert.deepEqual(await everything(world), untouched);
  await world.share();
  const shared = await everything(world);
  const plan = await look(world);
  assert.ok(plan.counts.bytes > 0);
  assert.deepEqual(await everything(world), shared);
});

Deno.test('what is shared again after unshare is shared as the first time', async () => {
  await using world = await World.open('v3.1.0');
  const first = await world.share();
  await unshare(world);
  const again = await world.share();
  const counts = (report: typeof first) =>
    report.jobs.map(({ created, faces, people, links }) => ({ created, faces, people, links }));
  assert.deepEqual(counts(again), counts(first));
});

Deno.test('to take 800 mirrors with faces back reads no more than a few times the rows that it read to share them', async () => {
  await using world = await World.open('v3.1.0');
  await generateBulk(world.sql, {
    assets: 800,
    facesPerAsset: 2,
    people: 20,
    mediaLocation: '/data',
    localMedia: `${world.directory}/media`,
    externalRoot: '/external_library',
    localExternal: `${world.directory}/external`,
  });
  const before = await snapshotOf(world);
  const toShare = await rowsReadBy(world, () => world.share());
  const toWithdraw = await rowsReadBy(world, async () => assert.ok((await unshare(world)).mirrors > 800));
  assert.ok(toWithdraw < 5 * toShare, `${toShare} rows were read to share, ${toWithdraw} to withdraw`);
  assert.deepEqual(await snapshotOf(world), before);
});

/** How many rows of tables the program reads in its work. */
async function rowsReadBy(world: World, work: () => Promise<unknown>): Promise<number> {
  const read = async () => {
    await world.tellCounts();
    const [row] = await world.sql<{ read: number }[]>`
      SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::float AS read FROM pg_stat_user_tables`;
    return row?.read ?? NaN;
  };
  const before = await read();
  await work();
  return await read() - before;
}

async function look(world: World, choice: UnshareChoice = {}): Promise<UnsharePlan> {
  const sql = await connect(world.config.database);
  try {
    return await planOnly(sql, world.config, undefined, (tx, context) => planUnshare(tx, context, choice));
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function unshare(world: World, choice: UnshareChoice = {}): Promise<UnshareResult> {
  return await world.apply(async (tools, view) =>
    await applyUnshare(tools, await planUnshare(view.sql, view, choice), () => {})
  );
}

/** Our tables that are not empty, but for the history of runs. */
async function ourRows(sql: Sql): Promise<Record<string, number>> {
  const tables = await sql<{ schema: string; name: string }[]>`
    SELECT schemaname AS schema, tablename AS name
    FROM pg_tables
    WHERE starts_with(schemaname, 'immich_sidecar') AND tablename NOT IN ('migration', 'run', 'skipped', 'withdrawn')`;
  const found: Record<string, number> = {};
  for (const { schema, name } of tables) {
    const [row] = await sql<{ rows: number }[]>`SELECT count(*)::int AS rows FROM ${sql(schema)}.${sql(name)}`;
    if (row && row.rows > 0) found[name] = row.rows;
  }
  return found;
}

async function namesOf(sql: Sql, personKey: string, id: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`SELECT name FROM person WHERE ${sql(personKey)} = ${id} ORDER BY name`;
  return rows.map(({ name }) => name);
}

function isThere(world: World, path: string): boolean {
  try {
    return Deno.lstatSync(world.local(path)).isFile;
  } catch {
    return false;
  }
}
