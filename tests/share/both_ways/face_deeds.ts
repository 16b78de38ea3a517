import assert from 'node:assert/strict';
import { jobsOf } from '../../../src/demo/jobs.ts';
import type { CycleReport } from '../../../src/share/cycle/report.ts';
import { type OpenConflict, readConflicts } from '../../../src/share/both_ways/conflicts.ts';
import type { Release } from '../../harness/database.ts';
import { tellCounts } from '../idle.ts';
import { World } from '../world.ts';

export type User = 'alice' | 'bob' | 'carol';

/** People by id, by group, and by group with native shares. */
export const FACE_RELEASES: readonly Release[] = ['v2.7.5', 'v3.1.0', 'v3.2.0', 'v3.3.0'];

/** Alice's photos are shared with Bob, or with Bob and Carol, people go both ways from the first cycle on, and that is over. */
export async function openFaces(
  release: Release,
  { withCarol = false, isOn = true, sameClusterGroup = false } = {},
): Promise<World> {
  const world = await World.open(release, sameClusterGroup ? { sameClusterGroup } : {});
  if (withCarol) world.setJobs([...world.config.jobs, ...jobsOf(world.library, 'carol')]);
  if (isOn) goFacesBothWays(world);
  await world.share();
  return world;
}

export function goFacesBothWays(world: World): void {
  world.setJobs(world.config.jobs.map((job) => ({ ...job, bothWays: ['people' as const] })));
}

/** The photo as a user has it. */
export async function photoOf(world: World, key: string, user: User): Promise<string> {
  return user === 'alice' ? world.id(key) : await world.mirrorOf(key, user) ?? assert.fail();
}

/** Whom a user calls so. */
export async function personOf(
  { sql, library, people: { personKey } }: World,
  user: User,
  name: string,
): Promise<string> {
  const rows = await sql<{ id: string }[]>`
    SELECT ${sql(personKey)} AS id FROM person WHERE name = ${name} AND "ownerId" = ${library.users[user].id}`;
  assert.equal(rows.length, 1, `${user} has one ${name}`);
  return rows[0]?.id ?? assert.fail();
}

/** The living face of somebody on a photo of a user. */
export async function faceOf(world: World, key: string, user: User, name: string): Promise<string> {
  const { sql, people: { faceKey } } = world;
  const [row] = await sql<{ id: string }[]>`
    SELECT id
    FROM asset_face
    WHERE "assetId" = ${await photoOf(world, key, user)}
      AND ${sql(faceKey)} = ${await personOf(world, user, name)}
      AND "deletedAt" IS NULL`;
  return row?.id ?? assert.fail(`${user} sees ${name} on ${key}`);
}

/** From: PersonRepository.reassignFace. `to`: a person's id. */
export async function giveTo({ sql, people: { faceKey } }: World, face: string, to: string | null): Promise<void> {
  const { count } = await sql`UPDATE asset_face SET ${sql(faceKey)} = ${to} WHERE id = ${face}`;
  assert.equal(count, 1);
  await tellCounts(sql);
}

/** From: PersonRepository.softDeleteAssetFaces. */
export async function removeFace({ sql }: World, face: string): Promise<void> {
  await sql`UPDATE asset_face SET "deletedAt" = clock_timestamp() WHERE id = ${face}`;
  await tellCounts(sql);
}

/** From: PersonService.createFace: a box that somebody has drawn. */
export async function drawFace(
  world: World,
  key: string,
  user: User,
  person: string,
  { right = 0 } = {},
): Promise<string> {
  const { sql, people: { faceKey } } = world;
  const [row] = await sql<{ id: string }[]>`
    INSERT INTO asset_face (
      "assetId", ${sql(faceKey)}, "imageWidth", "imageHeight",
      "boundingBoxX1", "boundingBoxY1", "boundingBoxX2", "boundingBoxY2", "sourceType"
    )
    VALUES (${await photoOf(world, key, user)}, ${person}, 1440, 1080, ${10 + right}, 20, ${110 + right}, 120, 'manual')
    RETURNING id`;
  await tellCounts(sql);
  return row?.id ?? assert.fail();
}

/** How many faces of originals a cycle has changed. */
export async function facesCorrectedBy(cycle: Promise<CycleReport>): Promise<number> {
  const { jobs } = await cycle;
  assert.deepEqual(jobs.flatMap(({ problems }) => problems), []);
  return jobs.reduce((sum, { facesCorrected }) => sum + facesCorrected, 0);
}

/** Who is on a photo, by name, with each of them. */
export async function seenBy(world: World, key: string, users: readonly User[]): Promise<(string | null)[][]> {
  const found: (string | null)[][] = [];
  for (const user of users) found.push(await world.facesOn(await photoOf(world, key, user)));
  return found;
}

/** Two cycles over what has changed, of which neither may have a problem, and no more to do. */
export async function settle(world: World): Promise<void> {
  for (let cycle = 0; cycle < 2; cycle++) await facesCorrectedBy(world.share({ isFull: false }));
  const plan = await world.plan();
  assert.equal(plan.hasChanges, false, `no echo: ${JSON.stringify(plan.totals())}`);
}

export async function conflictsAbout(world: World): Promise<OpenConflict[]> {
  return (await world.apply((_, view) => readConflicts(view.sql, view))).filter(({ field }) => field === 'face');
}
