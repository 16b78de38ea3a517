import assert from 'node:assert/strict';
import fc from '../harness/drawing.ts';
import {
  type BrakeFacts,
  decideBrakes,
  HELD,
  isHeld,
  type JobWithdrawals,
  suspects,
} from '../../src/share/brake/brake.ts';
import { confirmBrakes, readBrakes } from '../../src/share/brake/remembered.ts';
import { describeBrake } from '../../src/share/brake/words.ts';
import type { WithdrawReason } from '../../src/share/cycle/outcome.ts';
import { withSharing } from '../../src/share/share.ts';
import { countReasons, type Withdrawal } from '../../src/share/mirrors/withdrawal.ts';
import { connect } from '../../src/postgres/connect.ts';
import { everything } from '../cli/everything.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables } from './snapshot.ts';
import { redirected } from './redirected.ts';
import { World } from './world.ts';

const DEFAULT = { percent: 20, minimum: 50 };

/** So many withdrawals of one job, for one reason. */
function some(count: number, reason: WithdrawReason, jobName = 'a'): Withdrawal[] {
  return Array.from({ length: count }, () => ({
    mirrorAssetId: crypto.randomUUID(),
    sourceAssetId: crypto.randomUUID(),
    targetUserId: 'bob',
    jobName,
    reason,
  }));
}

function countedByJob(found: readonly Withdrawal[]): JobWithdrawals[] {
  return [...Map.groupBy(found, ({ jobName }) => jobName)].map(([job, ofJob]) => ({
    job,
    reasons: countReasons(ofJob),
  }));
}

function facts(mirrors: number, more: Partial<BrakeFacts> = {}): BrakeFacts {
  return {
    settings: DEFAULT,
    mirrors: new Map([['a', mirrors]]),
    confirmed: new Map(),
    configured: new Set(['a']),
    on: new Set(),
    ...more,
  };
}

const CASES: readonly (readonly [what: string, found: Withdrawal[], facts: BrakeFacts, kept: number])[] = [
  ['as many as always may', some(50, 'source-deleted'), facts(60), 0],
  ['one more than that', some(51, 'source-deleted'), facts(60), 51],
  ['a share that is allowed', some(200, 'source-trashed'), facts(1_000), 0],
  ['one more than the share', some(201, 'source-trashed'), facts(1_000), 201],
  ['reasons add up', [...some(40, 'source-offline'), ...some(11, 'not-selected')], facts(100), 51],
  ['everything of a small job', some(10, 'source-offline'), facts(10), 10],
  ['everything of a very small job', some(9, 'source-offline'), facts(9), 0],
  ['all but one of a small job', some(10, 'source-offline'), facts(11), 0],
  [
    'everything, one of it for another reason',
    [...some(10, 'source-offline'), ...some(1, 'target-trashed')],
    facts(11),
    10,
  ],
  ['a small job taken out of the configuration', some(30, 'not-selected'), facts(30, { configured: new Set() }), 0],
  ['a big job taken out of the configuration', some(51, 'not-selected'), facts(51, { configured: new Set() }), 51],
  [
    'a small job of another name whose disk is gone',
    some(30, 'source-offline'),
    facts(30, { configured: new Set() }),
    30,
  ],
  ['locked photos', some(900, 'source-locked'), facts(900), 0],
  ['what the target has trashed', some(900, 'target-trashed'), facts(900), 0],
  ['what is gone from the account of the target past its trash', some(51, 'target-deleted'), facts(60), 51],
  ['a restored backup', some(900, 'mirror-lost'), facts(900), 0],
  ['what was confirmed', some(300, 'source-deleted'), facts(300, { confirmed: new Map([['a', 300]]) }), 0],
  ['a tenth more than was confirmed', some(330, 'source-deleted'), facts(400, { confirmed: new Map([['a', 300]]) }), 0],
  ['more than that', some(331, 'source-deleted'), facts(400, { confirmed: new Map([['a', 300]]) }), 331],
  [
    'a brake that is on, of a job that has one new mirror',
    some(12, 'source-offline'),
    facts(13, { on: new Set(['a']) }),
    12,
  ],
  ['a brake that is on, of which little is left', some(1, 'source-trashed'), facts(900, { on: new Set(['a']) }), 1],
  ['the brake of another job', some(1, 'source-trashed'), facts(900, { on: new Set(['b']) }), 0],
  ['private things of a job whose brake is on', some(3, 'source-locked'), facts(900, { on: new Set(['a']) }), 0],
  [
    'a brake that is on, and confirmed',
    some(12, 'source-offline'),
    facts(13, { on: new Set(['a']), confirmed: new Map([['a', 12]]) }),
    0,
  ],
  ['confirmed for another job', some(300, 'source-deleted'), facts(300, { confirmed: new Map([['b', 300]]) }), 300],
];

