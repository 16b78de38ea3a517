/**
 * Two connections do what Immich does, as fast as they can, while cycles run: photos are deleted, locked, trashed, stacked, their faces
 * moved and people merged, on either side of the share. No cycle may end with an error, and the one after rest makes everything right.
 *
 * `STRESS=5000`: so many deeds of each connection, for every release that they may differ in. `SEED=7`: the same deeds as in another run
 * with that seed; what meets what is up to the moment.
 */
import assert from 'node:assert/strict';
import { verifyMirrors } from '../../../src/demo/verify/verify.ts';
import { connect, disconnect } from '../../../src/postgres/connect.ts';
import type { ProblemCode } from '../../../src/problems/codes.ts';
import { describeProblem } from '../../../src/problems/problem.ts';
import { LIMITS } from '../../../src/share/cycle/limits.ts';
import { type CycleReport, problemsOf } from '../../../src/share/cycle/report.ts';
import { dryRun } from '../../../src/share/plan_only.ts';
import { type Release, REPRESENTATIVE } from '../../harness/database.ts';
import { SEED } from '../../harness/drawing.ts';
import { Engine } from '../oracle/engine.ts';
import { World } from '../world.ts';
import { act, type Hand } from './deeds.ts';

const DEEDS = Number(Deno.env.get('STRESS') ?? 60);
const ON: readonly Release[] = Deno.env.has('STRESS') ? ['v2.7.5', 'v3.1.0', 'v3.2.0', 'v3.3.0'] : REPRESENTATIVE;

/** What may be said of a photo that somebody else changes or deletes just then. */
const PASSING: ReadonlySet<ProblemCode> = new Set(['changed-meanwhile', 'missing']);

/** Small, so that cycles have many transactions to be met in. */
const LIMITS_OF_STRESS = Object.freeze({ ...LIMITS, batch: 7, search: 40, mirrors: 9, embeddings: 9 });

for (const release of ON) {
  Deno.test(`${release}: whatever Immich does meanwhile, no cycle ends with an error, and the last one makes everything right`, async () => {
    await using world = await openWorld(release);
    await world.share();
    const touched = new Set<string>();
    const deeds = [SEED, SEED + 1].map((seed) => live(world, touched, seed));
    let isOver = false;
    const over = Promise.all(deeds).finally(() => isOver = true);
    over.catch(() => {}); // it is awaited below
    const cycles: CycleReport[] = [];
    while (!isOver) {
      const engine = await Engine.start(world.config, undefined, LIMITS_OF_STRESS);
      try {
        for (let turn = 0; turn < 4 && !isOver; turn++) cycles.push(await engine.cycle());
      } finally {
        await engine.end();
      }
    }
    await over;
    const wrong = cycles.flatMap(problemsOf).filter(({ code }) => !PASSING.has(code));
    assert.deepEqual(wrong.map(describeProblem), [], `SEED=${SEED}`);
    await assertRight(world, touched);
  });
}

/** What goes at once here is never too much. */
async function openWorld(release: Release): Promise<World> {
  const world = await World.open(release);
  world.config = { ...world.config, brake: { percent: 100, minimum: 1_000_000 } };
  return world;
}

async function live(world: World, touched: Set<string>, seed: number): Promise<void> {
  const sql = await connect({ ...world.db.superuser, maxConnections: 1 });
  let state = seed;
  const number = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return limit === 0 ? 0 : Math.floor(state / 65_536) % limit;
  };
  const hand: Hand = { sql, world, touched, number };
  try {
    await act(hand, DEEDS);
  } finally {
    await disconnect(sql);
  }
}

/** At rest one full cycle is enough, and what it makes is what the sources are; what Bob has changed is his. */
async function assertRight(world: World, touched: ReadonlySet<string>): Promise<void> {
  const report = await world.share();
  assert.deepEqual(problemsOf(report).map(describeProblem), [], `SEED=${SEED}`);
  assert.deepEqual(report.brakes, []);
  for (const { standing } of report.jobs) assert.equal(standing?.next, 0, `SEED=${SEED}`);
  const planned: string[] = [];
  const sink = (_: unknown, lines: readonly { readonly text: string }[]) =>
    void planned.push(...lines.map(({ text }) => text));
  const sql = await connect(world.config.database);
  try {
    await dryRun(sql, world.config, { sink });
  } finally {
    await disconnect(sql);
  }
  assert.deepEqual(planned, [], `SEED=${SEED}`);
  const damage = (await verifyMirrors(world.sql, { config: world.config }))
    .filter(({ subject }) => !touched.has(subject.replace(/^\S+ /, '')));
  assert.deepEqual(damage, [], `SEED=${SEED} ${damage.length > 0 ? await readPeople(world) : ''}`);
}

/** Everything about people, for whoever has to find out how they came to be where they are: another run is another one. */
async function readPeople({ sql, people: { personKey, faceKey } }: World): Promise<string> {
  const rows = await Promise.all([
    sql`SELECT *, source.${sql(faceKey)} AS source_person, mirror.${sql(faceKey)} AS mirror_person
      FROM immich_sidecar.face_map fm
      LEFT JOIN asset_face source ON source.id = fm.source_face_id
      LEFT JOIN asset_face mirror ON mirror.id = fm.mirror_face_id`,
    sql`SELECT * FROM immich_sidecar.person_map`,
    sql`SELECT ${sql(personKey)}, "ownerId", name FROM person`,
  ]);
  return JSON.stringify(rows, null, 1);
}
