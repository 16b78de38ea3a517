import assert from 'node:assert/strict';
import { jobsOf } from '../../../src/demo/jobs.ts';
import { readConflicts, type Side } from '../../../src/share/both_ways/conflicts.ts';
import { readMergeProposals } from '../../../src/share/both_ways/merges.ts';
import { decideConflicts, settleConflicts } from '../../../src/share/both_ways/resolve.ts';
import { applyUndoMerge, planUndoMerge } from '../../../src/share/both_ways/undo_merge.ts';
import { countDecisions } from '../../../src/share/both_ways/count.ts';
import { confirmCorrections, readWaitingJobs } from '../../../src/share/both_ways/waiting.ts';
import { describeWaiting } from '../../../src/share/both_ways/words.ts';
import type { CycleReport } from '../../../src/share/cycle/report.ts';
import { type Release, REPRESENTATIVE } from '../../harness/database.ts';
import { World } from '../world.ts';

const DORA = 'alice/dora';

/** Alice has not named Dora, who is on shared photos. */
async function openUnnamed(
  release: Release,
  { withCarol = false, isOn = true, inOneGroup = false } = {},
): Promise<World> {
  const world = await World.open(release);
  const { alice, bob, carol } = world.library.users;
  if (inOneGroup) {
    await world.sql`
      UPDATE "user" SET "clusterGroupId" = (SELECT "clusterGroupId" FROM "user" WHERE id = ${alice.id})
      WHERE id IN (${bob.id}, ${carol.id})`;
  }
  if (withCarol) world.setJobs([...world.config.jobs, ...jobsOf(world.library, 'carol')]);
  await say(world, 'alice', { name: '', birthDate: null });
  if (isOn) goPeopleBothWays(world);
  await world.share();
  return world;
}

function goPeopleBothWays(world: World): void {
  world.setJobs(world.config.jobs.map((job) => ({ ...job, bothWays: ['people' as const] })));
}

interface Said {
  readonly name: string;
  readonly birthDate: string | null;
}

type User = 'alice' | 'bob' | 'carol';

/** The id by which somebody has Dora. */
async function doraOf({ sql, library }: World, user: User): Promise<string> {
  const origin = library.people[DORA].id;
  if (user === 'alice') return origin;
  const [row] = await sql<{ id: string }[]>`
    SELECT mirror_person_id AS id
    FROM immich_sidecar.person_map
    WHERE origin_person_id = ${origin} AND target_user_id = ${library.users[user].id}`;
  return row?.id ?? assert.fail();
}

async function say(world: World, user: User, said: Partial<Said>): Promise<void> {
  const { sql, library, people: { personKey } } = world;
  await sql`
    UPDATE person
    SET ${sql(said as Record<string, string | null>, ...Object.keys(said))}
    WHERE ${sql(personKey)} = ${await doraOf(world, user)} AND "ownerId" = ${library.users[user].id}`;
}

async function saidBy(world: World, user: User): Promise<Said> {
  const { sql, library, people: { personKey } } = world;
  const [row] = await sql<Said[]>`
    SELECT name, "birthDate"::text
    FROM person
    WHERE ${sql(personKey)} = ${await doraOf(world, user)} AND "ownerId" = ${library.users[user].id}`;
  return { ...row ?? assert.fail() };
}

async function corrected(cycle: Promise<CycleReport>): Promise<number> {
  const { jobs } = await cycle;
  assert.deepEqual(jobs.flatMap(({ problems }) => problems), []);
  return jobs.reduce((sum, { peopleCorrected }) => sum + peopleCorrected, 0);
}

/** Names alone are no news that a process notes as seen (KeptMark), so it is never idle. */
async function cycles(world: World): Promise<void> {
  for (let cycle = 0; cycle < 2; cycle++) await corrected(world.share({ isFull: false }));
}