for (const [what, found, known, kept] of CASES) {
  Deno.test(`brake: ${what}: ${kept} of ${found.length} are kept`, () => {
    const brakes = decideBrakes(countedByJob(found), known);
    assert.equal(brakes.reduce((sum, { mirrors }) => sum + mirrors, 0), kept);
    if (kept > 0) assert.deepEqual(suspects(countedByJob(found), known), ['a'], 'its mirrors are counted');
  });
}

Deno.test('brake: whatever is found, each is made or kept, private things go, and no job loses more than it may', () => {
  const reasons: WithdrawReason[] = [
    'source-deleted',
    'not-selected',
    'source-locked',
    'target-trashed',
    'target-deleted',
    'mirror-lost',
  ];
  const group = fc.record({
    job: fc.constantFrom('a', 'b', 'c'),
    reason: fc.constantFrom(...reasons),
    count: fc.nat(120),
  });
  fc.assert(fc.property(
    fc.array(group, { maxLength: 8 }),
    fc.record({ percent: fc.nat(100), minimum: fc.nat(60) }),
    (groups, settings) => {
      const found = groups.flatMap(({ job, reason, count }) => some(count, reason, job));
      const mirrors = new Map(
        ['a', 'b', 'c'].map((job) => [job, 100 + found.filter(({ jobName }) => jobName === job).length]),
      );
      const on = new Set<string>();
      const counted = new Map(
        suspects(countedByJob(found), { settings, on }).map((job) => [job, mirrors.get(job) ?? 0]),
      );
      const brakes = decideBrakes(countedByJob(found), {
        settings,
        mirrors: counted,
        confirmed: new Map(),
        configured: new Set(['a', 'b']),
        on,
      });
      const braked = new Set(brakes.map(({ job }) => job));
      const withdrawals = found.filter(({ jobName, reason }) => !braked.has(jobName) || !isHeld(reason));
      for (const { job, mirrors, reasons } of brakes) {
        const kept = found.filter((item) => item.jobName === job && !withdrawals.includes(item));
        assert.deepEqual([kept.length, countReasons(kept)], [mirrors, reasons]);
        assert.ok(kept.every(({ reason }) => HELD.has(reason)));
      }
      for (const [job, total] of mirrors) {
        const going = withdrawals.filter(({ jobName, reason }) => jobName === job && HELD.has(reason));
        assert.ok(going.length <= Math.max(settings.minimum, total * settings.percent / 100));
      }
    },
  ));
});

