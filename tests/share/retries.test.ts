/** What fails is tried again after pauses that become longer, and costs nothing in between. */
import assert from 'node:assert/strict';
import { problem } from '../../src/problems/problem.ts';
import { afterCycle, NOTHING_FAILED, photosDue, type Retries } from '../../src/share/cycle/retries.ts';
import type { CycleReport } from '../../src/share/cycle/report.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { explainPhotos } from '../../src/share/explain/explain.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import { describeRetries } from '../../src/share/standing/words.ts';
import { readShareStatus } from '../../src/status/share.ts';
import { fakeLibrary } from '../harness/fake_immich/library.ts';
import { FakeImmich } from '../harness/fake_immich/server.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { tellCounts } from './idle.ts';
import { redirected } from './redirected.ts';
import { sharingAlbums } from './shared_albums_world.ts';
import { World } from './world.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;

/** A clock that goes on when it is told to. */
class Clock {
  #ms = 0;
  readonly nowMs = () => performance.now() + this.#ms;

  passes(ms: number): void {
    this.#ms += ms;
  }
}

Deno.test('pauses double, from the next cycle to an hour; what has changed begins anew, and what is to be removed is never delayed', () => {
  const failed = (isUrgent: boolean) => new Map([['photo', { problems: [problem('missing', {})], isUrgent }]]);
  const failing = (before: Retries, isUrgent = false, due = ['photo']) =>
    afterCycle(before, {
      looked: new Set(['photo']),
      due: new Set(due),
      failures: { photos: failed(isUrgent), rest: [] },
      nowMs: 0,
      most: 10,
    });
  let retries = NOTHING_FAILED;
  const pauses = Array.from({ length: 12 }, () => {
    retries = failing(retries);
    return (retries.photos.get('photo')?.dueMs ?? -1) / SECOND;
  });
  assert.deepEqual(pauses, [0, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
  assert.equal(failing(retries, false, []).photos.get('photo')?.dueMs, 0);
  assert.equal(failing(retries, true).photos.get('photo')?.dueMs, 0);
});

Deno.test('of more photos than are tried one by one those that are to be removed are tried in each cycle all the same', () => {
  const photos = new Map(['one', 'two', 'three', 'four'].map((id) => [id, {
    problems: [problem('not-removed', { assetId: id })],
    isUrgent: id !== 'four',
  }]));
  const failures = { photos, rest: [] };
  for (const looked of ['all', new Set(photos.keys())] as const) {
    const after = afterCycle(NOTHING_FAILED, { looked, due: new Set(), failures, nowMs: 0, most: 2 });
    assert.deepEqual(photosDue(after, 0), ['one', 'two', 'three']);
    assert.deepEqual(after.rest?.problems.map(({ where }) => where.assetId), ['four']);
  }
});

Deno.test('missing files: an idle cycle has its four statements and looks at no file until they are due, says what failed all the same, and one that is put right is shared when it is due', async () => {
  await using world = await World.open('v3.3.0');
  const { sql } = world;
  const failing = ['family/picnic', 'family/portrait', 'family/harbour'];
  const away = await Promise.all(failing.map((key) => putAway(world, key)));
  const clock = new Clock();
  await using engine = await Engine.start(world.config, undefined, undefined, clock.nowMs);
  await engine.cycle();
  await settled(world, engine);
  const looks = countingLooks(world);
  const idle = await counting(engine, () => engine.cycle());
  assert.deepEqual([idle.statements, idle.report.scope, looks.count()], [4, 'nothing', 0]);
  looks.end();
  assert.equal(problemsOf(idle.report).filter(({ code }) => code === 'missing').length, failing.length, 'it is said');
  assert.equal(idle.report.complete, false);
  assert.equal(idle.report.retries.photos, failing.length);
  const dueInMs = Date.parse(idle.report.retries.nextAt ?? '') - Date.now();
  assert.ok(dueInMs > 0 && dueInMs <= 10 * SECOND, `${dueInMs}`);

  away[0]?.();
  assert.equal((await engine.cycle()).scope, 'nothing', 'not due yet');
  clock.passes(10 * SECOND);
  const tried = await engine.cycle();
  assert.deepEqual([tried.scope, created(tried)], ['changes', 1]);
  assert.notEqual(await world.mirrorOf('family/picnic'), undefined);
  await settled(world, engine);
  assert.equal((await engine.cycle()).retries.photos, failing.length - 1);

  await sql`UPDATE asset SET "updatedAt" = now() WHERE id = ${world.id('family/portrait')}`;
  away[1]?.();
  await tellCounts(sql);
  await engine.cycle();
  assert.notEqual(await world.mirrorOf('family/portrait'), undefined, 'its row changed');

  away[2]?.();
  await engine.cycle({ retriesAll: true });
  assert.notEqual(await world.mirrorOf('family/harbour'), undefined, 'somebody has asked to share now');
  await engine.untilIdle(sql);
  assert.deepEqual((await engine.cycle()).retries, { photos: 0, nextAt: undefined });
});

Deno.test('Immich at work on other photos does not let what failed be tried sooner', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await putAway(world, 'family/picnic');
  const clock = new Clock();
  await using engine = await Engine.start(world.config, undefined, undefined, clock.nowMs);
  await engine.cycle();
  await settled(world, engine);
  await sql`UPDATE asset_job_status SET "metadataExtractedAt" = now() WHERE "assetId" = ${world.id('family/crowd')}`;
  await tellCounts(sql);
  const looks = countingLooks(world);
  await engine.cycle();
  assert.equal(looks.count(), 0);
  looks.end();
});

Deno.test('a row that PostgreSQL refuses is tried again when it is due, and follows when it is taken', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  const [first] = await world.someMirrored();
  const mirror = await world.mirrorOfId(first);
  const clock = new Clock();
  await using engine = await Engine.start(world.config, undefined, undefined, clock.nowMs);
  await engine.untilIdle(sql);
  await sql.unsafe(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END $$;
    CREATE TRIGGER refuses BEFORE UPDATE ON asset_exif FOR EACH ROW
      WHEN (NEW."assetId" = '${mirror}') EXECUTE FUNCTION refuse();`);
  await sql`UPDATE asset_exif SET description = 'new' WHERE "assetId" = ${first}`;
  await tellCounts(sql);
  await engine.cycle();
  await settled(world, engine);
  const report = await engine.cycle();
  assert.deepEqual([report.scope, report.retries.photos, report.complete], ['nothing', 1, false]);
  await sql.unsafe('DROP TRIGGER refuses ON asset_exif');
  clock.passes(HOUR);
  await engine.cycle();
  const [row] = await sql`SELECT description FROM asset_exif WHERE "assetId" = ${mirror}`;
  assert.equal(row?.['description'], 'new');
});

Deno.test('a photo that is locked while it waits to be tried again goes at once, and so does its file', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  const [first] = await world.someMirrored();
  const path = await world.localMirrorPath(first);
  const clock = new Clock();
  await using engine = await Engine.start(world.config, undefined, undefined, clock.nowMs);
  await engine.untilIdle(sql);
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${first}`;
  await tellCounts(sql);
  {
    using _ = redirected(path);
    for (let cycles = 0; cycles < 5; cycles++) {
      const report = await engine.cycle();
      assert.ok(problemsOf(report).some(({ code }) => code === 'locked-file-left'), 'each cycle tries it');
    }
  }
  await engine.cycle();
  assert.throws(() => Deno.lstatSync(path));
});

Deno.test('a new process tries what failed when it is due, however often a timer starts one', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const comesBack = await putAway(world, 'family/picnic');
  const next = () => world.share({ isFull: false });
  await world.share();
  for (let scope = 'changes'; scope !== 'nothing';) {
    await tellCounts(sql);
    const report = await next();
    scope = report.scope;
    assert.deepEqual([report.retries.photos, report.complete], [1, false]);
  }
  comesBack();
  assert.equal((await next()).scope, 'nothing');
  await sql`
    UPDATE immich_sidecar_marks.mark
    SET mark = jsonb_set(mark, '{retries,photos,0,dueAtMs}', to_jsonb((mark #>> '{retries,photos,0,dueAtMs}')::float8 - 60000))`;
  assert.equal(created(await next()), 1);
  await tellCounts(sql);
  assert.deepEqual((await next()).retries, { photos: 0, nextAt: undefined });
});

