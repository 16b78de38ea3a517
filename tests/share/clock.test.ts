import assert from 'node:assert/strict';
import { type Moment, setBackMs } from '../../src/immich/feed/clock.ts';
import { type ImmichDatabase, REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: what happens while the database's clock is set back is noticed, though the clock has caught up by then`, async () => {
    await using world = await World.open(release);
    const clock = await Clock.of(world.db);
    await using engine = await Engine.start(world.config);
    await engine.cycle();
    const [picnic, portrait] = [world.id('family/picnic'), world.id('family/portrait')];
    for (const id of [picnic, portrait]) {
      const before = await clock.now();
      await engine.untilIdle(world.sql);
      const after = await clock.now();
      await clock.setTo(before - 500); // before the mark that the last cycle has made
      await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id}`;
      await clock.until(after + 1);
      const { jobs, scope } = await engine.cycle();
      assert.deepEqual(jobs[0]?.withdrawn, { 'source-locked': 1 });
      assert.equal(scope, 'changes');
    }
  });
}

Deno.test('a face that changes while the clock is set back is noticed in a table that is scanned only when it was written to', async () => {
  await using world = await World.open('v3.1.0');
  const clock = await Clock.of(world.db);
  await using engine = await Engine.start(world.config);
  await engine.cycle();
  const before = await clock.now();
  await engine.untilIdle(world.sql);
  const after = await clock.now();
  await clock.setTo(before - 500);
  const { sql } = world;
  const [face] = await sql<{ id: string; assetId: string }[]>`
    UPDATE asset_face SET "personId" = NULL
    WHERE id = (SELECT source_face_id FROM immich_sidecar.face_map WHERE person_id IS NOT NULL ORDER BY 1 LIMIT 1)
    RETURNING id`;
  await clock.until(after + 1);
  await engine.cycle(); // PostgreSQL may not have counted it yet
  await tellCounts(sql);
  await engine.cycle();
  const [mirrored] = await sql<{ person: string | null }[]>`
    SELECT mirror."personId" AS person
    FROM immich_sidecar.face_map fm JOIN asset_face mirror ON mirror.id = fm.mirror_face_id
    WHERE fm.source_face_id = ${face?.id ?? ''}`;
  assert.equal(mirrored?.person, null);
});

Deno.test('a lock is found by the next process, also when nobody can tell that the clock was set back and forward again', async () => {
  await using world = await World.open('v3.1.0');
  const clock = await Clock.of(world.db);
  await world.untilIdle();
  await halfAnHourAgo(
    clock,
    () => world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/live')}`,
  );
  const { jobs, scope } = await world.share({ isFull: false });
  assert.deepEqual([scope, jobs[0]?.withdrawn], ['changes', { 'source-locked': 2 }], 'with its motion part');
  await world.untilIdle();
});

Deno.test('what happens while the clock is set back between two processes is found by the next, though the clock has caught up by then', async () => {
  await using world = await World.open('v3.1.0');
  const clock = await Clock.of(world.db);
  await world.untilIdle();
  const { sql } = world;
  const id = world.id('family/picnic');
  await halfAnHourAgo(clock, () => sql`UPDATE asset_exif SET description = 'new' WHERE "assetId" = ${id}`);
  // This machine has been up for an hour more since the mark, as the clock has not said.
  for (const key of ['askedUptimeMs', 'answeredUptimeMs']) {
    await sql`
      UPDATE immich_sidecar_marks.mark
      SET mark = jsonb_set(mark, ARRAY[${key}::text], to_jsonb((mark->>${key}::text)::float8 - 3600000))`;
  }
  assert.equal((await world.share({ isFull: false })).scope, 'changes');
  const mirror = await world.mirrorOf('family/picnic') ?? '';
  const [row] = await sql<{ description: string }[]>`SELECT description FROM asset_exif WHERE "assetId" = ${mirror}`;
  assert.equal(row?.description, 'new');
  await world.untilIdle();
});

/** Does something at a time before the last mark. */
async function halfAnHourAgo(clock: Clock, work: () => Promise<unknown>): Promise<void> {
  const now = await clock.now();
  await clock.setTo(now - 1_800_000);
  await work();
  await tellCounts(clock.db.sql);
  await clock.setTo(now + 60_000);
}

Deno.test('a clock is known to be set back only if it is certain', () => {
  const since: Moment = { atMs: 1_000_000, askedMs: 100, answeredMs: 110 };
  const later = (change: Partial<Moment>): Moment => ({
    atMs: 1_060_000,
    askedMs: 60_100,
    answeredMs: 60_110,
    ...change,
  });
  assert.equal(setBackMs(since, later({})), 0);
  assert.equal(setBackMs(since, later({ atMs: 1_059_991 })), 0, 'it took 10 ms to ask');
  assert.equal(setBackMs(since, later({ atMs: 1_059_980 })), 30);
  assert.equal(setBackMs(since, later({ atMs: 1_030_000 })), 30_010);
  assert.equal(setBackMs(since, later({ atMs: 999_000 })), 61_010);
  assert.equal(setBackMs(since, later({ atMs: 2_000_000 })), 0, 'forward');
});

/**
 * The clock of one database. PostgreSQL looks for the function `clock_timestamp` in another schema first, and so do this program and
 * the triggers that date Immich's rows.
 */
class Clock {
  private constructor(readonly db: ImmichDatabase) {}

  static async of(db: ImmichDatabase): Promise<Clock> {
    const { sql } = db;
    await sql.unsafe(`
      CREATE SCHEMA clock;
      CREATE TABLE clock.ahead (by interval NOT NULL);
      INSERT INTO clock.ahead VALUES ('0');
      CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
        AS 'SELECT pg_catalog.clock_timestamp() + by FROM clock.ahead';
      GRANT USAGE ON SCHEMA clock TO PUBLIC;
      GRANT SELECT ON clock.ahead TO PUBLIC;
      ALTER DATABASE ${db.config.name} SET search_path TO clock, pg_catalog, public`);
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    await sql`SET search_path TO clock, pg_catalog, public`;
    return new Clock(db);
  }

  /** Milliseconds since the epoch. */
  async now(): Promise<number> {
    const [row] = await this.db.sql<
      { ms: number }[]
    >`SELECT extract(epoch FROM clock.clock_timestamp())::float8 * 1000 AS ms`;
    return row?.ms ?? 0;
  }

  async setTo(ms: number): Promise<void> {
    await this.db.sql`
      UPDATE clock.ahead SET by = to_timestamp(${ms}::float8 / 1000) - pg_catalog.clock_timestamp()`;
  }

  async until(ms: number): Promise<void> {
    while (await this.now() < ms) await this.db.sql`SELECT pg_sleep(0.02)`;
  }
}