const GRANDMA: Said = { name: 'Grandma', birthDate: '1931-05-06' };

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: whom a receiver names is named for the owner, and for the others, with the birth date that they add`, async () => {
    await using world = await openUnnamed(release, { withCarol: true });
    await say(world, 'bob', GRANDMA);
    assert.equal(await corrected(world.share({ isFull: false })), 2);
    await world.share({ isFull: false });
    for (const user of ['alice', 'bob', 'carol'] as const) assert.deepEqual(await saidBy(world, user), GRANDMA, user);
    await cycles(world);
    assert.equal((await world.plan()).hasChanges, false, 'no echo');

    // From now on she has a name: another one is for a person to decide.
    await say(world, 'bob', { name: 'Granny' });
    assert.equal(await corrected(world.share({ isFull: false })), 0);
    assert.deepEqual([(await saidBy(world, 'alice')).name, (await saidBy(world, 'bob')).name], ['Grandma', 'Granny']);
    await say(world, 'alice', { name: 'Dora' });
    await cycles(world);
    assert.deepEqual([(await saidBy(world, 'bob')).name, (await saidBy(world, 'carol')).name], ['Granny', 'Dora']);
  });
}

Deno.test('without both_ways an owner hears of no name; what is there when it begins waits for a person', async () => {
  await using world = await openUnnamed('v3.1.0', { isOn: false });
  await say(world, 'bob', GRANDMA);
  await world.share();
  assert.equal((await saidBy(world, 'alice')).name, '');
  goPeopleBothWays(world);
  assert.equal(await corrected(world.share()), 0);
  assert.equal(await corrected(world.share({ isFull: false })), 0);
  const [way] = await readWaitingJobs(world.sql);
  assert.ok(way);
  const said = describeWaiting(way);
  assert.match(said, /: 1 person would get what recipients have changed/);
  const job = /--job "(.*)"$/.exec(said)?.[1] ?? '';
  assert.ok(world.config.jobs.some(({ name }) => name === job), 'what is to be written to confirm it');
  const counts = await world.apply((_, view) => countDecisions(view.sql, view));
  assert.deepEqual(counts.get(job), { conflicts: 0, waiting: 1 });
  const [waiting, ...others] = await confirmCorrections(world.sql, job);
  assert.deepEqual([waiting?.photos, others.length], [1, 0]);
  assert.equal(await corrected(world.share({ isFull: false })), 2);
  assert.deepEqual(await saidBy(world, 'alice'), GRANDMA);
});

Deno.test('no name moves of somebody without a face on a shared photo', async () => {
  await using world = await openUnnamed('v3.1.0');
  const { sql, library, people: { faceKey } } = world;
  const other = await world.insertPerson('bob', 'Somebody else');
  const dora = await doraOf(world, 'bob');
  await sql`
    UPDATE asset_face SET ${sql(faceKey)} = ${other}
    WHERE ${sql(faceKey)} = ${dora}
      AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${library.users.bob.id})`;
  await say(world, 'bob', GRANDMA);
  assert.equal(await corrected(world.share()), 0);
  assert.deepEqual(await saidBy(world, 'alice'), { name: '', birthDate: null });
});

Deno.test('no name moves of somebody whom the receiver sees on photos only that they have locked', async () => {
  await using world = await openUnnamed('v3.1.0');
  const { sql, library, people: { faceKey } } = world;
  const faces = sql`SELECT "assetId" FROM asset_face WHERE ${sql(faceKey)} = ${await doraOf(world, 'bob')}`;
  await sql`UPDATE asset SET visibility = 'locked' WHERE "ownerId" = ${library.users.bob.id} AND id IN (${faces})`;
  await say(world, 'bob', GRANDMA);
  assert.equal(await corrected(world.share()), 0);
  assert.deepEqual(await saidBy(world, 'alice'), { name: '', birthDate: null });
});

Deno.test('another name is decided by a person, and what was written is undone where nobody has changed it since', async () => {
  await using world = await openUnnamed('v3.1.0');
  await say(world, 'bob', GRANDMA);
  await world.share({ isFull: false });
  assert.deepEqual(await saidBy(world, 'alice'), GRANDMA);

  const undo = () =>
    world.apply(async (tools) => {
      const { sql } = tools.database;
      return await applyUndoMerge(tools, await planUndoMerge(sql, tools.schema, {}));
    });
  await say(world, 'alice', { birthDate: '1930-01-01' });
  await cycles(world);
  assert.equal((await undo()).undone, 1);
  await cycles(world);
  assert.deepEqual(await saidBy(world, 'alice'), { name: '', birthDate: '1930-01-01' });
  assert.deepEqual(await saidBy(world, 'bob'), { name: 'Grandma', birthDate: '1930-01-01' }, 'what Bob says stays');
  assert.deepEqual(await conflicts(world), ['personName base-unknown']);
  await decide(world, 'target');
  await cycles(world);
  assert.equal((await saidBy(world, 'alice')).name, 'Grandma');

  await say(world, 'bob', { name: 'Granny' });
  await cycles(world);
  assert.deepEqual(await conflicts(world), ['personName both-changed']);
  await decide(world, 'source');
  await cycles(world);
  assert.equal((await saidBy(world, 'bob')).name, 'Grandma');
  assert.deepEqual(await conflicts(world), []);
  await say(world, 'alice', { name: 'Dora' });
  await cycles(world);
  assert.equal((await saidBy(world, 'bob')).name, 'Dora', 'and goes on as before');
});

Deno.test('two receivers who name somebody differently in one cycle contradict: neither is taken', async () => {
  await using world = await openUnnamed('v3.1.0', { withCarol: true });
  await say(world, 'bob', { name: 'Grandma' });
  await say(world, 'carol', { name: 'Granny' });
  await cycles(world);
  assert.deepEqual(
    [(await saidBy(world, 'alice')).name, (await saidBy(world, 'bob')).name, (await saidBy(world, 'carol')).name],
    ['', 'Grandma', 'Granny'],
  );
  assert.deepEqual(await conflicts(world), ['personName recipients-differ', 'personName recipients-differ']);
});

Deno.test('in one cluster group, where somebody has the same id with everybody, what each receiver says is a conflict of its own, and one is decided without the other', async () => {
  await using world = await openUnnamed('v3.3.0', { withCarol: true, inOneGroup: true });
  assert.equal(await doraOf(world, 'bob'), await doraOf(world, 'carol'));
  await say(world, 'alice', { name: 'Dora' });
  await cycles(world);
  for (const user of ['bob', 'carol'] as const) await say(world, user, { name: 'Granny' });
  await cycles(world);
  assert.deepEqual(await conflicts(world), ['personName both-changed', 'personName both-changed']);
  await world.apply(async ({ schema }, view) => {
    const { id } = world.library.users.bob;
    const [ofBob] = (await readConflicts(view.sql, view)).filter(({ targetUserId }) => targetUserId === id);
    assert.ok(ofBob);
    assert.equal(await settleConflicts(world.sql, schema, [{ ...ofBob, lost: 'target' }]), 1);
  });
  await cycles(world);
  assert.deepEqual(
    [(await saidBy(world, 'alice')).name, (await saidBy(world, 'bob')).name, (await saidBy(world, 'carol')).name],
    ['Dora', 'Dora', 'Granny'],
  );
  assert.deepEqual(await conflicts(world), ['personName both-changed']);
});

Deno.test('what several receivers name in one cycle is braked together', async () => {
  await using world = await openUnnamed('v3.1.0', { withCarol: true });
  world.config = { ...world.config, brake: { percent: 20, minimum: 1 } };
  const { sql, library, people: { personKey } } = world;
  const gustav = library.people['alice/gustav'].id;
  await sql`UPDATE person SET name = '' WHERE ${sql(personKey)} = ${gustav} AND "ownerId" = ${library.users.alice.id}`;
  await cycles(world);
  await say(world, 'bob', { name: 'Grandma' });
  await sql`
    UPDATE person p SET name = 'Grandpa'
    FROM immich_sidecar.person_map pm
    WHERE p.${sql(personKey)} = pm.mirror_person_id
      AND pm.origin_person_id = ${gustav}
      AND p."ownerId" = ${library.users.carol.id}
      AND pm.target_user_id = p."ownerId"`;
  assert.equal(await corrected(world.share({ isFull: false })), 1);
});

Deno.test('whom a receiver has merged is proposed, and nobody is merged', async () => {
  await using world = await openUnnamed('v3.1.0');
  const { sql, library, people: { faceKey, personKey } } = world;
  const [dora, gustav] = [await doraOf(world, 'bob'), library.people['alice/gustav'].id];
  const [other] = await sql<{ id: string }[]>`
    SELECT mirror_person_id AS id
    FROM immich_sidecar.person_map
    WHERE origin_person_id = ${gustav} AND target_user_id = ${library.users.bob.id}`;
  const ofBob = sql`"assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${library.users.bob.id})`;
  await sql`UPDATE asset_face SET ${sql(faceKey)} = ${dora} WHERE ${sql(faceKey)} = ${other?.id ?? null} AND ${ofBob}`;
  await sql`DELETE FROM person WHERE ${sql(personKey)} = ${other?.id ?? null} AND "ownerId" = ${library.users.bob.id}`;
  await say(world, 'bob', { name: 'Dora' });
  await world.share();
  const [proposal, ...others] = await world.apply(({ schema }, view) =>
    readMergeProposals(view.sql, schema, view.jobs)
  );
  assert.deepEqual(others, []);
  assert.deepEqual(proposal?.people.map(({ id }) => id).toSorted(), [library.people[DORA].id, gustav].toSorted());
  const rows = await sql`SELECT FROM person WHERE ${sql(personKey)} IN (${gustav}, ${
    library.people[DORA].id
  }) AND "ownerId" = ${library.users.alice.id}`;
  assert.equal(rows.length, 2);
});

async function conflicts(world: World): Promise<string[]> {
  const found = await world.apply((_, view) => readConflicts(view.sql, view));
  return found.map(({ field, because }) => `${field} ${because}`);
}

async function decide(world: World, take: Side): Promise<void> {
  await world.apply(async ({ schema }, view) => {
    const decided = decideConflicts(await readConflicts(view.sql, view), {
      photo: 'Dora',
      fields: [],
      job: undefined,
      take,
    });
    assert.equal(await settleConflicts(world.sql, schema, decided), 1);
  });
}
