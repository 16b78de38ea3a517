import assert from 'node:assert/strict';
import { jobsOf } from '../../src/demo/jobs.ts';
import { EXIT } from '../../src/errors.ts';
import type { Sql } from '../../src/postgres/connect.ts';
import { run, variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Random, SEED } from '../harness/drawing.ts';
import { digestTables } from '../share/snapshot.ts';
import { World } from '../share/world.ts';
import { changeSource, lockHalf, unlock } from './deeds.ts';
import { Ground } from './ground.ts';

const CYCLES = 6;

/** What the source's owner does between two cycles. None of it changes the name of a file. */
const DEEDS: readonly ((world: World, ground: Ground, round: number) => Promise<unknown>)[] = [
  changeSource,
  lockHalf,
  unlock,
  ({ sql, library }) =>
    sql`
      UPDATE asset SET "deletedAt" = now(), status = 'trashed'
      WHERE "ownerId" = ${library.users.alice.id} AND "deletedAt" IS NULL AND id::text > 'c'`,
  ({ sql, library }) =>
    sql`
      UPDATE asset SET "deletedAt" = NULL, status = 'active'
      WHERE "ownerId" = ${library.users.alice.id} AND status = 'trashed' AND id::text > 'c'`,
  ({ sql, library, people: { personKey, faceKey } }, _, round) =>
    sql`
      UPDATE asset_face SET ${sql(faceKey)} = (
        SELECT ${sql(personKey)} FROM person WHERE "ownerId" = ${library.users.alice.id}
        ORDER BY hashtext(${sql(personKey)}::text || ${drawing(round)}) LIMIT 1
      )
      WHERE ${
      isDrawn(sql, 20, round)
    } AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${library.users.alice.id})`,
  ({ sql, library }, _, round) =>
    sql`
      DELETE FROM asset_face
      WHERE ${
      isDrawn(sql, 5, round)
    } AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${library.users.alice.id})`,
  ({ sql, library }, _, round) =>
    sql`
      UPDATE asset SET visibility = 'archive'
      WHERE "ownerId" = ${library.users.alice.id} AND visibility = 'timeline' AND ${isDrawn(sql, 10, round)}`,
];

/** So many of a hundred rows, by their ids, which are the same in each run. */
function isDrawn(sql: Sql, percent: number, round: number) {
  return sql`abs(hashtext(id::text || ${drawing(round)}) % 100) < ${percent}`;
}

function drawing(round: number): string {
  return `${SEED} ${round}`;
}

for (const release of REPRESENTATIVE) {
  Deno.test({
    name:
      `${release}: after any history unshare leaves Immich's rows and the disk as if nothing had been shared (SEED=${SEED})`,
    fn: async () => {
      await using world = await World.open(release);
      const ground = new Ground(world);
      const jobs = [...jobsOf(world.library, 'bob'), ...jobsOf(world.library, 'carol')];
      world.setJobs(jobs.map((job) => ({ ...job, albumId: undefined })));
      const before = await immichTables(world.sql);
      await world.share();
      assert.deepEqual(await withoutMirrors(world), before, 'sharing adds mirrors and does nothing else');
      const random = new Random(SEED);
      for (let cycle = 1; cycle <= CYCLES; cycle++) {
        await DEEDS[Math.floor(random.below(DEEDS.length))]?.(world, ground, cycle);
        await DEEDS[Math.floor(random.below(DEEDS.length))]?.(world, ground, cycle);
        await world.share();
      }
      const wanted = await withoutMirrors(world);
      using cwd = workingDirectory(world.config.jobs.map(yamlJob));
      const { code, stderr } = await run(['unshare', '--yes'], { cwd: cwd.path, env: variablesOf(world) });
      assert.equal(code, EXIT.ok, stderr);
      assert.deepEqual(await immichTables(world.sql), wanted);
      ground.assertRestored('unshared');
    },
  });
}

/** Digests of Immich's tables as they would be without the mirrors and what hangs on them, which are removed by hand for it. */
async function withoutMirrors({ sql, people: { personKey } }: World): Promise<Record<string, string>> {
  let digests: Record<string, string> = {};
  const rollback = new Error('rolled back on purpose');
  const removed = sql.begin(async (tx) => {
    await tx`
      UPDATE asset SET "stackId" = NULL
      WHERE id IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map)`;
    await tx`DELETE FROM stack WHERE id IN (SELECT mirror_stack_id FROM immich_sidecar_stacks.stack_map)`;
    await tx`DELETE FROM asset WHERE id IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map)`;
    await tx`DELETE FROM tag WHERE id IN (SELECT tag_id FROM immich_sidecar_tags.tag)`;
    await tx`
      DELETE FROM person p
      USING immich_sidecar.person_map m
      WHERE m.is_ours AND p.${tx(personKey)} = m.mirror_person_id AND p."ownerId" = m.target_user_id`;
    if (personKey === 'personGroupId') {
      await tx`
        DELETE FROM person_group g
        WHERE g.id IN (SELECT mirror_person_id FROM immich_sidecar.person_map WHERE is_ours)
          AND NOT EXISTS (SELECT 1 FROM person p WHERE p."personGroupId" = g.id)`;
    }
    digests = await immichTables(tx);
    throw rollback;
  });
  await assert.rejects(removed, rollback);
  return digests;
}

/** The audit tables remember what was deleted, as they do in Immich. */
async function immichTables(sql: Sql): Promise<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(await digestTables(sql))
      .filter(([table]) => table.startsWith('public.') && !table.endsWith('_audit')),
  );
}
