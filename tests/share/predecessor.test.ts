import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import type { Sql } from '../../src/postgres/connect.ts';
import { connect } from '../../src/postgres/connect.ts';
import { detectPredecessor } from '../../src/share/predecessor/detect.ts';
import { planTakeover, type TakeoverPlan } from '../../src/share/predecessor/plan.ts';
import { applyTakeover, type TakeoverResult } from '../../src/share/predecessor/takeover.ts';
import { LIMITS, type Limits } from '../../src/share/cycle/limits.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import { withSharing } from '../../src/share/share.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { everything } from '../cli/everything.ts';
import { type Release } from '../harness/database.ts';
import { immichOf, scan, scanAll } from '../harness/immich_scan.ts';
import { PredecessorWorld } from './predecessor_world.ts';
import { digestTables, listFiles, type Snapshot, snapshotOf } from './snapshot.ts';
import { World } from './world.ts';

/** What is looked up and taken over has several pages. */
const SHORT_PAGES: Limits = { ...LIMITS, predecessor: 7, batch: 10 };

/** Its releases ran on these; since 3.2 it works differently and inside one cluster group only. */
const CASES: readonly { release: Release; sameClusterGroup: boolean }[] = [
  { release: 'v2.7.5', sameClusterGroup: false },
  { release: 'v3.1.0', sameClusterGroup: false },
  { release: 'v3.3.0', sameClusterGroup: true },
];

for (const { release, sameClusterGroup } of CASES) {
  Deno.test(`${release}: what immich-shared-library has shared is ours after a takeover; nothing is made again, nothing is left by unshare`, async () => {
    await using world = await World.open(release, { ownTables: false, sameClusterGroup });
    const before = await snapshotOf(world);
    await PredecessorWorld.share(world);
    const theirs = await theirTables(world.sql);
    const mirrors = await mirrorsOf(world);
    const people = await peopleOf(world);
    const files = listFiles(world.directory);

    const plan = await look(world);
    assert.deepEqual(plan.obstacles, []);
    assert.equal(plan.mirrors.length, mirrors.length);
    const result = await takeOver(world);
    assert.equal(result.mirrors, mirrors.length);
    assert.ok(result.faces > 10 && result.people > 3 && result.links > 40, JSON.stringify(result));
    assert.deepEqual(listFiles(world.directory), files, 'no file was touched');
    assert.deepEqual(await theirTables(world.sql), theirs, 'its tables stay as they are');
    assert.deepEqual(await mirrorsOf(world), mirrors);
    assert.equal((await detectPredecessor(world.sql))?.unknown, 0);

    const report = await world.share();
    assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
    // Motion parts, which that program leaves out, as they have no embeddings.
    assert.deepEqual(report.jobs.map(({ created, people }) => ({ created, people })), [
      { created: 1, people: 0 },
      { created: 1, people: 0 },
    ]);
    assert.deepEqual(report.jobs.map(({ withdrawn }) => withdrawn), [
      { 'source-locked': 1, 'not-selected': 2 }, // it shares locked, archived and hidden photos
      { 'source-locked': 1 },
    ]);
    const motion = [await world.mirrorOf('family/live-video'), await world.mirrorOf('uploads/live-video')];
    const left = (await mirrorsOf(world)).filter((id) => !motion.includes(id));
    assert.equal(left.length, mirrors.length - 4);
    assert.ok(left.every((id) => mirrors.includes(id)));
    assert.deepEqual((await peopleOf(world)).filter((id) => !people.includes(id)), []);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    assert.ok(Deno.lstatSync(`${world.directory}/external/bob_shared/photos`).isSymlink);

    const [tables, tree] = [await digestTables(world.sql), listFiles(world.directory)];
    await world.share();
    assert.deepEqual(await digestTables(world.sql), tables);
    assert.deepEqual(listFiles(world.directory), tree);

    await unshareAll(world);
    assert.deepEqual(await snapshotOf(world), await withTheirSetup(world, before));
  });
}

