import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { jobsOf } from '../../src/demo/jobs.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { EXIT, UserError } from '../../src/errors.ts';
import { countCodes } from '../../src/problems/problem.ts';
import { type CycleReport, problemsOf } from '../../src/share/cycle/report.ts';
import { immutable } from '../files/obstacles.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { listFiles } from './snapshot.ts';
import { MIGRATIONS } from '../../src/share/schema/migrations.ts';
import { World } from './world.ts';

/** Something that befalls the job `family to bob`. What it returns mends it. */
interface Accident {
  readonly what: string;
  /** How often the next cycle says what, by code. */
  readonly says: ReturnType<typeof countCodes>;
  /** The job goes on all the same. */
  readonly goesOn?: true;
  /** Why it cannot be tried here. */
  readonly obstacle?: string | undefined;
  befall(world: World, mirrorPath: string): Promise<() => unknown>;
}

const noImmutable = await immutable.obstacle();

const ACCIDENTS: readonly Accident[] = [
  {
    what: 'its album is deleted',
    says: {},
    goesOn: true,
    befall: async ({ sql, library }) => {
      await sql`DELETE FROM album WHERE id = ${library.albums.fromAlice.id}`;
      return () => {};
    },
  },
  {
    what: 'the account of its target is deleted',
    says: { 'job-left-out': 2 }, // Bob has two
    befall: async ({ sql, library }) => {
      await sql`UPDATE "user" SET "deletedAt" = now() WHERE id = ${library.users.bob.id}`;
      return () => sql`UPDATE "user" SET "deletedAt" = NULL WHERE id = ${library.users.bob.id}`;
    },
  },
  {
    what: 'its disk is away',
    says: { 'job-left-out': 1 },
    befall: async ({ directory }) => {
      await Deno.rename(`${directory}/external`, `${directory}/away`);
      return () => Deno.rename(`${directory}/away`, `${directory}/external`);
    },
  },
  {
    what: 'its target directory cannot be written to',
    says: { 'job-left-out': 1, 'locked-file-left': 2 }, // it has a sidecar
    obstacle: noImmutable,
    befall: ({ directory }, mirrorPath) => {
      const made = [`${directory}/external/bob_shared/.alice`, dirname(mirrorPath)].map(immutable.make);
      return Promise.resolve(() => made.forEach((one) => one[Symbol.dispose]()));
    },
  },
  {
    what: 'a file of it cannot be removed',
    says: { 'locked-file-left': 1 },
    goesOn: true,
    obstacle: noImmutable,
    befall: (_, mirrorPath) => {
      const made = immutable.make(Deno.uid() === 0 ? mirrorPath : dirname(mirrorPath));
      return Promise.resolve(() => made[Symbol.dispose]());
    },
  },
  ...(['hardlink', 'auto'] as const).map((placement): Accident => ({
    what: `its target directory becomes a symbolic link to the originals, placement ${placement}`,
    says: { 'job-left-out': 1, 'locked-file-left': 2 }, // it has a sidecar
    befall: async (world) => {
      const [target, aside] = ['.alice', '.aside'].map((name) => `${world.directory}/external/bob_shared/${name}`);
      if (target === undefined || aside === undefined) throw new Error('there are two');
      world.setJobs(world.config.jobs.map((job) => ({ ...job, placement })));
      await Deno.rename(target, aside);
      await Deno.symlink(`${world.directory}/external/alice/family`, target);
      return async () => {
        await Deno.remove(target);
        await Deno.rename(aside, target);
      };
    },
  })),
];