/** What can befall all of Alice's family pictures at once. */
const DISASTERS: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  'source-offline': ({ sql, library }) =>
    sql`
      UPDATE asset SET "isOffline" = true, "deletedAt" = now() - interval '25 hours'
      WHERE "ownerId" = ${library.users.alice.id} AND "libraryId" IS NOT NULL`,
  'source-trashed': ({ sql, library }) =>
    sql`
      UPDATE asset SET "deletedAt" = now(), status = 'trashed'
      WHERE "ownerId" = ${library.users.alice.id} AND "libraryId" IS NOT NULL`,
  'source-deleted': async ({ sql, library }) => {
    const { id } = library.users.alice;
    await sql`
      DELETE FROM stack
      WHERE id IN (SELECT "stackId" FROM asset WHERE "ownerId" = ${id} AND "libraryId" IS NOT NULL)`;
    await sql`DELETE FROM asset WHERE "ownerId" = ${id} AND "libraryId" IS NOT NULL`;
  },
  'not-selected': (world) => {
    const [family, ...others] = world.config.jobs;
    assert.ok(family);
    world.setJobs([{ ...family, sourcePathPrefix: '/external_library/alice/famly/' }, ...others]);
    return Promise.resolve();
  },
};

for (const release of REPRESENTATIVE) {
  for (const [reason, disaster] of Object.entries(DISASTERS)) {
    Deno.test(`${release}: ${reason} for all photos of a job at once: nothing of Bob's changes until it is confirmed`, async () => {
      await using world = await World.open(release);
      await world.share();
      const family = await mirrorsOf(world, 'family to bob');
      assert.ok(family >= 10, 'the default brake sees it');
      await disaster(world);
      const before = await bobs(world);
      for (const round of ['first', 'second']) {
        const rows = await digestTables(world.sql);
        const report = await world.share();
        const counts = Object.values(report.jobs[0]?.braked ?? {}).reduce((sum, count) => sum + count, 0);
        assert.equal(counts, family, round);
        assert.ok(Object.keys(report.jobs[0]?.braked ?? {}).includes(reason), JSON.stringify(report.jobs[0]?.braked));
        assert.deepEqual(report.jobs[0]?.withdrawn, {});
        assert.equal(report.complete, false);
        assert.deepEqual(await bobs(world), before, round);
        if (round === 'second') assert.deepEqual(await digestTables(world.sql), rows, 'not a row changes again');
      }
      const [brake] = await readBrakes(world.sql);
      assert.deepEqual([brake?.job, brake?.mirrors, brake?.total], ['family to bob', family, family]);

      await confirmBrakes(world.sql, undefined);
      const report = await world.share();
      assert.deepEqual([report.brakes, report.complete], [[], true]);
      assert.equal(await mirrorsOf(world, 'family to bob'), 0);
      assert.deepEqual(await brakedJobs(world), []);
    });
  }
}

Deno.test('a disk that comes back releases the brake, and no mirror has noticed anything', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const before = await bobs(world);
  const mirrors = await everything(world);
  await world.sql`
    UPDATE asset SET "isOffline" = true, "deletedAt" = now() - interval '25 hours'
    WHERE "ownerId" = ${world.library.users.alice.id} AND "libraryId" IS NOT NULL AND NOT "isOffline" AND "deletedAt" IS NULL`;
  assert.equal((await world.share()).brakes.length, 1);
  await world.sql`
    UPDATE asset SET "isOffline" = false, "deletedAt" = NULL
    WHERE "ownerId" = ${world.library.users.alice.id} AND "libraryId" IS NOT NULL AND "isOffline"
      AND id IN (SELECT source_asset_id FROM immich_sidecar.asset_map)`;
  const report = await world.share();
  assert.deepEqual(report.brakes, []);
  assert.deepEqual(await brakedJobs(world), []);
  assert.deepEqual(await bobs(world), before);
  assert.deepEqual((await everything(world)).files, mirrors.files);
});

