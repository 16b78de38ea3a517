/** Immich 3.3 shares people by itself (`person_user`); such a person is the target's, whatever sharing made of them before. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readImmichSchema } from '../../src/immich/schema.ts';
import { connect, type Connection, disconnect, type Sql } from '../../src/postgres/connect.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import type { Tools, View } from '../../src/share/cycle/tools.ts';
import { applyOrphans, type OrphanPlan, planOrphans } from '../../src/share/phases/orphans.ts';
import { withSharing } from '../../src/share/share.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { World } from './world.ts';

const RELEASE = 'v3.3.0';

Deno.test('after an unshare the native shares of people, and those people, are as they were', async () => {
  await using world = await World.open(RELEASE, { sameClusterGroup: true });
  await world.share();
  const shared = await shareNatively(world.sql, await mirroredPeople(world), 'alice', 'bob', world);
  assert.ok(shared > 2);
  const before = await peopleOf(world, 'bob');
  await unshare(world);
  assert.equal(await countShares(world.sql), shared);
  assert.deepEqual(await peopleOf(world, 'bob'), before);
  for (const { thumbnailPath } of before) assert.ok(thumbnailPath === '' || existsSync(world.local(thumbnailPath)));
  const [left] = await world.sql`SELECT (SELECT count(*) FROM immich_sidecar.person_map) +
    (SELECT count(*) FROM immich_sidecar.link) AS rows`;
  assert.equal(Number(left?.['rows']), 0);
});

for (const isShared of [true, false]) {
  Deno.test(`a cycle after all photos of somebody were locked ${isShared ? 'leaves them if they are shared natively' : 'removes them otherwise'}`, async () => {
    await using world = await World.open(RELEASE, { sameClusterGroup: true });
    await world.share();
    const [somebody] = await mirroredPeople(world);
    assert.ok(somebody);
    if (isShared) await shareNatively(world.sql, [somebody], 'alice', 'bob', world);
    const before = await personOf(world, 'bob', somebody);
    await lockPhotosOf(world, somebody);
    await world.share();
    assert.deepEqual(await personOf(world, 'bob', somebody), isShared ? before : undefined);
    assert.equal(await countShares(world.sql), isShared ? 1 : 0);
    assert.equal(before?.thumbnailPath !== '' && existsSync(world.local(before?.thumbnailPath ?? '')), isShared);
  });
}

Deno.test('who is shared natively is not changed by us any more, also when that share has ended', async () => {
  await using world = await World.open(RELEASE, { sameClusterGroup: true });
  await world.share();
  const [somebody] = await mirroredPeople(world);
  assert.ok(somebody);
  await shareNatively(world.sql, [somebody], 'alice', 'bob', world);
  const before = await personOf(world, 'bob', somebody);
  const alice = world.library.users.alice.id;
  const rename = (name: string) =>
    world.sql`
      UPDATE person
      SET name = ${name}, "birthDate" = '1999-01-01', "isHidden" = NOT "isHidden", "faceAssetId" = NULL
      WHERE "ownerId" = ${alice} AND "personGroupId" = ${somebody}`;
  await rename('While shared');
  await world.share();
  await world.sql`DELETE FROM person_user`;
  await rename('Afterwards');
  await world.share();
  assert.deepEqual(await personOf(world, 'bob', somebody), before);
});

Deno.test('a person whom Bob passes on stays with him, and Carol keeps hers; the cut-out of a locked photo goes', async () => {
  await using world = await World.open(RELEASE);
  const { sql, library: { users } } = world;
  await world.share();
  const [mirror] = await sql<{ id: string; origin: string }[]>`
    SELECT pm.mirror_person_id AS id, pm.origin_person_id AS origin
    FROM immich_sidecar.person_map pm
    JOIN person p ON p."personGroupId" = pm.mirror_person_id AND p."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${users.bob.id} AND pm.cover_face_id IS NOT NULL AND p."thumbnailPath" <> ''
    LIMIT 1`;
  assert.ok(mirror);
  await sql`UPDATE "user" SET "clusterGroupId" = (SELECT "clusterGroupId" FROM "user" WHERE id = ${users.bob.id})
    WHERE id = ${users.carol.id}`;
  await shareNatively(sql, [mirror.id], 'bob', 'carol', world);
  const before = await personOf(world, 'bob', mirror.id);
  await lockPhotosOf(world, mirror.origin);
  await world.share();
  assert.equal(await countShares(sql), 1);
  assert.deepEqual(await personOf(world, 'bob', mirror.id), { ...before, thumbnailPath: '' });
  assert.ok(!existsSync(world.local(before?.thumbnailPath ?? '')));
  assert.equal((await personOf(world, 'carol', mirror.id))?.name, before?.name);
  await unshare(world);
  assert.equal(await countShares(sql), 1);
  assert.equal((await personOf(world, 'bob', mirror.id))?.name, before?.name);
});

Deno.test('a native share that is being made while its person is to be removed keeps both', async () => {
  await using world = await World.open(RELEASE, { sameClusterGroup: true });
  const { somebody, orphans } = await orphanOf(world);
  const immich = await connect(world.db.superuser);
  try {
    let removal: Promise<void> | undefined;
    await immich.begin(async (tx) => {
      await shareNatively(tx, [somebody], 'alice', 'bob', world);
      removal = remove(world, orphans);
      await isWaiting(immich, 1);
    });
    await removal;
  } finally {
    await disconnect(immich);
  }
  assert.equal(await countShares(world.sql), 1);
  assert.ok(await personOf(world, 'bob', somebody));
});

Deno.test('a native share that comes while its person is being removed waits, and makes a person of its own', async () => {
  await using world = await World.open(RELEASE, { sameClusterGroup: true });
  const { somebody, orphans } = await orphanOf(world);
  const { sql } = world;
  // The removal stops where it has locked and looked already.
  await sql.unsafe(`
      CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock(7210100); RETURN OLD; END $$;
      CREATE TRIGGER hold BEFORE DELETE ON person FOR EACH ROW EXECUTE FUNCTION hold();`);
  const [holder, immich] = [await connect(world.db.superuser), await connect(world.db.superuser)];
  try {
    let work: Promise<unknown>[] = [];
    await holder.begin(async (tx) => {
      await tx`SELECT pg_advisory_xact_lock(7210100)`;
      const removal = remove(world, orphans);
      await isWaiting(holder, 1);
      const share = shareNatively(immich, [somebody], 'alice', 'bob', world);
      await isWaiting(holder, 2);
      work = [removal, share];
    });
    await Promise.all(work);
  } finally {
    await disconnect(holder);
    await disconnect(immich);
  }
  assert.equal(await countShares(sql), 1);
  assert.ok(await personOf(world, 'bob', somebody));
});

/** Somebody whom Bob has through sharing and who is on no photo of his any more, and the plan that says so. */
async function orphanOf(world: World): Promise<{ somebody: string; orphans: readonly OrphanPlan[] }> {
  await world.share();
  const [somebody = ''] = await mirroredPeople(world);
  const { sql, library: { users } } = world;
  await sql`
    DELETE FROM asset_face
    WHERE "personGroupId" = ${somebody} AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${users.bob.id})`;
  const view = { sql, schema: await readImmichSchema(sql), limits: LIMITS };
  const orphans = (await Array.fromAsync(planOrphans(view, users.bob.id))).flat();
  assert.deepEqual(orphans.map(({ mirrorPersonId }) => mirrorPersonId), [somebody]);
  return { somebody, orphans };
}