for (const { what, says, goesOn = false, obstacle, befall } of ACCIDENTS) {
  Deno.test({
    name: `a locked photo is gone after one cycle, and other jobs go on, when of a job ${what}${
      obstacle === undefined ? '' : ` (skipped: ${obstacle})`
    }`,
    ignore: obstacle !== undefined,
    fn: async () => {
      await using world = await World.open('v3.1.0', { ownTables: false });
      const { sql } = world;
      world.setJobs([...world.config.jobs, ...jobsOf(world.library, 'carol').slice(1)]);
      await world.share();
      const before = Object.keys(listFiles(world.directory));
      const [locked, trashed] = ['family/wedding', 'family/portrait'];
      const mirror = await world.mirrorOf(locked) ?? assert.fail();
      const mirrorPath = await world.localMirrorPath(world.id(locked));
      const mend = await befall(world, mirrorPath);
      try {
        await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id(locked)}`;
        await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${world.id(trashed)}`;
        await describe(world, 'uploads/cat', 'news');
        const report = await world.share();
        assert.deepEqual(countCodes(problemsOf(report)), says);
        assert.equal(report.complete, Object.keys(says).length === 0, 'exit 3');
        assert.equal(report.jobs.find(({ job }) => job === 'family to bob')?.withdrawn['source-locked'], 1);
        assert.equal(await isThere(world, mirror), false, 'gone from the timeline');
        assert.equal(await descriptionOf(world, await world.mirrorOf('uploads/cat', 'carol')), 'news', 'healthy');
        assert.equal(await world.mirrorOf(trashed) === undefined, goesOn, 'what a job that is left out shares stays');
        assert.deepEqual(countCodes(problemsOf(await world.share())), says, 'said again until it is mended');
      } finally {
        await mend();
      }
      const { complete } = await world.share();
      assert.deepEqual([complete, await world.mirrorOf(trashed)], [true, undefined]);
      assert.equal(existsSync(mirrorPath), false);
      assert.deepEqual(before.filter((path) => path.includes(mirror) && existsSync(`${world.directory}/${path}`)), []);
      assert.deepEqual(await world.verify(verifyMirrors), []);
      const [source] = await sql<{ path: string }[]>`
        SELECT "originalPath" AS path FROM asset WHERE id = ${world.id(locked)}`;
      assert.ok(Deno.lstatSync(world.local(source?.path ?? '')).isFile, "Alice's own file");
    },
  });
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: a locked photo is gone with the cover cut from it, although the rest of a cycle is refused`, async () => {
    await using world = await World.open(release, { ownTables: false });
    const { sql } = world;
    await world.share();
    const covered = await aCover(world);
    const mirror = await world.mirrorOfId(covered.sourceId);
    // As an earlier version has left our tables.
    await takeBack(world, 15);
    await sql`ALTER TABLE asset_exif RENAME COLUMN description TO described`;
    await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${covered.sourceId}`;
    await assert.rejects(
      world.share(),
      (error) => error instanceof UserError && error.exitCode === EXIT.refused && /description/.test(error.message),
    );
    assert.equal(await isThere(world, mirror), false);
    const person = await coverOf(world, covered.personId);
    assert.deepEqual({ ...person }, { faceId: null, path: '' });
    await sql`ALTER TABLE asset_exif RENAME COLUMN described TO description`;
    assert.equal((await world.share()).complete, true);
    const files = Object.keys(listFiles(world.directory));
    assert.deepEqual(files.filter((path) => path.includes(mirror)), []);
    assert.equal(existsSync(world.local(covered.path)), (await coverOf(world, covered.personId))?.path !== '');
    assert.deepEqual(await world.verify(verifyMirrors), []);
  });
}

/** Leaves our tables as they were before a migration. */
async function takeBack({ sql }: World, from: number): Promise<void> {
  for (const { version, schema, sql: statements } of MIGRATIONS.filter(({ version }) => version >= from).toReversed()) {
    if (statements.includes('CREATE TABLE')) await sql`DROP SCHEMA ${sql(schema)} CASCADE`;
    for (const [, table, columns = ''] of statements.matchAll(/ALTER TABLE (\S+)([^;]*)/g)) {
      for (const [, column] of columns.matchAll(/ADD COLUMN (\w+)/g)) {
        await sql.unsafe(`ALTER TABLE ${table} DROP COLUMN ${column}`);
      }
    }
    for (const [, index] of statements.matchAll(/^CREATE INDEX (\w+) ON immich_sidecar\./gm)) {
      await sql.unsafe(`DROP INDEX IF EXISTS immich_sidecar.${index}`);
    }
    await sql`DELETE FROM immich_sidecar.migration WHERE version = ${version}`;
  }
}

Deno.test('a locked live photo is gone with its motion part while every job is wrong, and no job that shares what is hidden makes the part again', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const { sql } = world;
  const jobs = world.config.jobs.map((job) => ({ ...job, includeHidden: true }));
  world.setJobs(jobs);
  await world.share();
  const [live] = await sql<{ id: string; part: string }[]>`
    SELECT a.id, a."livePhotoVideoId" AS part
    FROM asset a
    JOIN immich_sidecar.asset_map m ON m.source_asset_id = a."livePhotoVideoId"
    JOIN immich_sidecar.asset_map still ON still.source_asset_id = a.id`;
  assert.ok(live);
  const mirrors = [await world.mirrorOfId(live.id), await world.mirrorOfId(live.part)];
  world.setJobs(jobs.map((job) => ({ ...job, targetLibraryId: crypto.randomUUID() })));
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${live.id}`;
  await assert.rejects(world.share(), (error) => error instanceof UserError && error.exitCode === EXIT.usage);
  for (const mirror of mirrors) assert.equal(await isThere(world, mirror), false);
  world.setJobs(jobs);
  for (let turn = 0; turn < 2; turn++) {
    assert.equal((await world.share()).complete, true);
    for (const id of [live.id, live.part]) await assert.rejects(world.mirrorOfId(id));
  }
});

Deno.test('what Bob had trashed stays declined when Alice locks it and unlocks it again', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const { sql } = world;
  await world.share();
  const id = world.id('family/wedding');
  await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${await world.mirrorOfId(id)}`;
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id}`;
  assert.deepEqual((await world.share()).jobs[0]?.withdrawn, { 'target-trashed': 1 });
  await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${id}`;
  await world.share();
  assert.equal(await world.mirrorOf('family/wedding'), undefined);
});

