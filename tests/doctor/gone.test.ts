/** A receiver who is gone, or has deleted their library: what status and doctor count is there. */
import assert from 'node:assert/strict';
import { UserError } from '../../src/errors.ts';
import { deleteLibrary, InImmich } from '../share/deeds_in_immich.ts';
import type { World } from '../share/world.ts';
import { look } from '../status/look.ts';
import { Ward } from './ward.ts';

const GONE: readonly { readonly what: string; befall(world: World): Promise<void> }[] = [
  {
    what: 'has deleted the library of one of two shares',
    befall: (world) => deleteLibrary(world, world.config.jobs[0]?.targetLibraryId ?? ''),
  },
  { what: 'was deleted for good', befall: (world) => new InImmich(world).purge('bob') },
];

for (const { what, befall } of GONE) {
  Deno.test(`a receiver who ${what}: status and doctor count the photos that are there`, async () => {
    await using ward = await Ward.open();
    const { world } = ward;
    const before = await look(world);
    assert.deepEqual(before.jobs.map(({ mirrors }) => mirrors > 0), [true, true]);
    await befall(world);
    for (let cycle = 0; cycle < 2; cycle++) {
      const there = await world.sql<{ job: string; mirrors: number }[]>`
        SELECT m.job_name AS job, count(*)::int AS mirrors
        FROM immich_sidecar.asset_map m
        JOIN asset a ON a.id = m.mirror_asset_id
        GROUP BY 1`;
      const countOf = (job: string) => there.find((one) => one.job === job)?.mirrors ?? 0;
      const { totals, jobs } = await look(world);
      assert.deepEqual(jobs.map(({ job, mirrors }) => [job, mirrors]), jobs.map(({ job }) => [job, countOf(job)]));
      assert.equal(totals.mirrors, there.reduce((sum, { mirrors }) => sum + mirrors, 0));
      const said = (await ward.examine()).filter(({ check }) => check === 'mirrors.offline');
      const counted = said.flatMap(({ message }) => message.match(/\d+(?= shared photos? (?:is|are) there)/g) ?? []);
      assert.equal(counted.reduce((sum, number) => sum + Number(number), 0), totals.mirrors);
      // Where no job is left that can be worked on, that is said.
      await world.share().catch((error) => assert.ok(error instanceof UserError));
    }
  });
}

Deno.test('a brake on photos that went with the account of their receiver is not there any more once their jobs are taken out', async () => {
  await using ward = await Ward.open();
  const { world } = ward;
  const { sql, library: { users } } = world;
  await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE "ownerId" = ${users.alice.id}`;
  assert.ok((await world.share()).brakes.length > 0);
  await new InImmich(world).purge('bob');
  world.setJobs(world.config.jobs.slice(0, 0));
  await world.share();
  assert.deepEqual([...(await look(world)).brakes], []);
});