Deno.test('a brake that is on does not let itself go when one new photo is shared, or some of the others come back', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql, library } = world;
  const family = await mirrorsOf(world, 'family to bob');
  assert.ok(family >= 10 && family <= 50, 'only that it is all of them puts the brake on');
  const late = world.id('family/wedding');
  await sql`UPDATE asset SET visibility = 'archive' WHERE id = ${late}`;
  await world.share();
  await sql`
    UPDATE asset SET "deletedAt" = now(), status = 'trashed'
    WHERE "ownerId" = ${library.users.alice.id} AND "libraryId" IS NOT NULL AND id <> ${late}`;
  assert.equal((await world.share()).brakes[0]?.mirrors, family - 1);
  await sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${late}`;
  const withNewPhoto = await world.share();
  assert.equal(withNewPhoto.jobs[0]?.created, 1);
  assert.equal((await world.share()).brakes[0]?.mirrors, family - 1);
  const [first, second] = await world.someMirrored();
  const restore = (ids: string[]) =>
    sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id = ANY (${ids}::uuid[])`;
  await restore([first, second]);
  const left = (await world.share()).brakes[0]?.mirrors ?? 0;
  assert.ok(left > 0 && left < family - 1, `${left} of ${family}`);
  assert.deepEqual((await world.share()).jobs[0]?.withdrawn, {});
  const rest = await sql<{ id: string }[]>`SELECT source_asset_id AS id FROM immich_sidecar.asset_map`;
  await restore(rest.map(({ id }) => id));
  const report = await world.share();
  assert.deepEqual([report.brakes, await brakedJobs(world), await mirrorsOf(world, 'family to bob')], [[], [], family]);
});