async function remove(world: World, orphans: readonly OrphanPlan[]): Promise<void> {
  await applying(world, async (tools) => {
    await applyOrphans(tools, world.library.users.bob.id, orphans, (problem) => assert.fail(problem.what));
  });
}

interface Person {
  readonly id: string;
  readonly name: string;
  readonly thumbnailPath: string;
}

/** What a user has of people, but for the cover face, which goes with its photo. */
async function peopleOf(world: World, user: 'bob' | 'carol'): Promise<Person[]> {
  const rows = await world.sql<Person[]>`
    SELECT "personGroupId" AS id, name, "birthDate", "isHidden", "isFavorite", color, "thumbnailPath"
    FROM person
    WHERE "ownerId" = ${world.library.users[user].id}
    ORDER BY id`;
  return rows.map((row) => ({ ...row }));
}

async function personOf(world: World, user: 'bob' | 'carol', id: string): Promise<Person | undefined> {
  return (await peopleOf(world, user)).find((person) => person.id === id);
}

/** The people whom Bob has through sharing, those with a thumbnail first. */
async function mirroredPeople({ sql, library }: World): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT pm.mirror_person_id AS id
    FROM immich_sidecar.person_map pm
    JOIN person p ON p."personGroupId" = pm.mirror_person_id AND p."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${library.users.bob.id} AND pm.is_ours
    ORDER BY p."thumbnailPath" = '', id`;
  return rows.map(({ id }) => id);
}

async function shareNatively(
  sql: Sql,
  ids: readonly string[],
  from: 'alice' | 'bob',
  to: 'bob' | 'carol',
  { library: { users } }: World,
): Promise<number> {
  const rows = await sql`
    INSERT INTO person_user ("personGroupId", "sharedById", "sharedWithId", role)
    SELECT id, ${users[from].id}, ${users[to].id}, 'read' FROM unnest(${ids as string[]}::uuid[]) AS id`;
  return rows.count;
}

async function countShares(sql: Sql): Promise<number> {
  return (await sql`SELECT FROM person_user`).length;
}

async function lockPhotosOf({ sql }: World, person: string): Promise<void> {
  await sql`
    UPDATE asset SET visibility = 'locked'
    WHERE id IN (
      SELECT f."assetId" FROM asset_face f
      JOIN asset a ON a.id = f."assetId"
      WHERE f."personGroupId" = ${person}
        AND NOT EXISTS (SELECT FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = a.id))`;
}

/** Returns once so many sessions of this database wait for a lock. */
async function isWaiting(sql: Connection, sessions: number): Promise<void> {
  for (;;) {
    const rows = await sql`
      SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    if (rows.length >= sessions) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function unshare(world: World): Promise<void> {
  await applying(world, async (tools, view) => {
    await applyUnshare(tools, await planUnshare(view.sql, view, {}), () => {});
  });
}

async function applying(world: World, work: (tools: Tools, view: View) => Promise<void>): Promise<void> {
  const sql = await connect(world.db.config);
  try {
    await withSharing(sql, world.config, 'test', (sharing) => sharing.apply(work));
  } finally {
    await disconnect(sql);
  }
}