Deno.test('a share that is left out is looked at when it is due, and a new process goes on without it', async () => {
  await using world = await World.open('v3.1.0');
  const { sql, directory } = world;
  await world.share();
  Deno.renameSync(`${directory}/external`, `${directory}/away`);
  const clock = new Clock();
  {
    await using engine = await Engine.start(world.config, undefined, undefined, clock.nowMs);
    await engine.cycle({ isFull: true });
    await settled(world, engine);
    const idle = await counting(engine, () => engine.cycle());
    assert.deepEqual([idle.statements, idle.report.scope], [4, 'nothing']);
    assert.deepEqual(problemsOf(idle.report).map(({ code }) => code), ['job-left-out']);
  }
  assert.notEqual((await world.share({ isFull: false })).scope, 'everything', 'also for a process that begins');
  {
    await using engine = await Engine.start(world.config, undefined, undefined, clock.nowMs);
    await settled(world, engine);
    Deno.renameSync(`${directory}/away`, `${directory}/external`);
    assert.equal((await engine.cycle()).scope, 'nothing');
    clock.passes(300 * SECOND);
    const report = await engine.cycle();
    assert.deepEqual([report.scope, problemsOf(report)], ['everything', []]);
  }
  await world.untilIdle();
  assert.equal((await sql`SELECT FROM immich_sidecar_marks.mark`).count, 1);
});