Deno.test("what follows and what stays after a takeover: the target's word, and what the source has said since", async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await PredecessorWorld.share(world);
  const { sql } = world;
  const of = async (key: string) => {
    const [row] = await sql<{ id: string }[]>`
      SELECT target_asset_id AS id FROM _face_sync_asset_map WHERE source_asset_id = ${world.id(key)}`;
    return row?.id ?? '';
  };
  const [picnic, portrait] = [await of('family/picnic'), await of('family/portrait')];
  // Long after they were shared Bob writes a description, and Alice writes others, which that program does not carry over.
  await sql`UPDATE asset SET "createdAt" = now() - interval '1 year' WHERE id IN (${picnic}, ${portrait})`;
  await withoutTriggers(sql, async () => {
    await sql`UPDATE asset_exif SET "updatedAt" = now() - interval '1 year' WHERE "assetId" IN (${picnic}, ${portrait})`;
  });
  await sql`UPDATE asset_exif SET description = 'mine' WHERE "assetId" = ${picnic}`;
  await sql`
    UPDATE asset_exif SET description = 'hers'
    WHERE "assetId" IN (${world.id('family/picnic')}, ${world.id('family/portrait')})`;
  const [merged] = await sql<{ id: string }[]>`
    INSERT INTO person ("ownerId", name) VALUES (${world.library.users.bob.id}, 'My own Dora') RETURNING id`;
  const [dora] = await sql<{ id: string; source: string }[]>`
    SELECT target_person_id AS id, source_person_id AS source
    FROM _face_sync_person_map m JOIN person p ON p.id = m.target_person_id WHERE p.name = 'Dora Example'`;
  assert.ok(merged && dora);
  // He merged her into a person on a photo of their own; that program noticed it and maps her to that one.
  await sql`UPDATE asset_face SET "personId" = ${merged.id} WHERE "personId" = ${dora.id}`;
  await sql`
    UPDATE asset_face SET "personId" = ${merged.id}
    WHERE id = (SELECT id FROM asset_face WHERE "assetId" = ${world.id('bob/dog')} LIMIT 1)`;
  await sql`DELETE FROM person WHERE id = ${dora.id}`;
  await sql`UPDATE _face_sync_person_map SET target_person_id = ${merged.id} WHERE target_person_id = ${dora.id}`;

  await takeOver(world);
  await world.share();
  const descriptions = await sql<{ description: string }[]>`
    SELECT description FROM asset_exif WHERE "assetId" IN (${picnic}, ${portrait}) ORDER BY "assetId" = ${portrait}`;
  assert.deepEqual(descriptions.map(({ description }) => description), ['mine', 'hers']);
  assert.ok((await world.namesOf('bob')).includes('My own Dora'), 'her name stays his');
  assert.deepEqual(await world.facesOn(portrait), ['My own Dora']);
  await unshareAll(world);
  assert.ok((await world.namesOf('bob')).includes('My own Dora'), 'she stays his');
});

Deno.test('what the target has written a minute after that program shared a photo is theirs', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await PredecessorWorld.share(world);
  const { sql } = world;
  const [picnic] = await sql<{ id: string }[]>`
    SELECT target_asset_id AS id FROM _face_sync_asset_map WHERE source_asset_id = ${world.id('family/picnic')}`;
  await sql`UPDATE asset SET "createdAt" = now() - interval '1 minute' WHERE id = ${picnic?.id ?? ''}`;
  await sql`UPDATE asset_exif SET description = 'mine' WHERE "assetId" = ${picnic?.id ?? ''}`;
  await takeOver(world);
  await world.share();
  const [row] = await sql<{ description: string }[]>`
    SELECT description FROM asset_exif WHERE "assetId" = ${picnic?.id ?? ''}`;
  assert.equal(row?.description, 'mine');
});

Deno.test('what the target has deleted, and what counted as a duplicate, stays away until it is forgotten', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await PredecessorWorld.share(world);
  await world.sql`
    DELETE FROM asset
    WHERE id = (SELECT target_asset_id FROM _face_sync_asset_map WHERE source_asset_id = ${world.id('family/picnic')})`;
  const plan = await look(world);
  assert.deepEqual(
    plan.decisions.map(({ sourceAssetId, kind }) => [sourceAssetId, kind]).sort(),
    [
      [world.id('family/beach'), 'duplicate'],
      [world.id('family/picnic'), 'target-deleted'],
    ].sort(),
  );
  await takeOver(world);
  const report = await world.share();
  assert.equal(await world.mirrorOf('family/picnic'), undefined);
  assert.equal(report.jobs[0]?.standing?.withdrawn, 1);
  assert.deepEqual(report.jobs[0]?.standing?.skipped, { duplicate: 1 });
});

