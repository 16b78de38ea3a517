/** What a full cycle costs depends on the photos, not on the jobs, as counted in statements. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import type { JobConfig } from '../../src/config/config.ts';
import { Engine } from './oracle/engine.ts';
import { World } from './world.ts';

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