Deno.test('locked photos go while the brake is on, with their motion parts, and so does what Bob does not want', async () => {
  await using world = await World.open('v3.1.0');
  world.config = { ...world.config, brake: { percent: 0, minimum: 0 } };
  await world.share();
  const { sql } = world;
  const stills = await sql<{ id: string; motion: string }[]>`
    SELECT a.id, a."livePhotoVideoId" AS motion
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.source_asset_id
    WHERE a."livePhotoVideoId" IS NOT NULL`;
  assert.ok(stills.length > 1);
  const [locked, unwanted] = stills;
  assert.ok(locked && unwanted);
  await sql`UPDATE asset SET visibility = 'locked' WHERE id = ${locked.id}`;
  await sql`UPDATE asset SET "isOffline" = true, "deletedAt" = now() WHERE id = ${locked.motion}`;
  const unwantedMirror = await world.mirrorOfId(unwanted.id);
  await sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${unwantedMirror}`;
  await world.share();
  await sql`DELETE FROM asset WHERE id = ANY (${[unwantedMirror, await world.mirrorOfId(unwanted.motion)]}::uuid[])`;
  await sql`UPDATE asset SET visibility = 'archive' WHERE id = ${world.id('family/wedding')}`;
  const report = await world.share();
  assert.equal(report.brakes.length, 1);
  assert.deepEqual(report.brakes[0]?.reasons, { 'not-selected': 1 });
  const left = await sql`
    SELECT FROM immich_sidecar.asset_map
    WHERE source_asset_id = ANY (${[locked, unwanted].flatMap(({ id, motion }) => [id, motion])}::uuid[])`;
  assert.equal(left.length, 0);
  assert.ok(await world.mirrorOf('family/wedding'));
});

Deno.test('with a small BRAKE_MINIMUM a few withdrawals count against how many mirrors the job has', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const trash = (key: string) =>
    world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${world.id(key)}`;
  const withPercent = async (percent: number) => {
    world.config = { ...world.config, brake: { percent, minimum: 1 } };
    return await world.share();
  };
  const total = await mirrorsOf(world, 'family to bob');
  await trash('family/wedding');
  await trash('family/portrait');
  const held = await withPercent(1);
  assert.deepEqual(held.brakes.map(({ mirrors, total }) => ({ mirrors, total })), [{ mirrors: 2, total }]);
  await world
    .sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE "ownerId" = ${world.library.users.alice.id} AND status = 'trashed'
    AND id IN (${world.id('family/wedding')}, ${world.id('family/portrait')})`;
  assert.deepEqual((await withPercent(50)).brakes, []);
  await trash('family/wedding');
  await trash('family/portrait');
  const report = await withPercent(50);
  assert.deepEqual([report.brakes, report.jobs[0]?.withdrawn], [[], { 'source-trashed': 2 }]);
});

Deno.test('what was confirmed does not cover a bigger loss, and is asked for again', async () => {
  await using world = await World.open('v3.1.0');
  world.config = { ...world.config, brake: { percent: 0, minimum: 2 } };
  await world.share();
  const trash = (keys: string[]) =>
    world.sql`
      UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ANY (${
      keys.map((key) => world.id(key))
    }::uuid[])`;
  await trash(['family/wedding', 'family/portrait', 'family/picnic']);
  assert.equal((await world.share()).brakes[0]?.mirrors, 3);
  const confirmed = await confirmBrakes(world.sql, 'family to bob');
  assert.deepEqual(confirmed.map(({ mirrors }) => mirrors), [3]);
  await DISASTERS['source-offline']?.(world);
  const report = await world.share();
  assert.ok((report.brakes[0]?.mirrors ?? 0) > 3);
  assert.ok(
    await world.mirrorOf('family/wedding'),
    'not even what was confirmed is done, as it may be part of the accident',
  );
  assert.deepEqual((await readBrakes(world.sql)).map(({ confirmedAt }) => confirmedAt), [null]);
});

Deno.test('what could not be removed stays confirmed until it can, and only that', async () => {
  await using world = await World.open('v3.1.0');
  world.config = { ...world.config, brake: { percent: 0, minimum: 0 } };
  await world.share();
  const keys = ['family/wedding', 'family/portrait'];
  const path = world.local(await mirrorPath(world, 'family/wedding'));
  await world.sql`DELETE FROM asset WHERE id = ANY (${keys.map((key) => world.id(key))}::uuid[])`;
  await world.share();
  await confirmBrakes(world.sql, undefined);
  {
    using _ = redirected(path);
    const failed = await world.share();
    assert.deepEqual([failed.brakes, failed.jobs[0]?.withdrawn, failed.complete], [[], { 'source-deleted': 1 }, false]);
    assert.deepEqual((await readBrakes(world.sql)).map(({ mirrors }) => mirrors), [1]);
  }
  const report = await world.share();
  assert.deepEqual([report.jobs[0]?.withdrawn, await brakedJobs(world)], [{ 'source-deleted': 1 }, []]);
});

Deno.test('a cycle over changes keeps the brake on, and the next one sees that it was confirmed', async () => {
  await using world = await World.open('v3.1.0');
  const sql = await connect(world.config.database);
  try {
    await withSharing(sql, world.config, 'test', async (sharing) => {
      const cycle = () => sharing.cycle({ progress: SILENT });
      await cycle();
      await DISASTERS['source-trashed']?.(world);
      assert.equal((await cycle()).brakes.length, 1);
      const idle = await cycle();
      assert.deepEqual(
        [idle.brakes.length, idle.complete],
        [1, false],
        'nothing has changed since, and yet it is known',
      );
      await confirmBrakes(world.sql, undefined);
      assert.deepEqual((await cycle()).brakes, []);
      assert.equal(await mirrorsOf(world, 'family to bob'), 0);
      assert.equal((await cycle()).complete, true);
    });
  } finally {
    await sql.end();
  }
});

Deno.test('a source that was imported again under a new id, from another file, waits for the place of the mirror that the brake keeps', async () => {
  await using world = await World.open('v3.1.0');
  world.config = { ...world.config, brake: { percent: 0, minimum: 0 } };
  await world.share();
  const { sql } = world;
  const path = world.local(await mirrorPath(world, 'family/wedding'));
  const [original] = await sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${world.id('family/wedding')}`;
  const local = world.local(original?.path ?? '');
  await Deno.copyFile(local, `${local}.copy`);
  await Deno.rename(`${local}.copy`, local);
  // What Immich does when a library is removed and made anew: the same rows with new ids, and nothing of the old ones.
  const renewed = crypto.randomUUID();
  await sql.unsafe(
    `
    INSERT INTO asset
    SELECT (jsonb_populate_record(a, jsonb_build_object('id', $1::uuid, 'checksum', '\\x' || md5($1::text)))).*
    FROM asset a
    WHERE id = $2`,
    [renewed, world.id('family/wedding')],
  );
  for (const table of ['asset_exif', 'asset_job_status', 'smart_search']) {
    await sql`UPDATE ${sql(table)} SET "assetId" = ${renewed} WHERE "assetId" = ${world.id('family/wedding')}`;
  }
  await sql`UPDATE asset_file SET "assetId" = ${renewed} WHERE "assetId" = ${world.id('family/wedding')}`;
  await sql`DELETE FROM asset WHERE id = ${world.id('family/wedding')}`;

  const braked = await world.share();
  assert.deepEqual(braked.brakes[0]?.reasons, { 'source-deleted': 1 });
  assert.ok(Deno.lstatSync(path).isFile, 'the kept mirror keeps its file');
  const mirrorOfNew = async () =>
    (await sql`SELECT FROM immich_sidecar.asset_map WHERE source_asset_id = ${renewed}`).length;
  assert.equal(await mirrorOfNew(), 0);
  await confirmBrakes(sql, undefined);
  const report = await world.share();
  assert.deepEqual([report.jobs[0]?.withdrawn, report.jobs[0]?.created, report.complete], [
    { 'source-deleted': 1 },
    1,
    true,
  ]);
  assert.equal(await mirrorOfNew(), 1);
  assert.ok(Deno.lstatSync(path).isFile);
});

