/** A brake that is on stays on until it is confirmed or nothing is left to hold back, whatever else happens: random histories. */
import assert from 'node:assert/strict';
import fc from '../harness/drawing.ts';
import type { Fragment } from '../../src/postgres/connect.ts';
import { confirmBrakes } from '../../src/share/brake/remembered.ts';
import { World } from './world.ts';

const SEEDS = Deno.env.get('SEEDS')?.split(',').map(Number) ?? [1, 2];
const STEPS = Number(Deno.env.get('STEPS') ?? 40);

const DEEDS = ['lose', 'lose', 'loseMany', 'returns', 'new', 'lock', 'trashMirror', 'configure', 'nothing'] as const;

interface Step {
  readonly deed: typeof DEEDS[number];
  readonly pick: number;
  readonly isFull: boolean;
}

const HISTORY: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ deed: fc.constantFrom(...DEEDS), pick: fc.nat(0xffff), isFull: fc.boolean() }),
  { minLength: STEPS, maxLength: STEPS },
);

for (const seed of SEEDS) {
  Deno.test(`a brake that is on lets nothing go that it holds, and stays on, until it is confirmed or nothing is left to hold (seed ${seed}, ${STEPS} steps)`, async () => {
    await using world = await World.open('v3.1.0');
    const [family] = world.config.jobs;
    assert.ok(family);
    world.setJobs([family]);
    world.config = { ...world.config, brake: { percent: 20, minimum: 3 } };
    await withhold(world, 8);
    await world.share();
    const [steps = []] = fc.sample(HISTORY, { seed, numRuns: 1 });
    const told: string[] = [];
    let [isOn, times] = [false, 0];
    for (const step of steps) {
      told.push(`${step.deed}${step.isFull ? ', everything' : ''}`);
      await act(world, step);
      const held = await lostMirrors(world);
      const report = await world.share({ isFull: step.isFull });
      const left = new Set(await lostMirrors(world));
      const words = told.join('; ');
      if (isOn && held.length > 0) {
        assert.equal(report.brakes.length, 1, `it lets itself go after: ${words}`);
        assert.deepEqual(held.filter((id) => !left.has(id)), [], `held, and gone after: ${words}`);
      }
      if (!isOn && report.brakes.length > 0) times++;
      if (report.brakes.length === 0) assert.equal(left.size, 0, `neither held nor gone after: ${words}`);
      isOn = report.brakes.length > 0;
    }
    if (STEPS >= 40) assert.ok(times > 0, 'it was never on');
    if (isOn) assert.equal((await confirmBrakes(world.sql, undefined)).length, 1);
    const report = await world.share();
    assert.deepEqual([report.brakes, await lostMirrors(world)], [[], []]);
  });
}

/** Photos that are shared only when somebody shows them. */
async function withhold({ sql, library }: World, count: number): Promise<void> {
  await sql`
    UPDATE asset
    SET visibility = 'archive'
    WHERE id IN (
      SELECT id
      FROM asset
      WHERE "ownerId" = ${library.users.alice.id} AND "libraryId" IS NOT NULL AND visibility = 'timeline' AND type = 'IMAGE'
        AND "livePhotoVideoId" IS NULL
      ORDER BY id
      LIMIT ${count}
    )`;
}

/** The mirrors of photos that are in the trash of their owner. */
async function lostMirrors({ sql }: World): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT mirror.id
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id AND a.status = 'trashed' AND a.visibility <> 'locked'
    JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror.status = 'active'
    ORDER BY 1`;
  return rows.map(({ id }) => id);
}

async function act(world: World, { deed, pick }: Step): Promise<void> {
  const { sql, library } = world;
  const source = (where: Fragment, count = 1): Fragment =>
    sql`
      SELECT a.id
      FROM asset a
      LEFT JOIN immich_sidecar.asset_map m ON m.source_asset_id = a.id
      WHERE a."ownerId" = ${library.users.alice.id} AND a."libraryId" IS NOT NULL AND a."livePhotoVideoId" IS NULL
        AND a.visibility <> 'hidden' AND ${where}
      ORDER BY md5(${String(pick)} || a.id)
      LIMIT ${count}`;
  const isShared = sql`m.mirror_asset_id IS NOT NULL AND a.status = 'active'`;
  switch (deed) {
    case 'lose':
    case 'loseMany': {
      const count = deed === 'lose' ? 1 : 4 + pick % 4;
      await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id IN (${source(isShared, count)})`;
      break;
    }
    case 'returns':
      await sql`
        UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id IN (${source(sql`a.status = 'trashed'`)})`;
      break;
    case 'new':
      await sql`UPDATE asset SET visibility = 'timeline' WHERE id IN (${source(sql`a.visibility = 'archive'`)})`;
      break;
    case 'lock':
      await sql`UPDATE asset SET visibility = 'locked' WHERE id IN (${source(sql`m.mirror_asset_id IS NOT NULL`)})`;
      break;
    case 'trashMirror':
      await sql`
        UPDATE asset SET "deletedAt" = now(), status = 'trashed'
        WHERE id IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map WHERE source_asset_id IN (${
        source(isShared)
      }))`;
      break;
    case 'configure':
      world.config = { ...world.config, brake: { percent: 10 + pick % 20, minimum: 3 } };
      break;
    case 'nothing':
  }
}