Deno.test({
  name: 'cycles over changes try again to remove a file of a locked photo, and say so, until it is gone',
  ignore: noImmutable !== undefined,
  fn: async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    const engine = await Engine.start(world.config);
    try {
      await engine.cycle();
      const path = await world.localMirrorPath(world.id('family/wedding'));
      {
        using _ = immutable.make(dirname(path));
        await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/wedding')}`;
        for (let turn = 0; turn < 3; turn++) {
          const report = await engine.cycle();
          assert.deepEqual([isFull(report), countCodes(problemsOf(report))], [false, { 'locked-file-left': 2 }]);
        }
      }
      const report = await engine.cycle();
      assert.deepEqual([isFull(report), report.complete, existsSync(path)], [false, true, false]);
    } finally {
      await engine.end();
    }
  },
});

Deno.test('a job that was left out is taken up again by the first cycle after it is mended, and named until then', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const { sql, library: { libraries: { bobShared } } } = world;
  await sql`UPDATE library SET "importPaths" = '{/elsewhere}' WHERE id = ${bobShared.id}`;
  const engine = await Engine.start(world.config);
  try {
    for (let turn = 0; turn < 3; turn++) {
      const report = await engine.cycle();
      assert.deepEqual(countCodes(problemsOf(report)), { 'job-left-out': 1 });
      assert.equal(await world.mirrorOf('family/wedding'), undefined);
      assert.ok(await world.mirrorOf('uploads/cat'));
    }
    await sql`UPDATE library SET "importPaths" = '{/external_library/bob_shared}' WHERE id = ${bobShared.id}`;
    assert.equal((await engine.cycle()).complete, true);
    assert.ok(await world.mirrorOf('family/wedding'));
  } finally {
    await engine.end();
  }
});

Deno.test('the brake of a job that is left out stays on', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const { sql } = world;
  await world.share();
  await sql`
    UPDATE asset SET "deletedAt" = now(), status = 'trashed'
    WHERE id IN (SELECT source_asset_id FROM immich_sidecar.asset_map WHERE job_name = 'family to bob')`;
  const [brake] = (await world.share()).brakes;
  assert.equal(brake?.job, 'family to bob');
  await sql`UPDATE library SET "importPaths" = '{/elsewhere}' WHERE id = ${world.library.libraries.bobShared.id}`;
  assert.deepEqual((await world.share()).brakes.map(({ job, mirrors }) => ({ job, mirrors })), [
    { job: 'family to bob', mirrors: brake?.mirrors },
  ]);
  await sql`UPDATE library SET "importPaths" = '{/external_library/bob_shared}' WHERE id = ${world.library.libraries.bobShared.id}`;
  assert.deepEqual((await world.share()).brakes, [brake]);
});

async function isThere({ sql }: World, assetId: string): Promise<boolean> {
  return (await sql`SELECT FROM asset WHERE id = ${assetId}`).length > 0;
}

async function describe(world: World, key: string, description: string): Promise<void> {
  await world.sql`UPDATE asset_exif SET description = ${description} WHERE "assetId" = ${world.id(key)}`;
}

async function descriptionOf({ sql }: World, assetId: string | undefined): Promise<string | undefined> {
  const [row] = await sql<{ description: string }[]>`
    SELECT description FROM asset_exif WHERE "assetId" = ${assetId ?? null}`;
  return row?.description;
}

/** A person of Bob's, and the source of the photo that their cover was cut from. */
async function aCover(world: World): Promise<{ personId: string; path: string; sourceId: string }> {
  const { sql, people: { personKey } } = world;
  const [row] = await sql<{ personId: string; path: string; sourceId: string }[]>`
    SELECT p.${sql(personKey)} AS "personId", p."thumbnailPath" AS path, m.source_asset_id AS "sourceId"
    FROM person p
    JOIN asset_face f ON f.id = p."faceAssetId"
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = f."assetId"
    WHERE p."ownerId" = ${world.library.users.bob.id}
      AND p."thumbnailPath" <> ''`;
  return row ?? assert.fail('nobody has a cover');
}

async function coverOf(world: World, personId: string): Promise<{ faceId: string | null; path: string } | undefined> {
  const { sql, people: { personKey } } = world;
  const [row] = await sql<{ faceId: string | null; path: string }[]>`
    SELECT "faceAssetId" AS "faceId", "thumbnailPath" AS path
    FROM person
    WHERE ${sql(personKey)} = ${personId}
      AND "ownerId" = ${world.library.users.bob.id}`;
  return row;
}

function isFull({ scope }: CycleReport): boolean {
  return scope === 'everything';
}
