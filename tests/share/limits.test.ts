import assert from 'node:assert/strict';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import type { CycleReport } from '../../src/share/cycle/report.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { listFiles } from './snapshot.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

/** So few that all there is of the small library takes several pages. */
const SHORT_PAGES = Object.freeze({
  ...LIMITS,
  batch: 2,
  search: 4,
  mirrors: 3,
  versions: 7,
  embeddings: 3,
  adoptedMirrors: 4,
  adoptedFiles: 5,
  strays: 4,
});

/** A page that begins with the last row of the one before would never end. */
const SINGLE_ROWS = Object.freeze({
  ...LIMITS,
  batch: 1,
  search: 1,
  mirrors: 1,
  versions: 1,
  embeddings: 1,
  adoptedMirrors: 1,
  adoptedFiles: 1,
  strays: 1,
});

const CASES = [
  ...REPRESENTATIVE.map((release) => ({ release, how: 'several pages', limits: SHORT_PAGES })),
  { release: 'v3.3.0', how: 'a page for each row', limits: SINGLE_ROWS },
] as const;

for (const { release, how, limits } of CASES) {
  Deno.test(`${release}: what takes ${how} is found, copied, followed, adopted and cleaned up to the last one`, async (t) => {
    await using world = await World.open(release, { connections: 4 });
    const { sql } = world;
    world.limits = limits;
    const alice = world.library.users.alice.id;

    await t.step('the first copy, with its embeddings', async () => {
      const { jobs } = await world.share();
      for (const { created } of jobs) assert.ok(created > limits.search);
      assert.ok(jobs.some(({ embeddings }) => embeddings > 20));
      assert.deepEqual(await world.verify(verifyMirrors), []);
    });

    await t.step('a change of every photo', async () => {
      await sql`
        UPDATE asset_exif SET description = 'new' WHERE "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${alice})`;
      const { jobs } = await world.share();
      for (const { rowsUpdated } of jobs) assert.ok(rowsUpdated > limits.mirrors);
      assert.deepEqual(await world.verify(verifyMirrors), []);
    });

    const files = countFiles(world);
    await t.step('mirrors and files that our tables have lost', async () => {
      await sql`DROP SCHEMA immich_sidecar CASCADE`;
      const report = await world.share();
      assert.deepEqual(report.jobs.map(({ created, withdrawn }) => ({ created, withdrawn })), [
        { created: 0, withdrawn: {} },
        { created: 0, withdrawn: {} },
      ]);
      assert.ok(report.adopted > 2 * limits.adoptedMirrors && report.filesAdopted > 2 * limits.adoptedFiles);
      assert.deepEqual(await world.verify(verifyMirrors), []);
      assert.equal(countFiles(world), files);
    });

    await t.step('files whose mirrors a restored backup does not know', async () => {
      const { bobShared, bobUploads } = world.library.libraries;
      await sql`DELETE FROM stack WHERE "ownerId" = ${world.library.users.bob.id}`;
      await sql`DELETE FROM asset WHERE "libraryId" IN (${bobShared.id}, ${bobUploads.id})`;
      await sql`DROP SCHEMA immich_sidecar CASCADE`;
      const { jobs } = await world.share();
      for (const { created } of jobs) assert.ok(created > limits.strays);
      assert.deepEqual(await world.verify(verifyMirrors), []);
      assert.equal(countFiles(world), files, 'none of them is left');
    });
  });
}

Deno.test('more changes than are worth listing make the next cycle a full one, which finds them all', async () => {
  await using world = await World.open('v3.1.0', { connections: 4 });
  // Those that wait for Immich come on top while PostgreSQL has not counted yet what the first cycle wrote.
  const changes = 15;
  const engine = await Engine.start(world.config, undefined, { ...LIMITS, changes });
  const sources = await sourcesOf(world);
  const change = async (count: number) => {
    for (const id of sources.slice(0, count)) {
      await world.sql`UPDATE asset_exif SET description = ${crypto.randomUUID()} WHERE "assetId" = ${id}`;
    }
    return await engine.cycle();
  };
  try {
    await engine.cycle();
    await engine.cycle(); // sees what the first has written
    const some = await change(2);
    assert.deepEqual([isFull(some), rowsUpdated(some)], [false, 2]);
    await engine.cycle();
    const many = await change(changes + 1);
    assert.deepEqual([isFull(many), rowsUpdated(many)], [true, changes + 1]);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  } finally {
    await engine.end();
  }
});

Deno.test('with more assets that wait for Immich than are remembered every cycle looks at everything', async () => {
  await using world = await World.open('v3.1.0', { connections: 4 });
  const [first, second, third] = await sourcesOf(world);
  const waits = (ids: readonly (string | undefined)[]) =>
    world.sql`
      UPDATE asset_job_status
      SET "metadataExtractedAt" = CASE WHEN "assetId" = ANY (${ids as string[]}::uuid[]) THEN NULL ELSE now() END
      WHERE "assetId" = ANY (${[first, second, third] as string[]}::uuid[])`;
  await waits([first, second, third]);
  const { jobs } = await world.share();
  const waiting = jobs.flatMap(({ standing }) => Object.values(standing?.pending ?? {})).reduce((a, b) => a + b, 0) - 1;
  const engine = await Engine.start(world.config, undefined, { ...LIMITS, waiting });
  try {
    assert.ok(isFull(await engine.cycle()));
    assert.ok(isFull(await engine.cycle()), 'one too many waits');
    await waits([first, second]);
    assert.ok(isFull(await engine.cycle()));
    assert.ok(!isFull(await engine.cycle()), 'now they are remembered');
    await waits([]);
    await tellCounts(world.sql);
    await engine.cycle();
    assert.deepEqual(await world.verify(verifyMirrors), []);
  } finally {
    await engine.end();
  }
});

Deno.test('a job that has more problems than are reported says the first of them, and is not complete', async () => {
  await using world = await World.open('v3.1.0', { connections: 4 });
  world.limits = { ...LIMITS, problems: 3 };
  await world.sql.unsafe(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON smart_search FOR EACH ROW EXECUTE FUNCTION refuse();`);
  const report = await world.share();
  assert.equal(report.complete, false);
  // What jobs between the same users share is the first one's.
  assert.deepEqual(report.jobs.map(({ problems }) => problems.length), [3, 0]);
});

function isFull({ scope }: CycleReport): boolean {
  return scope === 'everything';
}

function rowsUpdated({ jobs }: CycleReport): number {
  return jobs.reduce((sum, { rowsUpdated }) => sum + rowsUpdated, 0);
}

/** Ids of Alice's family pictures that are shared, stills without a motion part. */
async function sourcesOf(world: World): Promise<string[]> {
  const ids = world.library.assets.filter(({ expected }) => expected === 'shared-external').map(({ id }) => id);
  const rows = await world.sql<{ id: string }[]>`
    SELECT id
    FROM asset
    WHERE id = ANY (${ids}::uuid[]) AND type = 'IMAGE' AND "livePhotoVideoId" IS NULL
    ORDER BY id`;
  return rows.map(({ id }) => id);
}

/** Hashed folders differ from run to run, files do not. */
function countFiles(world: World): number {
  return Object.values(listFiles(world.directory)).filter((line) => line.startsWith('f')).length;
}