Deno.test('a configuration that does not fit is told what it lacks; looking changes nothing', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await PredecessorWorld.share(world);
  const { jobs } = world.config;
  const [external, uploads] = jobs;
  assert.ok(external && uploads);
  const before = await everything(world);

  world.setJobs([external]);
  assert.match(
    (await look(world)).obstacles.join(),
    /shared photos belong to no configured share: .*bob_uploads\/alice\//,
  );

  // Its later versions shared what the storage template had moved, without saying so in .env.
  const alice = world.library.users.alice.id;
  await world.sql`
    UPDATE asset SET "originalPath" = replace("originalPath", '/data/upload/', '/data/library/')
    WHERE "originalPath" LIKE ${`/data/upload/${alice}/%`}`;
  world.setJobs([external, { ...uploads, kind: 'upload', sourcePathPrefix: undefined }]);
  const obstacles = (await look(world)).obstacles.join();
  assert.match(obstacles, new RegExp(`Give the share source_path_prefix: /data/library/${alice}/`));
  world.setJobs([external, { ...uploads, sourcePathPrefix: `/data/library/${alice}/` }]);
  assert.deepEqual((await look(world)).obstacles, []);
  await world.sql`
    UPDATE asset SET "originalPath" = replace("originalPath", '/data/library/', '/data/upload/')
    WHERE "originalPath" LIKE ${`/data/library/${alice}/%`}`;
  const { rows, ...rest } = await everything(world);
  assert.deepEqual(rest, { objects: before.objects, files: before.files });
  assert.deepEqual({ ...rows, 'public.asset': '', 'public.asset_audit': '' }, {
    ...before.rows,
    'public.asset': '',
    'public.asset_audit': '',
  });
});

Deno.test('the first versions of its tables are read too', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await PredecessorWorld.share(world);
  await world.sql`ALTER TABLE _face_sync_skipped DROP COLUMN target_user_id`;
  await world.sql`DROP TABLE _face_sync_meta`;
  assert.deepEqual((await look(world)).decisions.map(({ kind }) => kind), ['duplicate']);
  await world.sql`DROP TABLE _face_sync_skipped`;
  assert.deepEqual([...(await look(world)).decisions], []);
  await takeOver(world);
  assert.equal(await leftOver(world), 0);
});

Deno.test({
  name: 'a connection like its own is noticed, ours and others are not',
  fn: async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    assert.equal(await detectPredecessor(world.sql), undefined);
    await PredecessorWorld.share(world);
    assert.deepEqual((await detectPredecessor(world.sql))?.sessions, []);
    const { default: postgres } = await import('postgres');
    const { hostname, port, username, password, name } = world.config.database;
    const theirs = postgres({
      host: hostname,
      port,
      username,
      password: password.reveal(),
      database: name,
      max: 1,
      connection: { application_name: '' },
    });
    try {
      await theirs`SELECT 1`;
      assert.deepEqual((await detectPredecessor(world.sql))?.sessions, []);
      await theirs`SELECT count(*) FROM _face_sync_asset_map`;
      assert.equal((await detectPredecessor(world.sql))?.sessions.length, 1);
      await theirs.unsafe('SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;');
      assert.equal((await detectPredecessor(world.sql))?.sessions.length, 1);
    } finally {
      await theirs.end();
    }
    assert.deepEqual((await detectPredecessor(world.sql))?.sessions, []);
  },
});

for (const layout of ['readme', 'wizard', 'parent'] as const) {
  Deno.test(`no scan imports anything of anybody's, before a takeover, after it and after the first sync (${layout})`, async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    await PredecessorWorld.share(world, layout);
    const imported = async () => {
      const results = Object.values(await scanAll(immichOf(world)));
      return results.flatMap((result) => result.imported);
    };
    assert.deepEqual(await imported(), []);
    const { libraries, notes } = await look(world);
    // What these libraries cover must not be let in by anybody who believes that a pattern is all that is wrong with them.
    assert.equal(libraries.length, 0, 'a visible link can be narrowed to nothing');
    const told = notes.filter((note) => note.startsWith('!')).join('\n');
    assert.match(
      told,
      /^! The import path of the library "shared from Alice" .* covers \d+ photos and videos of Alice/m,
    );
    assert.match(
      told,
      /^! The import path of the library "uploads of Alice" .* covers \d+ photos and videos of Alice/m,
    );
    assert.match(told, /Leave its exclusion patterns as they are until that is done/);
    await takeOver(world);
    assert.deepEqual(await imported(), []);
    await world.share();
    assert.deepEqual(await imported(), []);
    // The other way round it would be a disaster: this is what the pattern keeps away.
    const { bobShared } = world.library.libraries;
    await world.sql`UPDATE library SET "exclusionPatterns" = '{}' WHERE id = ${bobShared.id}`;
    assert.ok((await imported()).length > 3);
    const [problem] = problemsOf(await world.share());
    assert.equal(problem?.code, 'job-left-out');
    assert.match(problem.what, /next scan imports that into Bob's account/);
  });
}

