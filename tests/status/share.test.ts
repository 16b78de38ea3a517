import assert from 'node:assert/strict';
import { connect } from '../../src/postgres/connect.ts';
import { withSharing } from '../../src/share/share.ts';
import { everything } from '../cli/everything.ts';
import { SPREAD } from '../harness/database.ts';
import { World } from '../share/world.ts';
import { look } from './look.ts';

for (const release of SPREAD) {
  Deno.test(`${release}: every number is what the tables and the disk say`, async () => {
    await using world = await World.open(release, { ownTables: false });
    const first = await look(world);
    assert.deepEqual(first.totals, { mirrors: 0, people: 0, links: 0, bytes: 0 });
    assert.ok(first.jobs.every(({ standing }) => standing?.mirrored === 0 && standing.selected > 0));
    assert.deepEqual(first.cycles, []);
    const report = await world.share();
    const before = await everything(world);
    const { jobs, totals, cycles, brakes, isAtWork } = await look(world);
    assert.deepEqual(await everything(world), before);
    assert.equal(isAtWork, false);
    assert.deepEqual([...brakes], []);
    assert.deepEqual(jobs.map(({ standing }) => standing), report.jobs.map(({ standing }) => standing));
    assert.deepEqual(jobs.map(({ mirrors }) => mirrors), report.jobs.map(({ created }) => created));
    const files = await world.sql<{ job: string; path: string }[]>`
      SELECT m.job_name AS job, l.path
      FROM immich_sidecar.link l JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = l.mirror_id`;
    for (const { job, bytes, links } of jobs) {
      const own = files.filter((file) => file.job === job);
      assert.equal(bytes, own.reduce((sum, { path }) => sum + Deno.statSync(world.local(path)).size, 0), job);
      const [row] = await world.sql<{ links: number }[]>`
        SELECT count(*)::int AS links
        FROM immich_sidecar.link l JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = l.mirror_id
        WHERE m.job_name = ${job}`;
      assert.equal(links, row?.links);
    }
    assert.equal(totals.people, report.jobs.reduce((sum, { people }) => sum + people, 0));
    assert.ok(jobs.every(({ people }) => people > 0 && people <= totals.people));
    assert.equal(cycles.length, 1);
    assert.equal(cycles[0]?.created, totals.mirrors);
  });
}

Deno.test('what waits, what is left out and what the target does not want is told with its reason', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await world.share();
  await world.sql`DELETE FROM asset WHERE id = ${await world.mirrorOf('family/wedding') ?? ''}`;
  await world.share();
  const standing = (await look(world)).jobs[0]?.standing;
  assert.equal(standing?.withdrawn, 1);
  assert.deepEqual(standing?.skipped, { duplicate: 1 });
  assert.deepEqual(Object.keys(standing?.pending ?? {}).sort(), ['clip', 'faces', 'metadata', 'ocr', 'thumbnail']);
});

Deno.test('a job that was taken out and still has mirrors is told, and a brake', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await world.share();
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  world.setJobs([uploads]);
  const { jobs } = await look(world);
  assert.deepEqual(jobs.map(({ job, isConfigured }) => [job, isConfigured]), [[uploads.name, true], [
    family.name,
    false,
  ]]);
  assert.ok((jobs[1]?.mirrors ?? 0) > 10);
  world.setJobs([{ ...family, sourcePathPrefix: '/external_library/alice/elsewhere/' }, uploads]);
  await world.share();
  assert.deepEqual((await look(world)).brakes.map(({ job }) => job), [family.name]);
});

Deno.test({
  name: 'somebody at work is seen, and not waited for',
  fn: async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    await world.share();
    const sql = await connect(world.config.database);
    try {
      await withSharing(sql, world.config, 'test', async (sharing) => {
        await sharing.cycle({ progress: { isShown: false, start: () => {}, advance: () => {}, stop: () => {} } });
        assert.equal((await look(world)).isAtWork, true);
      });
    } finally {
      await sql.end();
    }
    assert.equal((await look(world)).isAtWork, false);
  },
});