Deno.test('the message names the job, the numbers, the causes, an empty directory and the command', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await DISASTERS['source-offline']?.(world);
  const family = `${world.directory}/external/alice/family`;
  await Deno.rename(family, `${world.directory}/elsewhere`);
  Deno.mkdirSync(family);
  const [brake] = (await world.share()).brakes;
  assert.ok(brake);
  const text = describeBrake(brake);
  assert.match(text, /^"family to bob": \d+ of \d+ shared photos would be removed/);
  assert.match(text, /\d+ x not found by Immich; is a disk not mounted/);
  assert.ok(text.includes(`${JSON.stringify(family)} is empty or not there`));
  assert.match(text, /immich-sidecar sync --confirm-withdrawals --job "family to bob"$/);
  assert.doesNotMatch(text, /last copies/);
  // What Immich does with what it has not found for a month.
  await DISASTERS['source-deleted']?.(world);
  const [purged] = (await world.share()).brakes;
  assert.ok(purged);
  assert.match(
    describeBrake(purged),
    /may be the last copies.*kept list.*:\n {2}immich-sidecar unshare --keep --job "family to bob"\n/,
  );
});

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

async function brakedJobs({ sql }: World): Promise<string[]> {
  return (await readBrakes(sql)).map(({ job }) => job);
}

async function mirrorsOf(world: World, job: string): Promise<number> {
  const [row] = await world.sql<{ mirrors: number }[]>`
    SELECT count(*)::int AS mirrors FROM immich_sidecar.asset_map WHERE job_name = ${job}`;
  return row?.mirrors ?? 0;
}

async function mirrorPath(world: World, key: string): Promise<string> {
  const [row] = await world.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE id = ${await world.mirrorOf(key) ?? ''}`;
  return row?.path ?? '';
}

/**
 * What Bob has: his photos with their faces, and his people. Only a cover may change, when the source's own is gone with its
 * photo: whose face it showed is then not known.
 */
async function bobs({ sql, library, people }: World): Promise<unknown> {
  const bob = library.users.bob.id;
  const { personKey } = people;
  return {
    assets: await sql`SELECT * FROM asset WHERE "ownerId" = ${bob} ORDER BY id`,
    faces: await sql`
      SELECT f.* FROM asset_face f JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${bob} ORDER BY f.id`,
    people: await sql`
      SELECT ${sql(personKey)}, name, "isHidden", "birthDate", color FROM person WHERE "ownerId" = ${bob} ORDER BY 1`,
  };
}