Deno.test('a takeover narrows an import path that covers everything to the directory of a hidden link', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await PredecessorWorld.share(world, 'wizard');
  const { sql } = world;
  const { bobShared, bobUploads } = world.library.libraries;
  // Somebody who has made the link by hand, below a directory of its own, and told the wizard to use the library that there is.
  const external = `${world.directory}/external`;
  Deno.removeSync(`${external}/bob_shared`);
  Deno.mkdirSync(`${external}/bob_shared`);
  Deno.symlinkSync('../alice/family', `${external}/bob_shared/.photos`);
  await sql`
    UPDATE asset
    SET "originalPath" = replace("originalPath", '/bob_shared/', '/bob_shared/.photos/')
    WHERE "libraryId" = ${bobShared.id}`;
  world.setJobs(world.config.jobs.map((job) => ({
    ...job,
    targetPathPrefix: job.targetPathPrefix.replace('/bob_shared/', '/bob_shared/.photos/'),
  })));
  const plan = await look(world);
  assert.deepEqual(plan.libraries, [{
    libraryId: bobShared.id,
    name: 'shared from Alice',
    now: ['/external_library'],
    then: ['/external_library/bob_shared'],
  }]);
  const importPathsOf = async (id: string) => {
    const [row] = await sql`SELECT "importPaths", "exclusionPatterns" FROM library WHERE id = ${id}`;
    return [row?.importPaths, row?.exclusionPatterns];
  };
  const uploads = await importPathsOf(bobUploads.id);
  assert.deepEqual(await importPathsOf(bobShared.id), [['/external_library'], ['**/*']], 'looking changes nothing');
  await takeOver(world);
  assert.deepEqual(await importPathsOf(bobShared.id), [['/external_library/bob_shared'], ['**/*']]);
  assert.deepEqual(await importPathsOf(bobUploads.id), uploads);
  // Now, and only now, the pattern may go.
  await sql`UPDATE library SET "exclusionPatterns" = '{}' WHERE id = ${bobShared.id}`;
  assert.deepEqual(await scan(immichOf(world), bobShared.id), { imported: [], offline: [] });
  await world.share();
  assert.deepEqual(await scan(immichOf(world), bobShared.id), { imported: [], offline: [] });
});

/** How many of its mirrors are left to be taken over. */
async function leftOver({ sql }: World): Promise<number | undefined> {
  return (await detectPredecessor(sql))?.unknown;
}

async function look(world: World): Promise<TakeoverPlan> {
  const sql = await connect(world.config.database);
  try {
    return await planOnly(sql, world.config, undefined, planTakeover, SHORT_PAGES);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function takeOver(world: World): Promise<TakeoverResult> {
  const sql = await connect(world.config.database);
  try {
    return await withSharing(sql, world.config, 'test', (sharing) =>
      sharing.apply(async (tools, view) => {
        const plan = await planTakeover(sql, view);
        assert.deepEqual(plan.obstacles, []);
        return await applyTakeover(tools, view, plan);
      }), SHORT_PAGES);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function unshareAll(world: World): Promise<void> {
  const sql = await connect(world.config.database);
  try {
    await withSharing(sql, world.config, 'test', (sharing) =>
      sharing.apply(async (tools, view) => {
        const { problems } = await applyUnshare(tools, await planUnshare(sql, view, {}), () => {});
        assert.deepEqual(problems, []);
      }));
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function mirrorsOf({ sql, library }: World): Promise<string[]> {
  const { bobShared, bobUploads } = library.libraries;
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM asset WHERE "libraryId" IN (${bobShared.id}, ${bobUploads.id}) ORDER BY id`;
  return rows.map(({ id }) => id);
}

async function peopleOf({ sql, library, people: { personKey } }: World): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT ${sql(personKey)} AS id FROM person WHERE "ownerId" = ${library.users.bob.id} ORDER BY 1`;
  return rows.map(({ id }) => id);
}

async function theirTables(sql: Sql): Promise<Record<string, string>> {
  const digests = await digestTables(sql);
  return Object.fromEntries(Object.entries(digests).filter(([name]) => name.includes('_face_sync_')));
}

async function withoutTriggers(sql: Sql, work: () => Promise<void>): Promise<void> {
  await sql`ALTER TABLE asset_exif DISABLE TRIGGER USER`;
  await work();
  await sql`ALTER TABLE asset_exif ENABLE TRIGGER USER`;
}

/** The same with the libraries and the symbolic links that a user of that program has made. */
async function withTheirSetup(world: World, before: Snapshot): Promise<Snapshot> {
  const now = await snapshotOf(world);
  const made = ['external/bob_shared/photos', 'external/bob_uploads', 'external/bob_uploads/alice'];
  const links = Object.fromEntries(made.map((path) => [path, now.files[path] ?? 'missing']));
  return {
    rows: { ...before.rows, library: now.rows['library'] ?? '' },
    files: { ...before.files, ...links },
  };
}