Deno.test('a library that Immich does not make is asked for again when it is due', async () => {
  await using world = await World.open('v3.3.0');
  const { sql } = world;
  const immich = new InImmich(world);
  await sql`DELETE FROM album`;
  const album = await immich.makeAlbum('alice', 'Family', [world.id('family/portrait')]);
  await immich.invite(album, 'bob');
  const [admin] = await sql<{ id: string }[]>`SELECT id FROM "user" WHERE "isAdmin"`;
  let isDown = true;
  await using server = new FakeImmich({
    dialect: '3.1.0',
    library: { ...fakeLibrary(), userId: admin?.id ?? '' },
    database: sql,
    fault: () => isDown ? { status: 400, body: '{"message":"not now"}' } : undefined,
  });
  const { jobs } = world.config;
  world.config = { ...sharingAlbums(world), jobs, immich: { url: server.url, apiKey: server.apiKey } };
  const clock = new Clock();
  await using engine = await Engine.start(world.config, undefined, undefined, clock.nowMs);
  assert.ok(problemsOf(await engine.cycle()).some(({ code }) => code === 'job-left-out'));
  await settled(world, engine);
  const asked = server.requests.length;
  await engine.cycle();
  assert.equal(server.requests.length, asked, 'it is not asked in each cycle');
  isDown = false;
  clock.passes(300 * SECOND);
  assert.deepEqual(problemsOf(await engine.cycle()), []);
  assert.equal((await sql`SELECT FROM library WHERE name = 'Shared by Alice'`).count, 1);
});

Deno.test('what failed and is no photo’s is tried by a look at everything when it is due, and said until then', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await world.share();
  const clock = new Clock();
  await using engine = await Engine.start(world.config, undefined, undefined, clock.nowMs);
  await engine.untilIdle(sql);
  await sql.unsafe(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END $$;
    CREATE TRIGGER refuses BEFORE UPDATE ON person FOR EACH ROW
      WHEN (NEW."ownerId" = '${world.library.users.bob.id}') EXECUTE FUNCTION refuse();`);
  const dora = world.library.people['alice/dora'].id;
  await sql`UPDATE person SET name = 'Renamed' WHERE id = ${dora}`;
  await tellCounts(sql);
  await engine.cycle();
  await tellCounts(sql);
  await engine.cycle();
  const idle = await engine.cycle();
  assert.deepEqual([idle.scope, idle.complete], ['nothing', false]);
  assert.ok(problemsOf(idle).some(({ where }) => where.table === 'person'));
  await sql.unsafe('DROP TRIGGER refuses ON person');
  clock.passes(60 * SECOND);
  const report = await engine.cycle();
  assert.deepEqual([report.scope, report.complete], ['everything', true]);
  assert.ok((await world.namesOf('bob')).includes('Renamed'));
});

Deno.test('status and explain say when a photo is tried again', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  await putAway(world, 'family/picnic');
  await world.share();
  for (let cycles = 0; cycles < 3; cycles++) await world.share({ isFull: false });
  const { retries } = await planOnly(sql, world.config, undefined, readShareStatus);
  assert.equal(retries.photos, 1);
  assert.match(
    describeRetries(retries) ?? '',
    /^1 photo of which something failed is tried again at 20\d\d-\d\d-\d\d \d\d:\d\d UTC, or when it changes/,
  );
  const id = world.id('family/picnic');
  const [explained] = await planOnly(sql, world.config, undefined, (tx, view) => explainPhotos(tx, view, id));
  assert.match(explained?.jobs[0]?.against.join() ?? '', /the file is not there.*; it is tried again at 20\d\d/);
});

/** Takes the original of a photo away; what is returned brings it back. */
async function putAway(world: World, key: string): Promise<() => void> {
  const [row] = await world.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${world.id(key)}`;
  const path = world.local(row?.path ?? '');
  Deno.renameSync(path, `${path}.away`);
  return () => Deno.renameSync(`${path}.away`, path);
}

/** Cycles until one has nothing to look at. */
async function settled(world: World, engine: Engine): Promise<void> {
  for (let scope: CycleReport['scope'] = 'changes'; scope !== 'nothing';) {
    await tellCounts(world.sql);
    await tellCounts(engine.sql);
    scope = (await engine.cycle()).scope;
  }
}

async function counting(
  { sql }: Engine,
  work: () => Promise<CycleReport>,
): Promise<{ readonly statements: number; readonly report: CycleReport }> {
  let statements = 0;
  (sql.options as { debug: unknown }).debug = () => statements += 1;
  const report = await work();
  (sql.options as { debug: unknown }).debug = false;
  return { statements, report };
}

/** Counts how often a file of the world is looked at. */
function countingLooks(world: World): { count(): number; end(): void } {
  const { lstatSync, statSync } = Deno;
  let looks = 0;
  const counted = <Look extends (path: string | URL) => Deno.FileInfo>(look: Look) => (path: string | URL) => {
    if (String(path).startsWith(`${world.directory}/`)) looks += 1;
    return look(path);
  };
  Deno.lstatSync = counted(lstatSync);
  Deno.statSync = counted(statSync);
  return {
    count: () => looks,
    end: () => {
      Deno.lstatSync = lstatSync;
      Deno.statSync = statSync;
    },
  };
}

function created({ jobs }: CycleReport): number {
  return jobs.reduce((sum, job) => sum + job.created, 0);
}
