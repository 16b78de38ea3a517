import assert from 'node:assert/strict';
import { dirname } from 'node:path/posix';
import { generateBulk } from '../harness/bulk_library/bulk.ts';
import { UserError } from '../../src/errors.ts';
import { connect } from '../../src/postgres/connect.ts';
import {
  applyDedup,
  type DedupChoice,
  type DedupPlan,
  type DedupResult,
  planDedup,
} from '../../src/share/undo/dedup.ts';
import { applyForget, planForget } from '../../src/share/undo/forget.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { withSharing } from '../../src/share/share.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { everything } from '../cli/everything.ts';
import { variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { lockHolders, RunningProgram, until } from '../crash/process.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { snapshotOf } from './snapshot.ts';
import { redirected } from './redirected.ts';
import { World } from './world.ts';

/** Bob's own photos (see the library's specs); tests let them look like one of Alice's. */
const DOG = 'bob/dog';
const WALK = 'bob/walk';

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: what Bob has, too goes without a trace, is not shared again, and can be forgotten`, async () => {
    await using world = await World.open(release);
    await looksLike(world, DOG, { fileName: 'IMG_0100.jpeg', wallClock: '2023-07-16T23:59:59' });
    const before = await snapshotOf(world);
    await world.share();
    const mirrors = await mirrorsOf(world, ['family/live', 'family/live-video']);
    assert.equal(mirrors.length, 2);
    const plan = await look(world);
    assert.deepEqual(
      plan.duplicates.map(({ fileName, ownFileName, takenOn, isMotionPart }) => ({
        fileName,
        ownFileName,
        takenOn,
        isMotionPart,
      })),
      [
        { fileName: 'IMG_0100.mov', ownFileName: 'IMG_0100.jpeg', takenOn: '2023-07-16', isMotionPart: true },
        { fileName: 'IMG_0100.jpg', ownFileName: 'IMG_0100.jpeg', takenOn: '2023-07-16', isMotionPart: false },
      ],
    );
    const result = await dedup(world);
    assert.deepEqual(result, { ...plan.counts, problems: [] });
    assert.deepEqual(await mirrorsOf(world, ['family/live', 'family/live-video']), []);
    const [report] = (await world.share()).jobs;
    assert.equal(report?.created, 0);
    assert.equal(report?.standing?.skipped.duplicate, 2, 'with family/beach');
    assert.deepEqual((await look(world)).duplicates, []);

    await forget(world, ['family/live']);
    await world.share();
    assert.equal((await mirrorsOf(world, ['family/live', 'family/live-video'])).length, 2);
    assert.deepEqual((await look(world)).duplicates, [], 'somebody has said that he wants it');
    await unshareAll(world);
    assert.deepEqual(await snapshotOf(world), before);
  });
}

Deno.test('after dedup nothing is left that unshare would not find', async () => {
  await using world = await World.open('v3.1.0');
  await looksLike(world, DOG, { fileName: 'birthday.JPG', wallClock: '2023-12-31T01:02:03' });
  const before = await snapshotOf(world);
  await world.share();
  const { people } = await dedup(world);
  assert.ok(people > 0, 'the neighbour is on no other photo');
  await unshareAll(world);
  assert.deepEqual(await snapshotOf(world), before);
  const own = ['asset_map', 'face_map', 'person_map', 'link', 'album_entry'].map((table) => `immich_sidecar.${table}`);
  for (const table of [...own, 'immich_sidecar_stacks.stack_map']) {
    assert.equal((await world.sql`SELECT FROM ${world.sql(table)}`).length, 0, table);
  }
});

Deno.test('the day counts where the photo was taken, the name without extension and case', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const isFound = async (own: Appearance) => {
    await looksLike(world, DOG, own);
    return (await look(world)).duplicates.length === 1;
  };
  // family/harbour was taken at 20:45:10 in Rio, when it was the 16th already in UTC.
  assert.equal(await isFound({ fileName: 'HARBOUR.png', wallClock: '2023-07-15T00:00:00' }), true);
  assert.equal(await isFound({ fileName: 'HARBOUR.png', wallClock: '2023-07-16T00:00:00' }), false);
  assert.equal(await isFound({ fileName: 'harbour (1).jpg', wallClock: '2023-07-15T20:45:10' }), false);
  assert.equal(await isFound({ fileName: 'harbour.old.jpg', wallClock: '2023-07-15T20:45:10' }), false);
  assert.equal(await isFound({ fileName: 'harbour', wallClock: '2023-07-15T20:45:10' }), true);
  assert.equal(await isFound({ fileName: 'harbour.jpg', wallClock: null }), false, 'no capture time');
  const mirror = await world.mirrorOf('family/harbour');
  await world.sql`UPDATE asset SET "originalFileName" = ${'H\u00e4fen.jpg'} WHERE id = ${mirror ?? ''}`;
  assert.equal(
    await isFound({ fileName: 'ha\u0308fen.png', wallClock: '2023-07-15T00:00:00' }),
    true,
    'a Mac wrote it',
  );
});

Deno.test('with matchTime the instant counts, or the clock where one has no time zone', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const isFound = async (own: Appearance) => {
    await looksLike(world, DOG, { ...own, fileName: 'harbour.jpg' });
    return (await look(world, { matchTime: true })).duplicates.length === 1;
  };
  // 20:45:10-03:00
  assert.equal(
    await isFound({ wallClock: '2023-07-15T20:45:10', instant: '2023-07-15T23:45:10.9Z', zone: 'UTC-3' }),
    true,
  );
  assert.equal(
    await isFound({ wallClock: '2023-07-16T01:45:10', instant: '2023-07-15T23:45:10Z', zone: 'UTC+2' }),
    true,
  );
  assert.equal(
    await isFound({ wallClock: '2023-07-15T20:45:10', instant: '2023-07-15T18:45:10Z', zone: 'UTC+2' }),
    false,
  );
  assert.equal(await isFound({ wallClock: '2023-07-15T20:45:10', instant: '2023-07-15T20:45:10Z', zone: null }), true);
  assert.equal(await isFound({ wallClock: '2023-07-15T23:45:10', instant: '2023-07-15T23:45:10Z', zone: null }), false);
  assert.equal(await isFound({ wallClock: '2023-07-15T20:45:11', instant: '2023-07-15T20:45:11Z', zone: null }), false);
  // The mirror without a zone, Bob's own with one.
  const mirror = await world.mirrorOf('family/harbour');
  await world.sql`UPDATE asset_exif SET "timeZone" = NULL WHERE "assetId" = ${mirror ?? ''}`;
  assert.equal(
    await isFound({ wallClock: '2023-07-15T20:45:10', instant: '2023-07-15T18:45:10Z', zone: 'UTC+2' }),
    true,
  );
  assert.equal(
    await isFound({ wallClock: '2023-07-16T01:45:10', instant: '2023-07-15T23:45:10Z', zone: 'UTC+2' }),
    false,
  );
});

Deno.test("only Bob's own photos count: none that is trashed, offline, hidden, locked, a video, or in a library that we fill", async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql } = world;
  const own = world.id(DOG);
  await looksLike(world, DOG, { fileName: 'portrait.jpg', wallClock: '2023-06-03T09:15:00' });
  await looksLike(world, WALK, { fileName: 'picnic.mp4', wallClock: '2023-05-01T12:00:00' });
  const find = async () => (await look(world)).duplicates.map(({ fileName }) => fileName);
  assert.deepEqual(await find(), ['portrait.jpg']);
  const library = world.library.libraries.bobShared.id;
  for (
    const [change, back] of [
      [sql`"deletedAt" = now(), status = 'trashed'`, sql`"deletedAt" = NULL, status = 'active'`],
      [sql`"isOffline" = true`, sql`"isOffline" = false`],
      [sql`visibility = 'locked'`, sql`visibility = 'timeline'`],
      [sql`visibility = 'hidden'`, sql`visibility = 'timeline'`],
      [sql`"libraryId" = ${library}`, sql`"libraryId" = NULL`],
      [sql`"ownerId" = ${world.library.users.carol.id}`, sql`"ownerId" = ${world.library.users.bob.id}`],
    ] as const
  ) {
    await sql`UPDATE asset SET ${change} WHERE id = ${own}`;
    assert.deepEqual(await find(), []);
    await sql`UPDATE asset SET ${back} WHERE id = ${own}`;
    assert.deepEqual(await find(), ['portrait.jpg']);
  }
  await sql`UPDATE asset SET visibility = 'archive' WHERE id = ${own}`;
  assert.deepEqual(await find(), ['portrait.jpg']);
});

Deno.test('one job or one user only; a mistyped name is refused; looking changes nothing', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await looksLike(world, DOG, { fileName: 'portrait.jpg', wallClock: '2023-06-03T09:15:00' });
  const before = await everything(world);
  assert.equal((await look(world, { job: 'family to bob' })).duplicates.length, 1);
  assert.equal((await look(world, { job: 'uploads to bob' })).duplicates.length, 0);
  assert.equal((await look(world, { targetUserId: world.library.users.bob.id })).duplicates.length, 1);
  await assert.rejects(look(world, { job: 'famly' }), UserError);
  assert.deepEqual(await everything(world), before);
});

Deno.test('an own file beside the links stays, and so does a mirror whose file cannot be removed', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  await looksLike(world, DOG, { fileName: 'portrait.jpg', wallClock: '2023-06-03T09:15:00' });
  const mirror = await world.localMirrorPath(world.id('family/portrait'));
  Deno.writeTextFileSync(`${dirname(mirror)}/notes.txt`, 'mine');
  {
    using _ = redirected(mirror);
    const { problems } = await dedup(world);
    assert.equal(problems.length, 1);
    assert.ok(await world.mirrorOf('family/portrait'));
  }
  assert.deepEqual((await dedup(world)).problems, []);
  assert.equal(await world.mirrorOf('family/portrait'), undefined);
  assert.equal(Deno.readTextFileSync(`${dirname(mirror)}/notes.txt`), 'mine');
});

/** With the small library two batches. */
const BULK = LIMITS.batch + 100;

Deno.test({
  name: 'killed in the middle of many, dedup is run again and finishes',
  fn: async () => {
    await using world = await World.open('v3.1.0');
    await generateBulk(world.sql, {
      mediaLocation: '/data',
      localMedia: `${world.directory}/media`,
      externalRoot: '/external_library',
      localExternal: `${world.directory}/external`,
      assets: BULK,
      facesPerAsset: 1,
      people: 20,
    });
    const before = await snapshotOf(world);
    const own = await ownCopies(world);
    await world.share();
    await matchCopies(world, own);
    const { duplicates, counts: { mirrors } } = await look(world);
    assert.ok(mirrors >= BULK);
    using cwd = workingDirectory(world.config.jobs.map(yamlJob));
    const rest = async () => Number((await world.sql`SELECT count(*) FROM immich_sidecar.asset_map`)[0]?.['count']);
    const all = await rest();
    await world.sql.begin(async (tx) => {
      await tx`SELECT FROM asset WHERE id = ${duplicates.at(-1)?.mirrorAssetId ?? ''} FOR UPDATE`; // the program waits for it
      const program = RunningProgram.start(['dedup', '--yes'], { cwd: cwd.path, env: variablesOf(world) });
      await until('it has removed some', async () => await rest() < all);
      program.signal('SIGKILL');
      await program.ended();
    });
    await until('its session has ended', async () => (await lockHolders(world.sql)).length === 0);
    const left = (await look(world)).counts.mirrors;
    assert.ok(left > 0 && left < mirrors, `${left} of ${mirrors} are left`);
    assert.equal((await dedup(world)).mirrors, left);
    assert.equal((await look(world)).counts.mirrors, 0);
    await unshareAll(world);
    await world.sql`DELETE FROM asset WHERE id = ANY (${own}::uuid[])`;
    assert.deepEqual(await snapshotOf(world), before);
  },
});

/** Bob's own rows for all that Alice has below `family/bulk/`: named differently, so that they are shared. */
async function ownCopies(world: World): Promise<string[]> {
  const bob = world.library.users.bob.id;
  const rows = await world.sql<{ id: string }[]>`
    INSERT INTO asset (
      "ownerId", type, "originalPath", "originalFileName", "fileCreatedAt", "fileModifiedAt", "localDateTime",
      checksum, "checksumAlgorithm"
    )
    SELECT
      ${bob}, a.type, '/data/upload/bob/' || a.id, 'own-' || a."originalFileName", a."fileCreatedAt", a."fileModifiedAt",
      a."localDateTime", sha1, 'sha1'
    FROM asset a
    CROSS JOIN LATERAL (SELECT decode(md5(a.id::text), 'hex') AS sha1) AS sum
    WHERE a."ownerId" = ${world.library.users.alice.id} AND a."originalPath" LIKE '%/family/bulk/%'
    RETURNING id`;
  return rows.map(({ id }) => id);
}

async function matchCopies({ sql }: World, ids: readonly string[]): Promise<void> {
  await sql`
    INSERT INTO asset_exif ("assetId", "dateTimeOriginal")
    SELECT id, "localDateTime" FROM asset WHERE id = ANY (${ids as string[]}::uuid[])`;
  await sql`
    UPDATE asset
    SET "originalFileName" = upper(substr("originalFileName", 5))
    WHERE id = ANY (${ids as string[]}::uuid[])`;
}

interface Appearance {
  readonly fileName?: string;
  /** Local time; null = none is known. */
  readonly wallClock: string | null;
  readonly instant?: string;
  readonly zone?: string | null;
}

/** Gives one of Bob's own photos another name and capture time. */
async function looksLike(world: World, key: string, { fileName, wallClock, instant, zone }: Appearance): Promise<void> {
  const { sql } = world;
  const assetId = world.id(key);
  if (fileName !== undefined) await sql`UPDATE asset SET "originalFileName" = ${fileName} WHERE id = ${assetId}`;
  await sql`UPDATE asset SET "localDateTime" = ${`${wallClock ?? '2020-01-01T00:00:00'}Z`} WHERE id = ${assetId}`;
  await sql`
    UPDATE asset_exif
    SET "dateTimeOriginal" = ${instant ?? (wallClock === null ? null : `${wallClock}Z`)}, "timeZone" = ${zone ?? null}
    WHERE "assetId" = ${assetId}`;
}

async function mirrorsOf(world: World, keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const key of keys) {
    const id = await world.mirrorOf(key);
    if (id !== undefined) found.push(id);
  }
  return found;
}

async function look(world: World, choice: Partial<DedupChoice> = {}): Promise<DedupPlan> {
  const sql = await connect(world.config.database);
  try {
    return await planOnly(
      sql,
      world.config,
      undefined,
      (tx, context) => planDedup(tx, context, { matchTime: false, ...choice }),
    );
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function dedup(world: World): Promise<DedupResult> {
  return await world.apply(async (tools, view) =>
    await applyDedup(tools, await planDedup(view.sql, view, { matchTime: false }), () => {})
  );
}

async function forget(world: World, keys: readonly string[]): Promise<void> {
  const sql = await connect(world.config.database);
  try {
    const sourceAssetIds = keys.map((key) => world.id(key));
    const decisions = await planOnly(
      sql,
      world.config,
      undefined,
      (tx, context) => planForget(tx, context, { sourceAssetIds }),
    );
    await applyForget(sql, decisions);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function unshareAll(world: World): Promise<void> {
  const sql = await connect(world.config.database);
  try {
    await withSharing(
      sql,
      world.config,
      'test',
      (sharing) =>
        sharing.apply(async (tools, view) => await applyUnshare(tools, await planUnshare(sql, view, {}), () => {})),
    );
  } finally {
    await sql.end({ timeout: 5 });
  }
}
