/** Bob may do anything in the directory of what is shared with him: nothing of it keeps a photo in his account, or gives him or anybody another's file. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { restoreKept } from '../../src/share/kept/decide.ts';
import { readKept } from '../../src/share/kept/records.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { liftStops, readStops } from '../../src/share/stops/stops.ts';
import { applyUnshare, planUnshare } from '../../src/share/undo/unshare.ts';
import { until } from '../crash/process.ts';
import { deleteLibrary } from './deeds_in_immich.ts';
import { World } from './world.ts';

async function originalOf(world: World, id: string): Promise<string> {
  const [row] = await world.sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${id}`;
  return world.local(row?.path ?? '');
}

Deno.test('a receiver who makes directories in the place of shared files keeps no photo by it, and what they have put there stays', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const photos = await world.someMirrored();
  const [trashed, locked, deleted] = photos;
  const mirrors = await Promise.all(photos.map((id) => world.localMirrorPath(id)));
  const rows = await world.sql<{ path: string }[]>`
    SELECT l.path
    FROM immich_sidecar.link l
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = l.mirror_id
    WHERE m.source_asset_id = ANY (${photos}::uuid[])`;
  // Sidecars and thumbnails as well as originals.
  const places = rows.map(({ path }) => world.local(path));
  for (const place of places) {
    Deno.removeSync(place);
    Deno.mkdirSync(place);
    Deno.writeTextFileSync(`${place}/note`, 'of Bob');
  }
  await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${trashed}`;
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${locked}`;
  await world.sql`DELETE FROM stack WHERE "primaryAssetId" = ${deleted}`;
  await world.sql`DELETE FROM asset WHERE id = ${deleted}`;
  const report = await world.share();
  assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
  assert.equal(report.complete, true);
  const left = await world.sql`
    SELECT FROM immich_sidecar.asset_map m WHERE m.source_asset_id = ANY (${photos}::uuid[])
    UNION ALL
    SELECT FROM immich_sidecar.link l WHERE l.path = ANY (${rows.map(({ path }) => path)})`;
  assert.equal(left.length, 0);
  assert.ok(mirrors.every((path) => places.includes(path)));
  for (const place of places) assert.equal(Deno.readTextFileSync(`${place}/note`), 'of Bob');
});

const SUBSTITUTES = {
  "a link to somebody else's photo": (place: string, secret: string) => Deno.symlinkSync(secret, place),
  'a link of a directory above it': (place: string, secret: string) => {
    const [directory, name] = [place.slice(0, place.lastIndexOf('/')), place.slice(place.lastIndexOf('/'))];
    const elsewhere = secret.slice(0, secret.lastIndexOf('/'));
    Deno.renameSync(secret, `${elsewhere}${name}`);
    Deno.removeSync(directory, { recursive: true });
    Deno.symlinkSync(elsewhere, directory);
  },
  'another file': (place: string) => Deno.writeTextFileSync(place, 'what Bob wants Alice to have'),
  'a directory': (place: string) => Deno.mkdirSync(place),
  'a pipe': (place: string) => {
    const { success } = new Deno.Command('mkfifo', { args: [place] }).outputSync();
    assert.ok(success);
  },
};

for (const [what, substitute] of Object.entries(SUBSTITUTES)) {
  Deno.test({
    name: `a receiver who puts ${what} in the place of a kept file: it is not restored as Alice's photo`,
    ignore: Deno.build.os === 'windows',
    fn: async () => {
      await using world = await World.open('v3.1.0');
      await world.share();
      const [id] = await world.someMirrored();
      const original = await originalOf(world, id);
      Deno.removeSync(original);
      await world.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${id}`;
      await world.share();
      const [file] = await readKept(world.sql);
      const place = world.local(file?.path ?? '');
      const secret = `${world.directory}/external/carol/secret.jpg`;
      Deno.mkdirSync(`${world.directory}/external/carol`, { recursive: true });
      // Nobody can tell by its size.
      Deno.writeFileSync(secret, new Uint8Array(file?.bytes ?? 0), { mode: 0o600 });
      Deno.removeSync(place);
      substitute(place, secret);
      const { done, problems } = await world.apply((tools) => restoreKept(tools, [file ?? assert.fail()]));
      assert.deepEqual([done, problems.length, existsSync(original)], [0, 1, false]);
      assert.equal((await readKept(world.sql)).length, 1, 'it is listed still');
    },
  });
}

Deno.test('a receiver who deletes the library in the middle of a cycle stops the share: nothing is declined or lost, and reshare brings all of it', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  await world.share();
  const wanted = await sourcesOf(world, family.name);
  const [library = {}] = await sql`SELECT * FROM library WHERE id = ${family.targetLibraryId}`;
  await unshare(world);
  world.limits = { ...LIMITS, batch: 1, search: 2 };
  for (const count of [1, 5, wanted.length - 1]) {
    const cycle = world.share();
    await until('some mirrors are there', async () => {
      const rows = await sql`SELECT FROM asset WHERE "libraryId" = ${family.targetLibraryId}`;
      return rows.length >= count;
    });
    await deleteLibrary(world, family.targetLibraryId);
    const report = await cycle;
    assert.deepEqual(report.brakes, [], `after ${count}`);
    const next = await world.share();
    assert.deepEqual(
      problemsOf(next).map(({ code, where }) => [code, where.job]),
      [['stopped-by-recipient', family.name]],
      `after ${count}`,
    );
    assert.equal((await sql`SELECT FROM immich_sidecar.withdrawn`).length, 0);
    await world.share();
    await sql`INSERT INTO library ${sql(library)}`;
    assert.equal(await liftStops(sql, await world.apply((_, view) => readStops(sql, view.jobs))), 1);
    const lifted = await world.share();
    assert.deepEqual([problemsOf(lifted), lifted.brakes], [[], []]);
    assert.deepEqual(await sourcesOf(world, family.name), wanted);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    await unshare(world);
    assert.deepEqual(await sourcesOf(world, family.name), []);
  }
});

async function sourcesOf({ sql }: World, job: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT m.source_asset_id AS id
    FROM immich_sidecar.asset_map m
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    WHERE m.job_name = ${job}
    ORDER BY 1`;
  return rows.map(({ id }) => id);
}

async function unshare(world: World): Promise<void> {
  await world.apply(async (tools, view) => {
    await applyUnshare(tools, await planUnshare(view.sql, view, {}), () => {});
  });
}
