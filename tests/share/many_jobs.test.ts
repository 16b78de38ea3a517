/** What a cycle costs depends on the photos, not on the jobs, as counted in statements, and in what these say. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import type { JobConfig } from '../../src/config/config.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

/** Statements that each further job may cost: whether its users, library and paths are as configured, and whether anything of it was lost. */
const FOR_EACH_JOB = 10;

Deno.test('jobs that have no photos cost a full cycle ten statements each at most; photos stay with the jobs that mean them', async (t) => {
  await using world = await World.open('v3.1.0');
  const [family, uploads] = world.config.jobs;
  assert.ok(family !== undefined && uploads !== undefined);
  const idle = (index: number): JobConfig => {
    mkdirSync(world.local(`/external_library/alice/later${index}`), { recursive: true });
    return {
      ...family,
      name: `later ${index}`,
      sourcePathPrefix: `/external_library/alice/later${index}/`,
      targetPathPrefix: `/external_library/bob_shared/.later${index}/`,
    };
  };
  await world.share();
  const counted = new Map<number, number>();
  for (const jobs of [1, 50, 400]) {
    world.setJobs([family, uploads, ...Array.from({ length: jobs }, (_, index) => idle(index))]);
    await using engine = await Engine.start({ ...world.config, reconcileHours: 0 });
    let statements = 0;
    (engine.sql.options as { debug: unknown }).debug = () => statements += 1;
    const report = await engine.cycle();
    (engine.sql.options as { debug: unknown }).debug = false;
    assert.deepEqual([report.scope, report.complete], ['everything', true]);
    assert.deepEqual(report.jobs.at(-1)?.standing?.selected, 0);
    counted.set(jobs, statements);
  }
  const [one = 0, fifty = 0, many = 0] = counted.values();
  await t.step(`${one} statements with one, ${fifty} with 50, ${many} with 400`, () => {
    assert.ok(fifty - one <= 49 * FOR_EACH_JOB);
    assert.ok(many - fifty <= 350 * FOR_EACH_JOB);
  });

  await t.step('a mirror that one of them is said to have made is of the job that means it', async () => {
    world.setJobs([family, uploads, idle(3)]);
    const id = world.id('family/picnic');
    await world.sql`
      UPDATE immich_sidecar.asset_map SET job_name = 'later 3' WHERE source_asset_id = ${id}`;
    await world.share();
    const [row] = await world.sql`SELECT job_name AS job FROM immich_sidecar.asset_map WHERE source_asset_id = ${id}`;
    assert.equal(row?.['job'], family.name, 'and not that of a job that does not mean it');
  });
});

/** Of a cycle over changes, what each further job between the same two users may cost: whether a folder of it was renamed, stills and motion parts. */
const FOR_EACH_JOB_AND_CHANGE = 3;

Deno.test('a photo that one of fifty jobs means costs each of the others three statements at most', async (t) => {
  await using world = await World.open('v3.3.0');
  const immich = new InImmich(world);
  const uploads = world.config.jobs.at(-1);
  assert.ok(uploads !== undefined);
  const albums = await Promise.all(
    Array.from({ length: 50 }, (_, index) => immich.makeAlbum('alice', `Album ${index}`)),
  );
  const jobs = jobsOfAlbums(uploads, albums);
  const counted: number[] = [];
  for (const [count, photo] of [[1, world.id('family/portrait')], [50, world.id('family/harbour')]] as const) {
    world.setJobs(jobs.slice(0, count));
    await using engine = await Engine.start(world.config);
    await engine.untilIdle(world.sql);
    await immich.putInto(albums[0] ?? '', [photo]);
    await tellCounts(world.sql);
    let statements = 0;
    (engine.sql.options as { debug: unknown }).debug = (_: number, text: string) => {
      // Counting where everything stands takes a fiftieth of the time, however much is to be counted.
      if (!text.includes('AS is_withdrawn')) statements += 1;
    };
    const report = await engine.cycle();
    (engine.sql.options as { debug: unknown }).debug = false;
    assert.deepEqual([report.scope, report.jobs.reduce((sum, job) => sum + job.created, 0)], ['changes', 1]);
    counted.push(statements);
  }
  const [one = 0, fifty = 0] = counted;
  await t.step(`${one} statements with one, ${fifty} with 50`, () => {
    assert.ok(fifty - one <= 49 * FOR_EACH_JOB_AND_CHANGE, `${fifty - one} more`);
  });
});

/** A job for each album. */
function jobsOfAlbums(uploads: JobConfig, albums: readonly string[]): JobConfig[] {
  const nothing = { albums: [], people: [], tags: [], paths: [], peopleMatch: 'any', favorites: false } as const;
  return albums.map((album, index): JobConfig => ({
    ...uploads,
    name: `album ${index}`,
    kind: 'any',
    albumId: undefined,
    select: { ...nothing, albums: [album] },
  }));
}

Deno.test('no statement is another one, or longer, because there are more jobs', async () => {
  await using world = await World.open('v3.3.0');
  const immich = new InImmich(world);
  const uploads = world.config.jobs.at(-1);
  assert.ok(uploads !== undefined);
  const photos = ['family/portrait', 'family/live', 'family/edited', 'uploads/cat'].map((key) => world.id(key));
  const albums = await Promise.all(
    Array.from({ length: 50 }, (_, index) => immich.makeAlbum('alice', `Album ${index}`, photos.slice(0, index % 3))),
  );
  const said = async (count: number) => {
    world.setJobs(jobsOfAlbums(uploads, albums.slice(0, count)));
    await world.sql`UPDATE immich_sidecar.asset_map SET job_name = 'album 1'`;
    await using engine = await Engine.start({ ...world.config, brake: { percent: 100, minimum: 1_000 } });
    await engine.cycle(); // what names stand for is noted once
    const texts = new Set<string>();
    (engine.sql.options as { debug: unknown }).debug = (_: number, text: string) => void texts.add(text);
    const followed = async (does: () => Promise<unknown>) => {
      await engine.untilIdle(world.sql);
      await does();
      await tellCounts(world.sql);
      const { scope, jobs } = await engine.cycle();
      assert.equal(scope, 'changes');
      return jobs;
    };
    await engine.cycle({ isFull: true });
    const put = await followed(() => immich.putInto(albums[1] ?? '', photos.slice(2)));
    const gone = await followed(() => immich.takeOut(albums[1] ?? '', photos.slice(2)));
    assert.equal(put.reduce((sum, { created }) => sum + created, 0), 2);
    assert.equal(gone.flatMap(({ withdrawn }) => Object.values(withdrawn)).reduce((sum, one) => sum + one, 0), 2);
    return texts;
  };
  const [few, many] = [await said(10), await said(50)];
  assert.deepEqual([...many].filter((text) => !few.has(text)), []);
});
